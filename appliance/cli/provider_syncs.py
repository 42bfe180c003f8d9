"""`codara provider sync` and its reports: comparing everybody with a directory."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import job, options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current, table
from appliance.cli.provider_rules import PLACE, name_argument
from appliance.errors import ApplianceError, ConflictError

COLUMNS = {
    "id": "ID",
    "state": "STATE",
    "cause": "CAUSE",
    "is_dry_run": "DRY RUN",
    "people": "PEOPLE",
    "told": "CHANGES",
    "created_at": "BEGUN",
}
FIELDS = {
    "id": "Report",
    "state": "State",
    "is_dry_run": "Dry run",
    "server": "Server",
    "people": "People there",
    "groups": "Groups there",
    "told": "Changes",
    "doubts": "Asks because",
    "emptied_groups": "Groups without anybody",
    "error": "Failed because",
    "created_at": "Begun",
    "finished_at": "Ended",
}
CHANGES = {
    "name": "PERSON",
    "kind": "CHANGE",
    "state": "STATE",
    "changed": "CHANGED",
    "gained": "GAINED",
    "lost": "LOST",
    "reason": "WHY",
}


class SynchronisationError(ApplianceError):
    """A directory did not say everything."""


@click.command(cls=Verb)
@name_argument
@options.dry_run
@click.option("--no-wait", is_flag=True, help="Do not wait for its end.")
@current
def sync(context: Context, name: str, *, dry_run: bool, no_wait: bool) -> None:
    """Compare everybody with a directory now, and show the report.

    Exit code 1: the directory did not say everything, and nothing was changed; 5: something waits
    to be confirmed.
    """
    run = context.api.call("POST", _place(name), {"dry_run": dry_run})
    _conclude(context, name, run, no_wait=no_wait)


@click.command(cls=Verb)
@name_argument
@options.limit
@current
def reports(context: Context, name: str, limit: int | None) -> None:
    """List the reports of a directory, newest first."""
    found = options.listed(context, _place(name), limit)
    context.show(found, lambda: table([_told(each) for each in found], COLUMNS))


@click.command(cls=Verb)
@name_argument
@options.identifier
@current
def report(context: Context, name: str, identifier: str) -> None:
    """Show a report: its numbers, and each person with what changed and why."""
    _show(context, name, context.api.call("GET", f"{_place(name)}/{identifier}"))


@click.command(cls=Verb)
@name_argument
@options.identifier
@options.yes
@click.option("--no-wait", is_flag=True, help="Do not wait for its end.")
@current
def confirm(context: Context, name: str, identifier: str, *, yes: bool, no_wait: bool) -> None:
    """Let happen what a report says would be taken away, if the directory still says so."""
    place = f"{_place(name)}/{identifier}"
    held = context.api.call("GET", place)["held"]
    context.confirm(f"{held} people lose something by this report. Confirm it?", yes=yes)
    run = context.api.call("POST", f"{place}/confirm")
    _conclude(context, name, run, no_wait=no_wait)


def _conclude(context: Context, name: str, run: dict[str, Any], *, no_wait: bool) -> None:
    if not no_wait:
        job.follow(context, run["job"])
        run = context.api.call("GET", f"{_place(name)}/{run['id']}")
    _show(context, name, run)
    if run["state"] == "failed":
        raise SynchronisationError(f"{name} was not synchronised: {run['error']}.")
    if run["state"] == "held":
        raise ConflictError(
            f"{run['held']} people would lose something, and have not. Look at the report; "
            f"`codara provider confirm {name} {run['id']}` lets it happen."
        )


def _show(context: Context, name: str, run: dict[str, Any]) -> None:
    changes = list(context.api.each(f"{_place(name)}/{run['id']}/changes"))
    if context.is_json:
        context.show({**run, "changes": changes})
        return
    context.show_thing(_told(run), FIELDS)
    if changes:
        context.show_list(changes, CHANGES)


def _told(run: dict[str, Any]) -> dict[str, Any]:
    """The same with its numbers in one line."""
    counts = (f"{count} {kind.replace('.', ' ')}" for kind, count in sorted(run["counts"].items()))
    return {**run, "told": ", ".join(counts) or "none"}


def _place(name: str) -> str:
    return f"{PLACE}/{segment(name)}/syncs"
