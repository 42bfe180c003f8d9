"""`codara email`: one's own e-mail addresses, and showing that they are one's own."""

from __future__ import annotations

from urllib.parse import quote

import click

from appliance.cli import options
from appliance.cli.context import Context, Noun, current

COLUMNS = {
    "address": "ADDRESS",
    "is_primary": "LETTERS GO THERE",
    "is_verified": "COUNTS",
    "asked_at": "CODE SENT",
    "error": "NOT SENT BECAUSE",
}
EMAILS = "/user/emails"
address_argument = click.argument("address", metavar="ADDRESS")


@click.group(cls=Noun)
def email() -> None:
    """Your e-mail addresses: those that count are shown to be yours."""


@email.command("list")
@current
def list_addresses(context: Context) -> None:
    """List your addresses."""
    context.show_list(context.api.call("GET", EMAILS)["items"], COLUMNS)


@email.command()
@address_argument
@current
def add(context: Context, address: str) -> None:
    """Send a verification code to an e-mail address of yours."""
    made = context.api.call("POST", EMAILS, {"address": address})
    context.show(made, lambda: [f"Code sent to {made['address']}: codara email confirm CODE"])


@email.command()
@click.argument("code")
@current
def confirm(context: Context, code: str) -> None:
    """Verify an e-mail address with the code that was sent to it."""
    found = context.api.call("POST", f"{EMAILS}/confirm", {"code": code})
    context.show(found, lambda: [f"{found['address']} counts as yours now."])


@email.command()
@address_argument
@current
def primary(context: Context, address: str) -> None:
    """Be written to at another one of your addresses."""
    found = context.api.call("PUT", f"{EMAILS}/primary", {"address": address})
    context.show_list(found["items"], COLUMNS)


@email.command()
@address_argument
@options.dry_run
@options.yes
@current
def remove(context: Context, address: str, *, dry_run: bool, yes: bool) -> None:
    """Give up an address."""
    where, question = f"{EMAILS}/{quote(address, safe='')}", f"Give up {address}?"
    options.remove(context, where, address, question, dry_run=dry_run, yes=yes, act="remove")
