"""`codara repo status` and `codara repo check-run`: what other systems say of commits."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

STATES = ("error", "failure", "pending", "success")
RUN_STATES = ("queued", "in_progress", "completed")
CONCLUSIONS = (
    *("success", "failure", "neutral", "cancelled", "skipped", "timed_out"),
    *("action_required", "stale"),
)
STATUS_COLUMNS = {
    "context": "NAME",
    "state": "STATE",
    "description": "DESCRIPTION",
    "reporter": "BY",
    "created_at": "REPORTED",
}
STATUS_FIELDS = {
    "context": "Name",
    "state": "State",
    "description": "Description",
    "target_url": "Address",
    "reporter": "By",
    "created_at": "Reported",
}
RUN_COLUMNS = {
    "name": "NAME",
    "status": "STATE",
    "conclusion": "CONCLUSION",
    "reporter": "BY",
    "updated_at": "CHANGED",
    "id": "ID",
}
RUN_FIELDS = {
    "name": "Name",
    "head_sha": "Commit",
    "status": "State",
    "conclusion": "Conclusion",
    "title": "Title",
    "annotations": "Annotations",
    "details_url": "Address",
    "started_at": "Began",
    "completed_at": "Ended",
    "reporter": "By",
    "id": "Id",
}
commit = click.argument("commit", metavar="COMMIT")
address = click.option("--address", metavar="URL", help="Where there is more to read.")
state = click.option("--state", type=click.Choice(RUN_STATES), help="How far it is.")
conclusion = click.option(
    "--conclusion", type=click.Choice(CONCLUSIONS), help="How it ended; with it, it is completed."
)
title = click.option("--title", metavar="TEXT", help="What came of it, in a few words.")
summary = click.option("--summary", metavar="TEXT", help="What came of it, in Markdown.")


@click.group(cls=Noun)
def status() -> None:
    """Statuses: one word about a commit, under a name."""


@status.command("list")
@options.repository
@commit
@options.limit
@current
def list_statuses(context: Context, repository: str, commit: str, limit: int | None) -> None:
    """List what was said of a commit, the newest first."""
    found = options.listed(context, f"{_commit(repository, commit)}/statuses", limit)
    _list(context, found, STATUS_COLUMNS)


@status.command("show")
@options.repository
@commit
@current
def show_combined(context: Context, repository: str, commit: str) -> None:
    """Say what all statuses and check runs of a commit come to."""
    found = context.api.call("GET", f"{_commit(repository, commit)}/status")
    fields = {"sha": "Commit", "state": "State", "passed_count": "Passed", "total_count": "Of"}
    context.show_thing(found, fields)


@status.command("report")
@options.repository
@commit
@click.argument("name")
@click.option("--state", type=click.Choice(STATES), required=True, help="How it stands.")
@click.option("--description", metavar="TEXT", help="A few words.")
@address
@current
def report_status(
    context: Context,
    /,
    repository: str,
    commit: str,
    name: str,
    **said: str | None,
) -> None:
    """Say how a commit stands under a name."""
    body = {
        "context": name,
        "state": said["state"],
        "description": said["description"] or "",
        "target_url": said["address"] or "",
    }
    where = f"{place(repository)}/statuses/{segment(commit)}"
    _show(context, context.api.call("POST", where, body), STATUS_FIELDS)


@click.group("check-run", cls=Noun)
def check_run() -> None:
    """Check runs: the course and the report of a check of a commit."""


@check_run.command("list")
@options.repository
@commit
@options.limit
@current
def list_runs(context: Context, repository: str, commit: str, limit: int | None) -> None:
    """List the check runs of a commit, the newest first."""
    found = options.listed(context, f"{_commit(repository, commit)}/check-runs", limit)
    _list(context, found, RUN_COLUMNS)


@check_run.command("show")
@options.repository
@options.identifier
@current
def show_run(context: Context, repository: str, identifier: str) -> None:
    """Show a check run."""
    _show(context, context.api.call("GET", _run(repository, identifier)), RUN_FIELDS)


@check_run.command("annotations")
@options.repository
@options.identifier
@options.limit
@current
def list_annotations(context: Context, repository: str, identifier: str, limit: int | None) -> None:
    """List what a check run says of lines."""
    found = options.listed(context, f"{_run(repository, identifier)}/annotations", limit)
    columns = {"path": "FILE", "start_line": "LINE", "annotation_level": "LEVEL", "message": "SAYS"}
    context.show_list(found, columns)


@check_run.command("create")
@options.repository
@commit
@click.argument("name")
@state
@conclusion
@title
@summary
@address
@current
def create_run(
    context: Context, /, repository: str, commit: str, name: str, **said: str | None
) -> None:
    """Begin a check run, or report one that is over. COMMIT is a whole id."""
    body = {"name": name, "head_sha": commit, **_said(said)}
    where = f"{place(repository)}/check-runs"
    _show(context, context.api.call("POST", where, body), RUN_FIELDS)


@check_run.command("change")
@options.repository
@options.identifier
@state
@conclusion
@title
@summary
@address
@current
def change_run(context: Context, /, repository: str, identifier: str, **said: str | None) -> None:
    """Report how a check run goes on."""
    body = _said(said)
    if not body:
        raise click.UsageError("Say what to change.")
    _show(context, context.api.call("PATCH", _run(repository, identifier), body), RUN_FIELDS)


def _said(said: dict[str, str | None]) -> dict[str, Any]:
    names = {"state": "status", "conclusion": "conclusion", "address": "details_url"}
    body: dict[str, Any] = {to: said[each] for each, to in names.items() if said[each]}
    output = {each: said[each] for each in ("title", "summary") if said[each]}
    return body | ({"output": output} if output else {})


def _list(context: Context, found: list[dict[str, Any]], columns: dict[str, str]) -> None:
    rows = found if context.is_json else [_in_words(each) for each in found]
    context.show_list(rows, columns)


def _show(context: Context, found: dict[str, Any], fields: dict[str, str]) -> None:
    context.show_thing(found if context.is_json else _in_words(found), fields)


def _in_words(found: dict[str, Any]) -> dict[str, Any]:
    """With what stands deeper in it beside the rest."""
    output = found.get("output") or {}
    return {
        **found,
        "reporter": found["creator"]["login"],
        "title": output.get("title"),
        "annotations": output.get("annotations_count"),
    }


def _commit(repository: str, commit: str) -> str:
    return f"{place(repository)}/commits/{segment(commit)}"


def _run(repository: str, identifier: str) -> str:
    return f"{place(repository)}/check-runs/{segment(identifier)}"
