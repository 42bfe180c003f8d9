"""`codara proposal`: acts that wait for a second administrator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, WeightyVerb, cell, current, table

PLACE, RULE = "/admin/proposals", "/admin/two-people"
COLUMNS = {
    "id": "ID",
    "act": "ACT",
    "subject": "ABOUT",
    "proposer": "BY",
    "expires_at": "UNTIL",
    "state": "STATE",
}
CHANGES = {"name": "WHAT", "before": "BEFORE", "after": "AFTER"}
which = click.argument("proposal", type=options.Identifier(), metavar="PROPOSAL_ID")


@click.group(cls=Noun)
def proposal() -> None:
    """Acts that need two administrators: one proposes, another confirms."""


@proposal.command("list", cls=Verb)
@click.option("--waiting", is_flag=True, help="Only those that wait.")
@current
def list_them(context: Context, *, waiting: bool) -> None:
    """List proposals, those that wait first."""
    asked = {"waiting": "true"} if waiting else {}
    found = context.api.call("GET", PLACE, query=asked)
    context.show_list(found["items"], COLUMNS)


@proposal.command(cls=Verb)
@which
@current
def show(context: Context, proposal: str) -> None:
    """Show a proposal with all that it changes."""
    found = context.api.call("GET", f"{PLACE}/{segment(proposal)}")
    context.show(found, lambda: _lines(found))


@proposal.command(cls=Verb)
@which
@options.yes
@current
def confirm(context: Context, proposal: str, *, yes: bool) -> None:
    """Confirm a proposal of another administrator: it takes effect."""
    place = f"{PLACE}/{segment(proposal)}"
    found = context.api.call("GET", place)
    # What is going to be refused anyway needs no answer first.
    if not yes and found["state"] == "waiting" and not found["is_own"]:
        for line in _lines(found):
            context.say(line)
        context.confirm("Let this take effect?", yes=yes)
    done = context.api.call("POST", f"{place}/confirm")
    context.show(done, lambda: [f"It is {done['state']}."])


@proposal.command(cls=Verb)
@which
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with the event.")
@current
def refuse(context: Context, proposal: str, reason: str) -> None:
    """Refuse a proposal of another administrator."""
    context.api.call("POST", f"{PLACE}/{segment(proposal)}/refuse", {"reason": reason})
    context.show({"id": proposal}, lambda: ["Refused. Nothing was changed."])


@proposal.command(cls=Verb)
@which
@current
def withdraw(context: Context, proposal: str) -> None:
    """Take back what you proposed."""
    context.api.call("POST", f"{PLACE}/{segment(proposal)}/withdraw")
    context.show({"id": proposal}, lambda: ["Withdrawn. Nothing was changed."])


@proposal.command(cls=WeightyVerb)
@click.argument("wanted", type=click.Choice(("show", "require", "release")), default="show")
@current
def rule(context: Context, wanted: str) -> None:
    """Show whether two people are needed, require them, or need them no more."""
    if wanted != "show":
        context.api.call("PUT", RULE, {"required": wanted == "require"})
    found = context.api.call("GET", RULE)
    said = f"since {cell(found['since'])}" if found["required"] else "not"
    context.show(found, lambda: [f"Two people are needed: {said}."])


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['act']}: {found['subject']}, by {found['proposer']}, {found['state']}"
    yield from table(found["changes"], CHANGES)
