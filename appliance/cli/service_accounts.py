"""`codara service-account`: machines that are users, of an organisation or of the instance."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

ALL = "/service-accounts"
COLUMNS = {
    "name": "NAME",
    "title": "TITLE",
    "organisation": "ORGANISATION",
    "state": "STATE",
    "tokens": "TOKENS",
    "keys": "KEYS",
    "last_used_at": "LAST USED",
}
FIELDS = {
    "name": "Name",
    "title": "Title",
    "organisation": "Organisation",
    "state": "State",
    "tokens": "Tokens",
    "keys": "SSH keys",
    "created_at": "Created",
    "last_used_at": "Last used",
    "id": "Id",
}
OF = click.option("--org", default="", metavar="ORG", help="Of an organisation, not the instance.")


@click.group("service-account", cls=Noun)
def service_account() -> None:
    """Service accounts: machines that are users.

    Their tokens and keys are made with `codara token create --user NAME` and
    `codara key add --user NAME`.
    """


@service_account.command()
@options.user
@OF
@click.option("--title", default="", metavar="TEXT", help="What it is for.")
@current
def create(context: Context, user: str, org: str, title: str) -> None:
    """Create a service account."""
    made = context.api.call("POST", _place(org), {"name": user, "title": title})
    context.show_thing(made, FIELDS)


@service_account.command("list")
@OF
@options.limit
@current
def list_all(context: Context, org: str, limit: int | None) -> None:
    """List the service accounts of an organisation, or all there are."""
    context.show_list(options.listed(context, _place(org), limit), COLUMNS)


@service_account.command()
@options.user
@current
def show(context: Context, user: str) -> None:
    """Show a service account."""
    context.show_thing(context.api.call("GET", _one(user)), FIELDS)


@service_account.command()
@options.user
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@current
def suspend(context: Context, user: str, reason: str) -> None:
    """Keep it out: its tokens and keys stop at once."""
    _change(context, user, {"suspended": True, "reason": reason})


@service_account.command()
@options.user
@current
def reinstate(context: Context, user: str) -> None:
    """Let it in again."""
    _change(context, user, {"suspended": False})


@service_account.command()
@options.user
@options.dry_run
@options.yes
@current
def delete(context: Context, user: str, *, dry_run: bool, yes: bool) -> None:
    """Delete it for good, with its tokens, keys and roles."""
    if dry_run:
        context.api.call("GET", _one(user))
    question = f"Delete the service account {user}, with its tokens, keys and roles?"
    options.remove(context, _one(user), user, question, dry_run=dry_run, yes=yes)


def _change(context: Context, user: str, changes: dict[str, Any]) -> None:
    context.show_thing(context.api.call("PATCH", _one(user), changes), FIELDS)


def _place(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/service-accounts" if organisation else ALL


def _one(name: str) -> str:
    return f"{ALL}/{segment(name)}"
