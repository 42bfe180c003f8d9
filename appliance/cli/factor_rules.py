"""`codara factor-rule`: who must have a second factor."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, WeightyVerb, current

PLACE = "/admin/factor-rules"
COLUMNS = {
    "id": "ID",
    "organisation": "ORGANISATION",
    "role": "ROLE",
    "grace_days": "DAYS OF GRACE",
    "created_at": "SINCE",
}
FIELDS = {"organisation": "Organisation", "role": "Role", "grace_days": "Days of grace", "id": "Id"}


@click.group("factor-rule", cls=Noun)
def factor_rule() -> None:
    """Who must have a second factor."""


@factor_rule.command("list")
@current
def list_rules(context: Context) -> None:
    """List who must have a second factor."""
    found = context.api.call("GET", PLACE)
    context.show_list(found["items"], COLUMNS)
    if not context.is_json:
        context.say(f"{found['without']} of {found['people']} people have none.")


@factor_rule.command(cls=WeightyVerb)
@click.option("--org", default="", metavar="ORG", help="Who is in it; else the whole appliance.")
@click.option("--role", default="", metavar="ROLE", help="Who has it there; else everybody.")
@click.option("--grace-days", type=int, default=14, show_default=True, help="How long to go on.")
@current
def add(context: Context, org: str, role: str, grace_days: int) -> None:
    """Require a second factor. A rule about the same people is replaced."""
    body = {"organisation": org, "role": role, "grace_days": grace_days}
    context.show_thing(context.api.call("POST", PLACE, body), FIELDS)


@factor_rule.command(cls=WeightyVerb)
@options.identifier
@options.dry_run
@options.yes
@current
def remove(context: Context, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Require it no more."""
    place = f"{PLACE}/{segment(identifier)}"
    question = "Let these people need no second factor any more?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes, act="remove")
