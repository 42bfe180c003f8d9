"""`codara audit access`: who could do what at a moment, from the log alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from appliance.cli.context import Context, Verb, cell, current, table

COLUMNS = {
    "user": "USER",
    "on_name": "ON",
    "role": "ROLE",
    "source": "BECAUSE",
    "through": "THROUGH",
    "events": "RESTS ON",
}


@click.command(cls=Verb)
@click.option("--on", required=True, metavar="DATE", help="A day, or a time: 2026-10-31T09:30Z.")
@click.option("--repo", metavar="OWNER/NAME", help="Who could do what with a repository.")
@click.option("--user", metavar="NAME", help="What a user could reach.")
@click.option("--org", metavar="ORG", help="Who belonged to an organisation and its teams.")
@current
def access(context: Context, on: str, repo: str | None, user: str | None, org: str | None) -> None:
    """Say who could do what at a moment, from the audit log alone.

    A day stands for its end, in UTC. Each line names the events that it rests on by log and index;
    `codara audit prove` proves them. What the log no longer tells is said. The look is recorded.
    """
    about = {"repo": repo, "user": user, "org": org}
    named = {key: value for key, value in about.items() if value}
    if len(named) != 1:
        raise click.UsageError("Say --repo, --user or --org.")
    found = context.api.call("GET", "/audit/access", query={"on": on, **named})
    context.show(found, lambda: _lines(found))
    for said in (*found["notes"], *found["gaps"]):
        context.say(said)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['subject']} at {cell(found['at'])}"
    if found["open_to"]:
        who = "everybody who could enter" if found["open_to"] == "internal" else "everybody"
        yield f"It was {found['open_to']}: {who} could read it."
    rows = [{**each, "events": _events(each)} for each in found["lines"]]
    yield from table(rows, COLUMNS)


def _events(line: Mapping[str, Any]) -> str:
    said = [f"{each['log_name']}:{each['index']}" for each in line["rests_on"]]
    return ", ".join([*said, f"{line['elsewhere']} elsewhere"] if line["elsewhere"] else said)
