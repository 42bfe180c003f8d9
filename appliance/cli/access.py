"""`codara access`: asking for access, answering, and rights that end by themselves."""

from __future__ import annotations

import re
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

OWN, ALL = "/user/access-requests", "/access-requests"
COLUMNS = {
    "id": "ID",
    "user": "WHO",
    "name": "FOR WHAT",
    "role": "ROLE",
    "state": "STATE",
    "ends_at": "UNTIL",
    "created_at": "SINCE",
}
FIELDS = {
    "id": "Id",
    "user": "Who",
    "thing": "Kind",
    "name": "For what",
    "role": "Role",
    "hours": "Hours",
    "reason": "Why",
    "state": "State",
    "answer_until": "To be answered by",
    "decided_by": "Answered by",
    "answer": "Answer",
    "given_role": "Given role",
    "ends_at": "Until",
}
RULE_FIELDS = {
    "is_open": "Requests possible",
    "approvers": "Who answers",
    "longest_hours": "At most hours",
    "allows_endless": "Without end possible",
    "highest_role": "Highest role",
}
HELD_COLUMNS = {"user": "WHO", "name": "WHAT", "role": "ROLE", "until": "UNTIL"}
STATES = ("pending", "approved", "refused", "withdrawn", "expired")
APPROVERS = ("organisation_owners", "owners", "maintainers")
FOR_HELP = "For how long: 8h, 30d, 4w or never."
HOURS_OF = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}
SPAN = re.compile(r"^(\d{1,4})([hdwy])$")


class Hours(click.ParamType[int, str]):
    """A span, as `30d`, in hours; none of them is without end."""

    name = "SPAN"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """How many hours; 0 for never."""
        if value == "never":
            return 0
        said = SPAN.match(value)
        if said is None or not int(said[1]):
            self.fail(f"{value!r} is no span. Write 8h, 30d, 4w, 1y or never.", param, ctx)
        return int(said[1]) * HOURS_OF[said[2]]


reason = click.option("--reason", required=True, help="Why; others read it.")
state = click.option("--state", type=click.Choice(STATES), help="Only what is in this state.")


@click.group(cls=Noun)
def access() -> None:
    """Asking for access, answering, and rights that end by themselves."""


@access.command()
@click.option("--repo", metavar="OWNER/NAME", help="For a role on a repository.")
@click.option("--role", type=click.Choice(options.ROLES), help="Which; reader otherwise.")
@click.option("--team", metavar="ORG/TEAM", help="For being in a team.")
@click.option("--org", metavar="ORG", help="For belonging to an organisation.")
@click.option("--for", "hours", required=True, type=Hours(), help=FOR_HELP)
@reason
@current
def ask(
    context: Context,
    repo: str | None,
    role: str | None,
    team: str | None,
    org: str | None,
    hours: int,
    reason: str,
) -> None:
    """Ask for access.

    What you may not see is asked for in the same way, and nothing tells whether it is there.
    """
    named = {"repository": repo, "team": team, "organisation": org}
    chosen = [(thing, name) for thing, name in named.items() if name]
    if len(chosen) != 1:
        raise click.UsageError("Say one of --repo, --team and --org.")
    thing, name = chosen[0]
    wish = {
        "thing": thing,
        "name": name,
        "role": (role or "reader") if thing == "repository" else role,
        "hours": hours or None,
        "reason": reason,
    }
    context.show_thing(context.api.call("POST", OWN, wish), FIELDS)


@access.command("list")
@state
@options.limit
@current
def list_own(context: Context, state: str | None, limit: int | None) -> None:
    """List what you have asked for."""
    _show(context, OWN, state, limit)


@access.command()
@state
@options.limit
@current
def waiting(context: Context, state: str | None, limit: int | None) -> None:
    """List the requests that are yours to answer."""
    _show(context, ALL, state, limit)


@access.command()
@options.identifier
@current
def show(context: Context, identifier: str) -> None:
    """Show a request of yours, or one to answer."""
    context.show_thing(context.api.call("GET", _place(identifier)), FIELDS)


@access.command()
@options.identifier
@current
def withdraw(context: Context, identifier: str) -> None:
    """Take back what you have asked for."""
    context.api.call("DELETE", f"{OWN}/{segment(identifier)}")
    context.show({"withdrawn": identifier}, lambda: [f"Withdrawn {identifier}."])


@access.command()
@options.identifier
@click.option("--role", type=click.Choice(options.ROLES), help="A lower one than was asked for.")
@click.option("--for", "hours", type=Hours(), help=f"{FOR_HELP} As asked for otherwise.")
@click.option("--reason", default="", help="What to say with it.")
@current
def approve(
    context: Context, identifier: str, role: str | None, hours: int | None, reason: str
) -> None:
    """Give what was asked for, or less."""
    body = {"role": role, "hours": hours or None, "endless": hours == 0}
    _do(context, identifier, "approve", {**body, "reason": reason})


@access.command()
@options.identifier
@reason
@current
def refuse(context: Context, identifier: str, reason: str) -> None:
    """Do not give it, and say why."""
    _do(context, identifier, "refuse", {"reason": reason})


@access.command()
@options.identifier
@click.option("--for", "hours", required=True, type=Hours(), help="From now: 8h, 30d or 4w.")
@reason
@current
def prolong(context: Context, identifier: str, hours: int, reason: str) -> None:
    """Let what was given last longer."""
    _do(context, identifier, "prolong", {"hours": hours, "reason": reason})


@access.command()
@options.identifier
@click.option("--reason", default="", help="Why; needed where it is not yours.")
@current
def end(context: Context, identifier: str, reason: str) -> None:
    """End what was given before its time."""
    _do(context, identifier, "end", {"reason": reason})


@access.command()
@options.organisation
@options.limit
@current
def temporary(context: Context, organisation: str, limit: int | None) -> None:
    """List who has what until when in an organisation."""
    place = f"/orgs/{segment(organisation)}/temporary-access"
    context.show_list(options.listed(context, place, limit), HELD_COLUMNS)


@access.group(cls=Noun)
def rule() -> None:
    """What may be asked for in an organisation, and who answers."""


@rule.command("show")
@options.organisation
@current
def show_rule(context: Context, organisation: str) -> None:
    """Show it."""
    context.show_thing(context.api.call("GET", _rule_of(organisation)), RULE_FIELDS)


@rule.command("set")
@options.organisation
@click.option("--open/--closed", "is_open", default=None, help="Whether requests are possible.")
@click.option("--approvers", type=click.Choice(APPROVERS), help="Who answers on repositories.")
@click.option("--longest", type=Hours(), help="For how long at most: 8h, 30d or 4w.")
@click.option("--endless/--no-endless", default=None, help="Whether without end is possible.")
@click.option("--highest", type=click.Choice(options.ROLES), help="The highest role to ask for.")
@current
def set_rule(
    context: Context,
    organisation: str,
    *,
    is_open: bool | None,
    approvers: str | None,
    longest: int | None,
    endless: bool | None,
    highest: str | None,
) -> None:
    """Change it; what is not said stays as it is."""
    place = _rule_of(organisation)
    said = {
        "is_open": is_open,
        "approvers": approvers,
        "longest_hours": longest or None,
        "allows_endless": endless,
        "highest_role": highest,
    }
    changed = {name: value for name, value in said.items() if value is not None}
    rule = {**context.api.call("GET", place), **changed}
    context.show_thing(context.api.call("PUT", place, rule), RULE_FIELDS)


def _show(context: Context, place: str, state: str | None, limit: int | None) -> None:
    query = {"state": state} if state else {}
    context.show_list(options.listed(context, place, limit, **query), COLUMNS)


def _do(context: Context, identifier: str, verb: str, body: dict[str, Any]) -> None:
    context.show_thing(context.api.call("POST", f"{_place(identifier)}/{verb}", body), FIELDS)


def _place(identifier: str) -> str:
    return f"{ALL}/{segment(identifier)}"


def _rule_of(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/access-rule"
