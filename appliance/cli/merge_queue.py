"""`codara repo merge-queue` and `codara pr queue`: what will land is tested first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, Verb, current, facts, table

PRIORITIES = ("low", "normal", "high")
FIELDS = {
    "branch": "Branch",
    "paused": "Paused",
    "checks": "Checks",
    "rule_checks": "Checks of rules",
    "together": "Tested as one",
    "at_once": "Tested at once",
    "minutes": "Minutes",
}
ENTRIES = {
    "number": "#",
    "title": "TITLE",
    "priority": "PRIORITY",
    "group": "GROUP",
    "by": "BY",
    "since": "SINCE",
}
GROUPS = {"commit": "COMMIT", "base": "ON", "numbers": "#", "verdict": "TESTED", "ref": "REF"}
branch = click.option("--branch", default="", metavar="NAME", help="The default one if left out.")


@click.group("merge-queue", cls=Noun)
def merge_queue() -> None:
    """Merge queues: what will land in a branch is tested first."""


@merge_queue.command()
@options.repository
@branch
@current
def show(context: Context, repository: str, branch: str) -> None:
    """Show how a queue works, and what stands in it."""
    found = context.api.call("GET", _queue(repository), query={"branch": branch})
    context.show(found, lambda: _told(found))


@merge_queue.command("set")
@options.repository
@branch
@click.option("--check", "checks", multiple=True, metavar="NAME", help="It must pass to land.")
@click.option("--no-checks", is_flag=True, help="None needs to pass.")
@click.option("--together", type=int, metavar="N", help="Pull requests tested as one at most.")
@click.option("--at-once", type=int, metavar="N", help="Commits tested at the same time at most.")
@click.option("--minutes", type=int, metavar="N", help="How long is waited for checks.")
@current
def change(
    context: Context,
    /,
    repository: str,
    *,
    checks: tuple[str, ...],
    no_checks: bool,
    **wanted: Any,
) -> None:
    """Give a branch a queue, or let it work otherwise."""
    sent = {key: value for key, value in wanted.items() if value is not None}
    if checks or no_checks:
        sent["checks"] = list(checks)
    _change(context, repository, sent)


@merge_queue.command()
@options.repository
@branch
@current
def pause(context: Context, repository: str, branch: str) -> None:
    """Let nothing land until it is resumed."""
    _change(context, repository, {"branch": branch, "paused": True})


@merge_queue.command()
@options.repository
@branch
@current
def resume(context: Context, repository: str, branch: str) -> None:
    """Let a paused queue go on."""
    _change(context, repository, {"branch": branch, "paused": False})


@merge_queue.command()
@options.repository
@branch
@options.dry_run
@options.yes
@current
def close(context: Context, repository: str, branch: str, *, dry_run: bool, yes: bool) -> None:
    """Let a branch have no queue; all that stands in it leaves."""
    options.remove(
        context,
        _queue(repository),
        f"the merge queue of {repository}",
        "Close the merge queue? All that stands in it leaves without a merge.",
        dry_run=dry_run,
        yes=yes,
        act="close",
        query={"branch": branch},
    )


@click.command(cls=Verb)
@options.repository
@options.number
@click.option("--priority", type=click.Choice(PRIORITIES), help="high is for maintainers.")
@click.option("--method", metavar="NAME", help="The usual one if left out.")
@click.option("--delete-branch/--keep-branch", default=None, help="Afterwards.")
@current
def queue(context: Context, /, repository: str, number: int, **wanted: Any) -> None:
    """Let a pull request be tested and merged when it is its turn."""
    sent = {key: value for key, value in wanted.items() if value is not None}
    context.api.call("PUT", _pull(repository, number), sent)
    context.show({"number": number, "queued": True}, lambda: [f"#{number} waits for its turn."])


@click.command(cls=Verb)
@options.repository
@options.number
@click.argument("priority", type=click.Choice(PRIORITIES))
@current
def prioritise(context: Context, repository: str, number: int, priority: str) -> None:
    """Let a pull request in the queue come sooner or later."""
    context.api.call("PATCH", _pull(repository, number), {"priority": priority})
    context.show({"number": number, "priority": priority}, lambda: ["Done."])


@click.command(cls=Verb)
@options.repository
@options.number
@current
def unqueue(context: Context, repository: str, number: int) -> None:
    """Take a pull request out of the queue."""
    context.api.call("DELETE", _pull(repository, number))
    context.show({"number": number, "queued": False}, lambda: ["Done."])


def _change(context: Context, repository: str, sent: dict[str, Any]) -> None:
    found = context.api.call("PUT", _queue(repository), sent)
    context.show(found, lambda: _told(found))


def _told(found: dict[str, Any]) -> Iterable[str]:
    yield from facts(found, FIELDS)
    if found["entries"]:
        yield ""
        yield from table(found["entries"], ENTRIES)
    if found["groups"]:
        yield ""
        yield from table(found["groups"], GROUPS)


def _queue(repository: str) -> str:
    return f"{place(repository)}/merge-queue"


def _pull(repository: str, number: int) -> str:
    return f"{place(repository)}/pulls/{number}/queue"
