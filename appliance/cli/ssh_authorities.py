"""`codara ssh-authority`: whose SSH certificates let users in."""

from __future__ import annotations

from typing import IO

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, WeightyVerb, current
from appliance.cli.credentials import public_key

AUTHORITIES = "/ssh-authorities"
COLUMNS = {
    "id": "ID",
    "title": "TITLE",
    "type": "TYPE",
    "fingerprint": "FINGERPRINT",
    "suffix": "SUFFIX",
}
FIELDS = {
    "title": "Title",
    "type": "Type",
    "fingerprint": "Fingerprint",
    "suffix": "Suffix of principals",
    "created_at": "Trusted since",
    "revocations_at": "Revocations from",
    "id": "Id",
}


@click.group("ssh-authority", cls=Noun)
def ssh_authority() -> None:
    """Authorities whose SSH certificates let users in."""


@ssh_authority.command("list")
@options.limit
@current
def list_authorities(context: Context, limit: int | None) -> None:
    """List the authorities that are trusted."""
    context.show_list(options.listed(context, AUTHORITIES, limit), COLUMNS)


@ssh_authority.command(cls=WeightyVerb)
@click.argument("file", type=click.File("r", encoding="ascii", errors="replace"))
@click.option("--title", default="", metavar="TEXT", help="What it is called; its comment else.")
@click.option(
    "--suffix", default="", metavar="TEXT", help="What stands behind the user's name, as @lab."
)
@current
def trust(context: Context, file: IO[str], title: str, suffix: str) -> None:
    """Trust the authority whose public key is in FILE; - reads the input."""
    wanted = {"key": public_key(file), "title": title, "suffix": suffix}
    context.show_thing(context.api.call("POST", AUTHORITIES, wanted), FIELDS)


@ssh_authority.command(cls=WeightyVerb)
@options.identifier
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@current
def revoke(context: Context, identifier: str, file: IO[str]) -> None:
    """Replace an authority's list of revoked certificates by that in FILE; - reads the input."""
    place = f"{AUTHORITIES}/{segment(identifier)}/revocations"
    context.show_thing(context.api.call("PUT", place, {"revocations": file.read()}), FIELDS)


@ssh_authority.command(cls=WeightyVerb)
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Trust an authority no more; its certificates let nobody in from then on."""
    place, question = f"{AUTHORITIES}/{segment(identifier)}", f"Trust {identifier} no more?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes)
