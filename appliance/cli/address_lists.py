"""`codara address-list`: from which networks people may come."""

from __future__ import annotations

import click

from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, WeightyVerb, current

OF = click.option("--org", default="", metavar="ORG", help="To an organisation, not the appliance.")


@click.group("address-list", cls=Noun)
def address_list() -> None:
    """From which networks people may come."""


@address_list.command()
@OF
@current
def show(context: Context, org: str) -> None:
    """Show the list."""
    _say(context, context.api.call("GET", _place(org)))


@address_list.command("set", cls=WeightyVerb)
@OF
@click.argument("networks", metavar="NETWORK...", nargs=-1, required=True)
@current
def set_list(context: Context, org: str, networks: tuple[str, ...]) -> None:
    """Let people come from these networks only.

    Elsewhere than at the console, a list without your own address is refused.
    """
    _say(context, context.api.call("PUT", _place(org), {"networks": list(networks)}))


@address_list.command(cls=WeightyVerb)
@OF
@current
def clear(context: Context, org: str) -> None:
    """Let people come from anywhere."""
    _say(context, context.api.call("PUT", _place(org), {"networks": []}))


def _place(org: str) -> str:
    return f"/orgs/{segment(org)}/address-list" if org else "/admin/address-list"


def _say(context: Context, found: dict[str, list[str]]) -> None:
    context.show(found, lambda: found["networks"] or ["from anywhere"])
