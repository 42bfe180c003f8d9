"""`codara user factors` and `reset-factors`: what somebody shows beside their password."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current

COLUMNS = {
    "title": "TITLE",
    "kind": "KIND",
    "created_at": "ADDED",
    "used_at": "USED",
    "id": "ID",
}


@click.command(cls=Verb)
@options.user
@current
def factors(context: Context, user: str) -> None:
    """List the second factors of a user."""
    found = context.api.call("GET", f"/users/{segment(user)}/second-factors")
    context.show_list(found["items"], COLUMNS)
    if not context.is_json:
        context.say(f"{found['codes_left']} recovery codes are left.")


@click.command("reset-factors", cls=Verb)
@options.user
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the log.")
@options.yes
@current
def reset_factors(context: Context, user: str, reason: str, *, yes: bool) -> None:
    """Take all second factors of a user away, who has lost them.

    Their password alone lets them in then. Be sure that it is them who ask.
    """
    context.confirm(f"Take all second factors of {user} away? Their sessions end.", yes=yes)
    place = f"/users/{segment(user)}/second-factors/reset"
    made = context.api.call("POST", place, {"reason": reason})
    context.show(made, lambda: [f"{made['removed']} second factors of {user} are gone."])
