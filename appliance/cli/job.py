"""`codara job`: what waits, runs and went wrong."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current, table

STATES = ("queued", "running", "done", "dead", "cancelled")
ENDED = frozenset({"done", "dead", "cancelled"})
COLUMNS = {
    "id": "ID",
    "job": "JOB",
    "state": "STATE",
    "progress": "PROGRESS",
    "created_at": "CREATED",
    "error": "ERROR",
}
FIELDS = {
    "id": "Id",
    "title": "Job",
    "state": "State",
    "progress": "Progress",
    "attempt": "Attempt",
    "attempts_left": "Attempts left",
    "created_at": "Created",
    "started_at": "Started",
    "finished_at": "Ended",
    "error": "Error",
}
LOOK_SECONDS = 0.5
BAR_WIDTH = 30


@click.group(cls=Noun)
def job() -> None:
    """Jobs: work that is done after the request that asked for it."""


@job.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
@current
def list_jobs(context: Context, state: str | None) -> None:
    """List jobs, newest first."""
    found = list(context.api.each("/jobs", query={"state": state}))
    context.show(found, lambda: table([_with_progress(each) for each in found], COLUMNS))


@job.command()
@options.identifier
@current
def show(context: Context, identifier: str) -> None:
    """Show how far a job is, or how it ended."""
    found = context.api.call("GET", f"/jobs/{segment(identifier)}")
    show_job(context, found)


@job.command()
@options.identifier
@current
def retry(context: Context, identifier: str) -> None:
    """Start a job again that failed for good or was cancelled."""
    found = context.api.call("POST", f"/jobs/{segment(identifier)}/retry")
    show_job(context, found)


@job.command()
@options.identifier
@current
def cancel(context: Context, identifier: str) -> None:
    """Stop a job at its next step."""
    found = context.api.call("POST", f"/jobs/{segment(identifier)}/cancel")
    show_job(context, found)


@job.command()
@options.identifier
@current
def discard(context: Context, identifier: str) -> None:
    """Put away a job that failed for good, as cancelled; what it was about is not touched."""
    found = context.api.call("POST", f"/jobs/{segment(identifier)}/discard")
    show_job(context, found)


@job.command()
@options.identifier
@current
def wait(context: Context, identifier: str) -> None:
    """Wait until a job has ended, and show its progress meanwhile; 1 if it did not end well."""
    found = follow(context, identifier)
    show_job(context, found)
    if found["state"] != "done":
        raise SystemExit(1)


def follow(context: Context, identifier: str) -> dict[str, Any]:
    """A job once it has ended; until then, a bar on the terminal shows how far it is.

    Where there is no terminal, each of its steps is one line.
    """
    is_terminal = sys.stderr.isatty()
    step = ""
    while True:
        found: dict[str, Any] = context.api.call("GET", f"/jobs/{segment(identifier)}")
        if is_terminal:
            print(f"\r\x1b[K{bar(found)}", end="", file=sys.stderr, flush=True)
        elif found["step"] not in {"", step}:
            step = found["step"]
            context.say(step)
        if found["state"] in ENDED:
            if is_terminal:
                print(file=sys.stderr)
            return found
        time.sleep(LOOK_SECONDS)


def bar(found: dict[str, Any]) -> str:
    """How far a job is, in one line."""
    step = found["step"] or found["title"]
    total, done = found["progress_total"], found["progress_done"]
    if not total:
        return f"{step}: {done}" if done else f"{step} ({found['state']})"
    filled = BAR_WIDTH * min(done, total) // total
    return (
        f"{step} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {100 * min(done, total) // total} %"
    )


def show_job(context: Context, found: dict[str, Any]) -> None:
    """Print a job."""
    context.show_thing(found if context.is_json else _with_progress(found), FIELDS)


def _with_progress(found: dict[str, Any]) -> dict[str, Any]:
    """The same with a word on its progress."""
    total, done = found["progress_total"], found["progress_done"]
    share = f" {100 * min(done, total) // total} %" if total else ""
    return {**found, "progress": f"{found['step']}{share}".strip()}
