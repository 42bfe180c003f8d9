"""`codara repo key`: deploy keys, each of which opens one repository."""

from __future__ import annotations

from typing import IO

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current
from appliance.cli.credentials import KEY_COLUMNS, KEY_FIELDS, Expiry, public_key

COLUMNS = {**KEY_COLUMNS, "may_write": "MAY WRITE"}
FIELDS = {**KEY_FIELDS, "may_write": "May write"}


@click.group(cls=Noun)
def key() -> None:
    """Deploy keys: SSH keys that open this repository and no other."""


@key.command()
@options.repository
@click.argument("file", type=click.File("r", encoding="ascii", errors="replace"))
@click.option("--title", default="", metavar="TEXT", help="What it is called; its comment else.")
@click.option("--may-write", is_flag=True, help="To push too, not only to read.")
@click.option(
    "--expires-in", "expires_at", type=Expiry(), help="For how long: 12h, 30d, 4w, 1y or never."
)
@current
def add(
    context: Context,
    repository: str,
    file: IO[str],
    title: str,
    expires_at: str | None,
    *,
    may_write: bool,
) -> None:
    """Let the public SSH key in FILE open a repository; - reads the input."""
    wanted = {
        "key": public_key(file),
        "title": title,
        "may_write": may_write,
        "expires_at": expires_at or None,
    }
    context.show_thing(context.api.call("POST", f"{place(repository)}/keys", wanted), FIELDS)


@key.command("list")
@options.repository
@options.limit
@current
def list_keys(context: Context, repository: str, limit: int | None) -> None:
    """List a repository's deploy keys."""
    context.show_list(options.listed(context, f"{place(repository)}/keys", limit), COLUMNS)


@key.command()
@options.repository
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, repository: str, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Remove a deploy key; it stops working at once."""
    question = f"Remove the key {identifier} from {repository}?"
    path = f"{place(repository)}/keys/{segment(identifier)}"
    options.remove(context, path, identifier, question, dry_run=dry_run, yes=yes)
