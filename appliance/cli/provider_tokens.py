"""`codara provider token`: tokens with which a SCIM client provisions people."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, current
from appliance.cli.credentials import Expiry
from appliance.cli.provider_rules import PLACE, name_argument

COLUMNS = {
    "id": "ID",
    "name": "NAME",
    "prefix": "BEGINS WITH",
    "expires_at": "EXPIRES",
    "used_at": "LAST USED",
    "used_from": "FROM",
    "networks": "ONLY FROM",
}
TOLD_COLUMNS = {
    "changed_at": "WHEN",
    "kind": "KIND",
    "name": "NAME",
    "is_deleted": "DELETED",
}


@click.group(cls=Noun)
def token() -> None:
    """Tokens with which a SCIM client provisions people."""


@token.command("list")
@name_argument
@current
def list_tokens(context: Context, name: str) -> None:
    """List the tokens of a SCIM client; never their secrets."""
    context.show_list(context.api.call("GET", _place(name))["items"], COLUMNS)


@token.command()
@name_argument
@click.argument("title", metavar="TITLE")
@click.option(
    "--expires-in",
    "expires_at",
    type=Expiry(),
    required=True,
    help="For how long: 12h, 30d, 4w, 1y or never.",
)
@options.networks
@current
def create(
    context: Context, name: str, title: str, expires_at: str, networks: tuple[str, ...]
) -> None:
    """Make a token for a SCIM client. It is shown this once."""
    wanted = {"name": title, "expires_at": expires_at or None, "networks": list(networks)}
    made = context.api.call("POST", _place(name), wanted)
    context.show(made, lambda: [made["token"]])
    if not context.is_json:
        context.say(
            "It is shown only now. To take it back: "
            f"codara provider token delete {name} {made['id']}"
        )


@token.command()
@name_argument
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, name: str, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Revoke a token of a SCIM client."""
    place = f"{_place(name)}/{identifier}"
    question = "Revoke this token? What uses it provisions nobody any more."
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes)


@click.command(cls=Verb)
@name_argument
@current
def provisioned(context: Context, name: str) -> None:
    """Show what a SCIM client has told of, and what it changed last."""
    found = context.api.call("GET", f"{PLACE}/{segment(name)}/provisioned")
    context.say(f"{found['users']} people, {found['groups']} groups. Changed last:")
    context.show_list(found["last"], TOLD_COLUMNS)


def _place(name: str) -> str:
    return f"{PLACE}/{segment(name)}/tokens"
