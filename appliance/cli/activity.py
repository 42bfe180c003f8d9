"""`codara activity`: suspicious activity that rules over the audit log found, and who is exempt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current, facts, table
from appliance.domain.activity import ActivityReason, ActivityRule, ActivityState

COLUMNS = {
    "id": "ID",
    "rule": "RULE",
    "state": "STATE",
    "actor": "WHO",
    "organisation": "ORGANISATION",
    "count": "COUNT",
    "limit": "LIMIT",
    "at": "WHEN",
    "assignee": "ASSIGNED",
}
FIELDS = {
    "id": "Id",
    "rule": "Rule",
    "state": "State",
    "actor": "Who",
    "organisation": "Organisation",
    "count": "Count",
    "limit": "Limit",
    "times": "Found",
    "since": "Since",
    "at": "When",
    "reason": "Dismissed as",
    "assignee": "Assigned",
    "search": "Search of the audit log",
}
EXEMPT = {"user": "USER", "rule": "RULE", "organisation": "ORGANISATION", "reason": "WHY"}
RULES = click.Choice([each.value for each in ActivityRule])
alert_id = click.argument("alert", metavar="ID", type=click.UUID)
organisation_option = click.option("--org", "organisation", metavar="ORG", help="In one of them.")
note = click.option("--comment", default="", metavar="TEXT", help="Kept in the alert's history.")


@click.group(cls=Noun)
def activity() -> None:
    """Suspicious activity: what rules over the audit log found, and who is exempt."""


@activity.command("list")
@organisation_option
@click.option(
    "--state",
    type=click.Choice([*(each.value for each in ActivityState), "all"]),
    default="open",
    show_default=True,
)
@click.option("--rule", type=RULES)
@options.limit
@current
def list_alerts(
    context: Context,
    /,
    organisation: str | None,
    state: str,
    rule: str | None,
    limit: int | None,
) -> None:
    """List alerts, the newest first."""
    asked = {"rule": rule, "state": None if state == "all" else state}
    words = {key: value for key, value in asked.items() if value}
    context.show_list(
        options.listed(context, f"{_home(organisation)}/activity-alerts", limit, **words), COLUMNS
    )


@activity.command()
@alert_id
@current
def show(context: Context, alert: Any) -> None:
    """Show an alert, and what became of it."""
    found = context.api.call("GET", _one(alert))
    context.show(found, lambda: _told(found))


@activity.command()
@alert_id
@click.option(
    "--reason",
    type=click.Choice([each.value for each in ActivityReason]),
    required=True,
    help="Why it needs nothing more.",
)
@note
@current
def dismiss(context: Context, alert: Any, reason: str, comment: str) -> None:
    """Dismiss an alert."""
    _change(context, alert, {"state": "dismissed", "reason": reason, "comment": comment})


@activity.command()
@alert_id
@note
@current
def reopen(context: Context, alert: Any, comment: str) -> None:
    """Let an alert count again."""
    _change(context, alert, {"state": "open", "comment": comment})


@activity.command()
@alert_id
@click.option("--to", "assignee", metavar="NAME", help="Who looks into it; nobody otherwise.")
@current
def assign(context: Context, alert: Any, assignee: str | None) -> None:
    """Say who looks into an alert."""
    _change(context, alert, {"assignee": assignee})


@activity.command()
@alert_id
@click.argument("text")
@current
def comment(context: Context, alert: Any, text: str) -> None:
    """Say something of an alert."""
    made = context.api.call("POST", f"{_one(alert)}/comments", {"comment": text})
    context.show(made, lambda: ["Commented."])


@activity.group(cls=Noun)
def exemption() -> None:
    """Users of whom a rule tells nothing."""


@exemption.command("list")
@organisation_option
@current
def list_exemptions(context: Context, organisation: str | None) -> None:
    """List exemptions."""
    found = context.api.call("GET", f"{_home(organisation)}/activity-exemptions")
    context.show_list(found["items"], EXEMPT)


@exemption.command()
@click.argument("user")
@click.argument("rule", type=RULES)
@click.option("--reason", required=True, metavar="TEXT")
@organisation_option
@current
def add(context: Context, user: str, rule: str, reason: str, organisation: str | None) -> None:
    """Exempt a user from a rule."""
    body = {"user": user, "rule": rule, "reason": reason}
    made = context.api.call("POST", f"{_home(organisation)}/activity-exemptions", body)
    context.show(made, lambda: [f"{made['user']} is exempt from {made['rule']}."])


@exemption.command()
@click.argument("user")
@click.argument("rule", type=RULES)
@organisation_option
@current
def remove(context: Context, user: str, rule: str, organisation: str | None) -> None:
    """End an exemption."""
    place = f"{_home(organisation)}/activity-exemptions?user={segment(user)}&rule={rule}"
    context.api.call("DELETE", place)
    context.show({}, lambda: [f"{rule} holds for {user} again."])


def _change(context: Context, alert: Any, wanted: dict[str, Any]) -> None:
    context.show_thing(context.api.call("PATCH", _one(alert), wanted), FIELDS)


def _one(alert: Any) -> str:
    return f"/activity-alerts/{alert}"


def _home(organisation: str | None) -> str:
    return f"/orgs/{segment(organisation)}" if organisation else ""


def _told(found: dict[str, Any]) -> Iterable[str]:
    yield from facts(found, FIELDS)
    if found["decisions"]:
        yield ""
        shown = {"at": "AT", "step": "WHAT", "actor": "BY", "reason": "WHY", "comment": "COMMENT"}
        yield from table(found["decisions"], shown)
