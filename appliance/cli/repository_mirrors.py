"""`codara repo mirror`: the systems that a repository follows, or that follow it."""

from __future__ import annotations

import sys
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

COLUMNS = {
    "direction": "DIRECTION",
    "url": "ADDRESS",
    "state": "STATE",
    "synced_at": "UP TO DATE",
    "error": "WENT WRONG",
    "id": "ID",
}
FIELDS = {
    "direction": "Direction",
    "url": "Address",
    "state": "State",
    "error": "Went wrong last",
    "failures": "Failures in a row",
    "behind": "Left alone",
    "overwrites": "Overwrites",
    "has_credentials": "Has credentials",
    "every_minutes": "Minutes between",
    "synced_at": "Up to date",
    "tried_at": "Tried",
    "due_at": "Next",
    "responsible": "Answered for by",
    "id": "Id",
}
every_option = click.option(
    "--every-minutes", type=int, metavar="N", help="How long between; 60 otherwise."
)
overwrites_option = click.option(
    "--overwrite/--keep",
    "overwrites",
    default=None,
    help="Also move back what differs and delete what is gone.",
)
username_option = click.option("--username", metavar="NAME", help="Who we are there.")
password_option = click.option(
    "--password-stdin", "has_password", is_flag=True, help="Read the password from the input."
)


@click.group(cls=Noun)
def mirror() -> None:
    """Mirrors: systems that a repository follows, or that follow it."""


@mirror.command("list")
@options.repository
@current
def list_mirrors(context: Context, repository: str) -> None:
    """List a repository's mirrors."""
    context.show_list(context.api.call("GET", _mirrors(repository))["items"], COLUMNS)


@mirror.command()
@options.repository
@options.identifier
@current
def show(context: Context, repository: str, identifier: str) -> None:
    """Show a mirror, and how it is."""
    context.show_thing(context.api.call("GET", _mirror(repository, identifier)), FIELDS)


@mirror.command()
@options.repository
@click.argument("direction", type=click.Choice(["pull", "push"]))
@click.argument("url", metavar="ADDRESS")
@every_option
@overwrites_option
@username_option
@password_option
@current
def create(context: Context, /, repository: str, direction: str, url: str, **wanted: Any) -> None:
    """Let a repository follow ADDRESS (pull), or be followed by it (push)."""
    body = {"direction": direction, "url": url, **_said(wanted)}
    context.show_thing(context.api.call("POST", _mirrors(repository), body), FIELDS)


@mirror.command()
@options.repository
@options.identifier
@click.option("--address", "url", metavar="URL", help="Say the credentials again with it.")
@every_option
@overwrites_option
@click.option("--on/--off", "is_active", default=None, help="Whether it is brought up to date.")
@username_option
@password_option
@current
def change(context: Context, /, repository: str, identifier: str, **wanted: Any) -> None:
    """Change a mirror; what is left out stays, and you answer for it from then on."""
    body = _said(wanted)
    if not body:
        raise click.UsageError("Say what to change.")
    context.show_thing(context.api.call("PATCH", _mirror(repository, identifier), body), FIELDS)


@mirror.command()
@options.repository
@options.identifier
@current
def sync(context: Context, repository: str, identifier: str) -> None:
    """Bring a mirror up to date soon, before its time."""
    where = f"{_mirror(repository, identifier)}/sync"
    context.show_thing(context.api.call("POST", where), FIELDS)


@mirror.command()
@options.repository
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, repository: str, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Delete a mirror; what it brought stays."""
    question = f"Delete the mirror {identifier} of {repository}?"
    where = _mirror(repository, identifier)
    options.remove(context, where, identifier, question, dry_run=dry_run, yes=yes)


def _said(wanted: dict[str, Any]) -> dict[str, Any]:
    names = ("url", "every_minutes", "overwrites", "is_active", "username")
    body = {name: wanted[name] for name in names if wanted.get(name) is not None}
    if wanted["has_password"]:
        body["password"] = sys.stdin.readline().rstrip("\n")
    return body


def _mirrors(repository: str) -> str:
    return f"{place(repository)}/mirrors"


def _mirror(repository: str, identifier: str) -> str:
    return f"{_mirrors(repository)}/{segment(identifier)}"
