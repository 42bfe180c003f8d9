"""`codara licence`: what is under which licence, and which licences are allowed."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from typing import IO, Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place_of
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current, table
from appliance.domain.licences import decided as decided_package

COLUMNS = {
    "licence": "LICENCE",
    "decision": "DECISION",
    "count": "PACKAGES",
    "duties": "ASKS FOR",
    "named": "FOR EXAMPLE",
}
EVERY = 100_000
EXPORTED = ("licence", "decision", "purl", "written", "reason")
CHANGES = {"purl": "PACKAGE", "licence": "LICENCE", "before": "NOW", "after": "THEN"}


@click.group(cls=Noun)
def licence() -> None:
    """What is under which licence, and which licences an organisation allows."""


@licence.command("list")
@click.argument("where", metavar="OWNER/REPO|ORG")
@click.option("--csv", "as_csv", is_flag=True, help="Write a table with a line for each package.")
@current
def list_licences(context: Context, where: str, *, as_csv: bool) -> None:
    """List licences of a repository or of an organisation, and what they ask for."""
    place = place_of(where) if "/" in where else f"/orgs/{segment(where)}"
    named = EVERY if as_csv else 100
    found = context.api.call("GET", f"{place}/licences", query={"named": named})
    if as_csv:
        _table(found["licences"])
        return
    context.show(found, lambda: _told(found))


@licence.command()
@options.repository
@click.option("--output", metavar="FILE", type=click.File("wb"), default="-")
@current
def notice(context: Context, repository: str, output: IO[bytes]) -> None:
    """Write the NOTICE file of a repository: its components and their licences."""
    answer = context.api.open("GET", f"{place_of(repository)}/notice")
    try:
        output.write(answer.body.read())
    finally:
        answer.body.close()


@licence.group(cls=Noun)
def policy() -> None:
    """Which licences an organisation allows, and which it denies."""


def _body(
    allowed: tuple[str, ...],
    denied: tuple[str, ...],
    decided: tuple[str, ...],
    file: IO[str] | None,
    *,
    alerts_for_review: bool,
) -> dict[str, Any]:
    """What the options say, after what stands in a file."""
    body: dict[str, Any] = {"allowed": [], "denied": [], "decided": [], "alerts_for_review": False}
    if file is not None:
        try:
            body |= json.load(file)
        except (ValueError, TypeError) as error:
            raise click.BadParameter(f"The file is no policy in JSON: {error}") from error
        body.pop("set", None)
    body["allowed"] += allowed
    body["denied"] += denied
    body["decided"] += [_decided(each) for each in decided]
    body["alerts_for_review"] = body["alerts_for_review"] or alerts_for_review
    return body


def _decided(line: str) -> dict[str, str | None]:
    found = decided_package(line)
    until = found.until.isoformat() if found.until else None
    return {
        "package": found.package,
        "licence": found.licence,
        "reason": found.reason,
        "until": until,
    }


def _wanted(command: Any) -> Any:
    """The options that a policy is made of."""
    for option in (
        click.option("--allow", "allowed", multiple=True, metavar="LICENCE", help="As MIT."),
        click.option(
            "--deny", "denied", multiple=True, metavar="LICENCE", help="As AGPL-3.0-only."
        ),
        click.option(
            "--package",
            "decided",
            multiple=True,
            metavar="PURL=LICENCE=[until DAY=]WHY",
            help="What counts for a package, whatever its manifest says.",
        ),
        click.option("--alerts-for-review", is_flag=True, help="Also of what nobody has decided."),
        click.option("--file", type=click.File("r"), help="A policy in JSON, as `show --json`."),
    ):
        command = option(command)
    return command


@policy.command("show")
@options.organisation
@current
def show_policy(context: Context, organisation: str) -> None:
    """Show an organisation's policy."""
    found = context.api.call("GET", _policy(organisation))
    context.show(found, lambda: _policy_told(found))


@policy.command("set")
@options.organisation
@_wanted
@current
def set_policy(context: Context, /, organisation: str, **wanted: Any) -> None:
    """Set an organisation's policy anew; what is not named is to be looked at."""
    found = context.api.call("PUT", _policy(organisation), _body(**wanted))
    context.show(found, lambda: _policy_told(found))


@policy.command("try")
@options.organisation
@_wanted
@current
def try_policy(context: Context, /, organisation: str, **wanted: Any) -> None:
    """Show what a policy would come to; nothing is kept."""
    found = context.api.call("POST", f"{_policy(organisation)}/trial", _body(**wanted))
    context.show(found, lambda: _trial_told(found))


@policy.command("remove")
@options.organisation
@current
def remove_policy(context: Context, organisation: str) -> None:
    """Say nothing of licences any more; their alerts are closed."""
    context.api.call("DELETE", _policy(organisation))
    context.show({"removed": True}, lambda: ["The policy is removed."])


def _policy(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/licence-policy"


def _told(found: dict[str, Any]) -> Iterable[str]:
    rows = [
        {
            **each,
            "licence": each["licence"] or "unknown",
            "duties": "unknown" if each["duties"] is None else _words(each["duties"]) or "nothing",
            "named": ", ".join(one["name"] for one in each["packages"][:3]),
        }
        for each in found["licences"]
    ]
    yield from table(rows, COLUMNS) if rows else ["No manifest names a component."]
    if not found["has_policy"]:
        yield "There is no policy: everything is to be looked at, and nobody is warned."
    if found["unread"]:
        yield f"{found['unread']} manifests could not be read: what they name is unknown."


def _words(duties: Iterable[str]) -> str:
    return ", ".join(each.replace("_", " ") for each in duties)


def _policy_told(found: dict[str, Any]) -> Iterable[str]:
    if not found["set"]:
        yield "There is no policy: everything is to be looked at, and nobody is warned."
        return
    yield f"allowed: {', '.join(found['allowed']) or '-'}"
    yield f"denied: {', '.join(found['denied']) or '-'}"
    yield f"alerts for what is to be looked at: {'yes' if found['alerts_for_review'] else 'no'}"
    for each in found["decided"]:
        until = f", until {each['until']}" if each["until"] else ""
        yield f"{each['package']}: {each['licence']} ({each['reason']}{until})"


def _trial_told(found: dict[str, Any]) -> Iterable[str]:
    for decision, count in found["after"].items():
        yield f"{decision}: {count} packages (now {found['before'][decision]})"
    if found["changed"]:
        yield ""
        yield from table(found["changed"], CHANGES)


def _table(uses: list[dict[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, EXPORTED, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for use in uses:
        for each in use["packages"]:
            row = {**each, "licence": use["licence"] or "unknown", "decision": use["decision"]}
            writer.writerow({key: options.cell(row[key]) for key in EXPORTED})
