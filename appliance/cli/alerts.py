"""`codara alert`: what scans found in repositories, and what is decided about it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import IO, Any

import click

from appliance.cli import alert_copies, alert_overview, options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current, facts, table
from appliance.domain.alerts import (
    AlertKind,
    AlertState,
    Confidence,
    DismissalReason,
    Severity,
)

COLUMNS = {
    "number": "#",
    "severity": "SEVERITY",
    "kind": "KIND",
    "state": "STATE",
    "title": "TITLE",
    "place": "PLACE",
    "assignee": "ASSIGNED",
    "due_at": "DUE",
}
OF_ORGANISATION = {"repository": "REPOSITORY", **COLUMNS}
FIELDS = {
    "number": "#",
    "repository": "Repository",
    "title": "Title",
    "kind": "Kind",
    "rule": "Rule",
    "severity": "Severity",
    "confidence": "Confidence",
    "state": "State",
    "reason": "Dismissed as",
    "until": "Until",
    "resolution": "Fixed as",
    "asked": "Waits for approval",
    "preview": "Found",
    "place": "Place",
    "occurrences": "Places",
    "introduced_by": "Introduced by",
    "first_commit": "In commit",
    "assignee": "Assigned",
    "first_seen_at": "First seen",
    "due_at": "Due",
    "cure": "What to do",
}
POLICY = {
    "approved_kinds": "Dismissals that need approval",
    "maintainers_settle_secrets": "Maintainers decide about secrets",
    "exploited_days": "Days, where attackers use it",
}
EXPORTED = (
    *("number", "kind", "severity", "confidence", "state", "rule", "title", "path", "line"),
    *("reason", "until", "assignee", "introduced_by", "first_seen_at", "due_at", "closed_at"),
)
KINDS = click.Choice([each.value for each in AlertKind])
MOMENT = "A time, as 2027-03-31T12:00:00Z."
note = click.option("--comment", default="", metavar="TEXT", help="Kept in the alert's history.")
numbers = click.argument("numbers", metavar="N…", nargs=-1, required=True, type=int)


@click.group(cls=Noun)
def alert() -> None:
    """Alerts: what scans found in repositories, and what is decided about it."""


alert.add_command(alert_overview.overview)
alert.add_command(alert_overview.coverage)
alert.add_command(alert_copies.copies)
alert.add_command(alert_copies.carry)


@alert.command("list")
@click.argument("repository", metavar="OWNER/NAME", type=options.REPOSITORY, required=False)
@click.option("--org", "organisation", metavar="ORG", help="Of all repositories of one.")
@click.option("--kind", "kind", type=KINDS, multiple=True)
@click.option(
    "--state",
    type=click.Choice([each.value for each in AlertState]),
    multiple=True,
    default=("open",),
    show_default=True,
)
@click.option("--severity", type=click.Choice([each.value for each in Severity]), multiple=True)
@click.option("--confidence", type=click.Choice([each.value for each in Confidence]), multiple=True)
@click.option("--rule", metavar="RULE", help="Only those of one rule or advisory.")
@click.option("--assignee", metavar="NAME", help="A name, @me or none.")
@click.option("--overdue", is_flag=True, default=None, help="Only those that are overdue.")
@click.option("--waiting", is_flag=True, default=None, help="Only those that wait for approval.")
@options.limit
@current
def list_alerts(
    context: Context,
    /,
    repository: str | None,
    organisation: str | None,
    limit: int | None,
    **query: Any,
) -> None:
    """List alerts, the worst first: of a repository, or else of all whose alerts you may see."""
    if repository is not None and organisation is not None:
        raise click.UsageError("Say OWNER/NAME or --org, not both.")
    where = f"/orgs/{segment(organisation)}" if organisation else ""
    where = place(repository) if repository else where
    asked = {key: _word(value) for key, value in query.items() if value not in (None, ())}
    found = options.listed(context, f"{where}/alerts", limit, **asked)
    rows = found if context.is_json else [_in_words(each) for each in found]
    context.show_list(rows, COLUMNS if repository else OF_ORGANISATION)


@alert.command()
@options.repository
@options.number
@current
def show(context: Context, repository: str, number: int) -> None:
    """Show an alert, where it stands, and what was decided."""
    found = context.api.call("GET", _one(repository, number))
    context.show(found, lambda: _told(found))


@alert.command()
@options.repository
@options.number
@click.option("--secret", is_flag=True, help="Show the secret, too. The audit log has that.")
@current
def code(context: Context, repository: str, number: int, *, secret: bool) -> None:
    """Show the lines of an alert, and those that its data flows through."""
    method, name = ("POST", "secret") if secret else ("GET", "code")
    found = context.api.call(method, f"{_one(repository, number)}/{name}")
    context.show(found, lambda: _code_told(found))


@alert.command()
@options.repository
@click.option("--format", "form", type=click.Choice(("sarif", "csv")), default="sarif")
@click.option(
    "--state",
    type=click.Choice([each.value for each in AlertState]),
    multiple=True,
    default=("open", "dismissed"),
    show_default=True,
)
@click.option("--kind", "kind", type=KINDS, multiple=True)
@click.option("--output", metavar="FILE", type=click.File("wb"), default="-")
@current
def export(
    context: Context,
    repository: str,
    *,
    form: str,
    state: tuple[str, ...],
    kind: tuple[str, ...],
    output: IO[bytes],
) -> None:
    """Write alerts as a report for other tools, or as a table."""
    query = {"state": _word(state), "kind": _word(kind)}
    if form == "sarif":
        context.api.download(f"{place(repository)}/sarif", output, query=query)
        return
    found = options.listed(context, f"{place(repository)}/alerts", None, **query)
    text = io.StringIO()
    table_of = csv.DictWriter(text, EXPORTED, extrasaction="ignore", lineterminator="\r\n")
    table_of.writeheader()
    table_of.writerows({key: options.cell(row[key]) for key in EXPORTED} for row in found)
    output.write(text.getvalue().encode())


@alert.command()
@options.repository
@numbers
@click.option(
    "--reason",
    type=click.Choice([each.value for each in DismissalReason]),
    required=True,
    help="Why it is no matter.",
)
@note
@click.option("--until", metavar="TIME", help=f"When it counts again. {MOMENT}")
@current
def dismiss(
    context: Context,
    repository: str,
    numbers: tuple[int, ...],
    reason: str,
    comment: str,
    until: str | None,
) -> None:
    """Dismiss alerts: all of them, or none. It may need somebody's approval."""
    wanted = {"state": "dismissed", "reason": reason, "comment": comment, "until": until}
    _change(context, repository, numbers, wanted)


@alert.command()
@options.repository
@numbers
@note
@current
def reopen(context: Context, repository: str, numbers: tuple[int, ...], comment: str) -> None:
    """Let dismissed alerts count again, or a secret whose revocation was attested."""
    _change(context, repository, numbers, {"state": "open", "comment": comment})


@alert.command()
@options.repository
@numbers
@click.option("--to", "assignee", metavar="NAME", help="Who is to deal with it; nobody otherwise.")
@current
def assign(
    context: Context, repository: str, numbers: tuple[int, ...], assignee: str | None
) -> None:
    """Say who is to deal with alerts."""
    _change(context, repository, numbers, {"assignee": assignee})


@alert.command()
@options.repository
@options.number
@click.argument("text")
@current
def comment(context: Context, repository: str, number: int, text: str) -> None:
    """Say something of an alert."""
    made = context.api.call("POST", f"{_one(repository, number)}/comments", {"comment": text})
    context.show(made, lambda: [f"Commented on alert {number}."])


@alert.command()
@options.repository
@options.number
@click.option("--at", "revoked_at", metavar="TIME", required=True, help=f"Since when. {MOMENT}")
@click.option("--ticket", default="", metavar="TEXT", help="Where that is written down.")
@note
@current
def revoke(context: Context, /, repository: str, number: int, **said: str) -> None:
    """Attest that a secret was revoked: nothing else ends its alert."""
    found = context.api.call("POST", f"{_one(repository, number)}/revocation", said)
    context.show_thing(_in_words(found), FIELDS)


@alert.command()
@options.repository
@options.number
@note
@current
def approve(context: Context, repository: str, number: int, comment: str) -> None:
    """Approve a dismissal that somebody else has asked for."""
    _answer(context, repository, number, {"approve": True, "comment": comment})


@alert.command()
@options.repository
@options.number
@note
@current
def refuse(context: Context, repository: str, number: int, comment: str) -> None:
    """Refuse a dismissal that somebody has asked for, or take one's own request back."""
    _answer(context, repository, number, {"approve": False, "comment": comment})


@alert.group(cls=Noun)
def policy() -> None:
    """Who decides about alerts in an organisation, and in how many days."""


@policy.command("show")
@options.organisation
@current
def show_policy(context: Context, organisation: str) -> None:
    """Show an organisation's policy."""
    found = context.api.call("GET", _policy(organisation))
    context.show(found, lambda: _policy_told(found))


@policy.command("set")
@options.organisation
@click.option(
    "--approve",
    "approved_kinds",
    type=KINDS,
    multiple=True,
)
@click.option(
    "--maintainers-settle-secrets", is_flag=True, help="Let maintainers decide about secrets."
)
@click.option("--days", multiple=True, metavar="SEVERITY=N", help="As high=30; high=never: no day.")
@click.option("--exploited-days", type=int, metavar="N", help="Where attackers use it.")
@current
def set_policy(
    context: Context, /, organisation: str, days: tuple[str, ...], **wanted: Any
) -> None:
    """Set an organisation's policy anew; what is left out is as usual."""
    body = {key: value for key, value in wanted.items() if value is not None}
    body["days"] = dict(_days(each) for each in days)
    found = context.api.call("PUT", _policy(organisation), body)
    context.show(found, lambda: _policy_told(found))


def _change(
    context: Context, repository: str, numbers: tuple[int, ...], wanted: Mapping[str, Any]
) -> None:
    body = {"numbers": list(dict.fromkeys(numbers)), **wanted}
    found = context.api.call("PATCH", f"{place(repository)}/alerts", body)["items"]
    rows = found if context.is_json else [_in_words(each) for each in found]
    context.show_list(rows, COLUMNS)


def _answer(context: Context, repository: str, number: int, body: dict[str, Any]) -> None:
    found = context.api.call("POST", f"{_one(repository, number)}/request", body)
    context.show_thing(_in_words(found), FIELDS)


def _one(repository: str, number: int) -> str:
    return f"{place(repository)}/alerts/{number}"


def _policy(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/alert-policy"


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _days(said: str) -> tuple[str, int | None]:
    severity, _, days = said.partition("=")
    if severity not in tuple(Severity) or not (days == "never" or days.isdigit()):
        raise click.BadParameter(f"{said!r} is no severity with its days, as high=30.")
    return severity, None if days == "never" else int(days)


def _in_words(found: dict[str, Any]) -> dict[str, Any]:
    line = f":{found['line']}" if found["line"] else ""
    asked = found["requested"]
    return {
        **found,
        "place": f"{found['path']}{line}",
        "asked": asked["reason"] if asked else "",
    }


def _told(found: dict[str, Any]) -> Iterable[str]:
    yield from facts(_in_words(found), FIELDS)
    if found["decisions"]:
        yield ""
        shown = {"at": "AT", "step": "WHAT", "actor": "BY", "reason": "WHY", "comment": "COMMENT"}
        yield from table(found["decisions"], shown)


def _code_told(found: dict[str, Any]) -> Iterable[str]:
    if found["place"] is None:
        yield "It stands in no text that can be shown."
        return
    yield from _lines_told(found["place"])
    for step, each in enumerate(found["flow"], 1):
        yield ""
        yield f"Step {step}"
        yield from _lines_told(each)


def _lines_told(found: dict[str, Any]) -> Iterable[str]:
    yield found["path"]
    for line in found["lines"]:
        yield f"{'>' if line['marked'] else ' '} {line['number']:>5}  {line['text']}"


def _policy_told(found: dict[str, Any]) -> Iterable[str]:
    yield from facts(found, POLICY)
    for severity, days in found["days"].items():
        yield f"{severity}: {'never due' if days is None else f'{days} days'}"
