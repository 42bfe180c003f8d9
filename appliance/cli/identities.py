"""`codara user identities`, `link`, `unlink` and `break-glass`: by what a user gets in."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current

COLUMNS = {
    "provider": "PROVIDER",
    "subject": "SUBJECT",
    "said_name": "NAME THERE",
    "is_active": "ACTIVE",
    "linked_by": "LINKED BY",
    "seen_at": "SEEN",
    "id": "ID",
}
FIELDS = {
    "provider": "Provider",
    "subject": "Subject",
    "linked_by": "Linked by",
    "groups": "Groups",
    "id": "Id",
}


@click.command(cls=Verb)
@options.user
@current
def identities(context: Context, user: str) -> None:
    """List by what a user is known to identity providers."""
    found = context.api.call("GET", f"/users/{segment(user)}/identities")
    context.show_list(found["items"], COLUMNS)


@click.command(cls=Verb)
@options.user
@click.argument("provider")
@click.argument("subject")
@current
def link(context: Context, user: str, provider: str, subject: str) -> None:
    """Let somebody at an identity provider lead to a user.

    SUBJECT is what never changes of them there; it is in the log of a refused sign-in.
    """
    body = {"provider": provider, "subject": subject}
    made = context.api.call("POST", f"/users/{segment(user)}/identities", body)
    context.show_thing(made, FIELDS)


@click.command(cls=Verb)
@options.identifier
@options.dry_run
@options.yes
@current
def unlink(context: Context, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Let an identity no longer lead to its user."""
    question = "Unlink this identity? What its groups gave goes, and sessions that it opened end."
    place = f"/identities/{identifier}"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes, act="unlink")


@click.command("break-glass", cls=Verb)
@options.user
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the log.")
@current
def break_glass(context: Context, user: str, reason: str) -> None:
    """Let an administrator's password count for a while, though passwords are off.

    On the appliance's own machine only. Set a password with `reset-password` if there is none.
    """
    body = {"reason": reason}
    opened = context.api.call("POST", f"/users/{segment(user)}/break-glass", body)
    context.show(opened, lambda: [f"{user} may sign in by password until {opened['until']}."])
