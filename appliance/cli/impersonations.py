"""`codara user impersonations`: which administrators act as whom."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, current

COLUMNS = {
    "id": "ID",
    "administrator": "ADMINISTRATOR",
    "user": "AS",
    "reason": "REASON",
    "began_at": "BEGAN",
    "ends_at": "ENDS",
    "ended_at": "ENDED",
}


@click.group(cls=Noun)
def impersonations() -> None:
    """Administrators who act as somebody else. It begins in the portal."""


@impersonations.command("list", cls=Verb)
@click.option("--user", metavar="NAME", help="Only as this user; for who asks about themself, too.")
@current
def list_them(context: Context, user: str | None) -> None:
    """List who acts as whom, and did in the last 30 days."""
    place = f"/users/{segment(user)}/impersonations" if user else "/admin/impersonations"
    context.show_list(options.listed(context, place, None), COLUMNS)


@impersonations.command(cls=Verb)
@click.argument("id")
@current
def end(context: Context, id: str) -> None:  # noqa: A002 - as the address has it.
    """End one; the administrator is themself at their next click."""
    context.api.call("DELETE", f"/admin/impersonations/{segment(id)}")
    context.show({"id": id}, lambda: [f"Ended {id}."])
