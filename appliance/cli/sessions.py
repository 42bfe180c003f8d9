"""`codara user sessions` and `sign-out`: where a user is signed in."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current

COLUMNS = {
    "id": "ID",
    "address": "ADDRESS",
    "user_agent": "BROWSER",
    "created_at": "SIGNED IN",
    "seen_at": "USED",
    "ends_at": "ENDS",
}


@click.command(cls=Verb)
@options.user
@options.limit
@current
def sessions(context: Context, user: str, limit: int | None) -> None:
    """List where a user is signed in."""
    place = f"/users/{segment(user)}/sessions"
    context.show_list(options.listed(context, place, limit), COLUMNS)


@click.command("sign-out", cls=Verb)
@options.user
@click.option("--tokens", is_flag=True, help="Revoke every access token, too.")
@options.yes
@current
def sign_out(context: Context, user: str, *, tokens: bool, yes: bool) -> None:
    """Sign a user out everywhere."""
    more = " Every token of theirs stops, too." if tokens else ""
    context.confirm(f"Sign {user} out everywhere?{more}", yes=yes)
    made = context.api.call("POST", f"/users/{segment(user)}/sign-out", {"tokens": tokens})
    said = f"{made['sessions']} sessions and {made['tokens']} tokens have ended."
    context.show(made, lambda: [said])
