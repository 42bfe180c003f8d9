"""`codara audit prune`: removes old content of the audit logs, at the console."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from appliance.cli import at_console, options
from appliance.cli.at_console import Console
from appliance.cli.context import Context, WeightyVerb, current, table
from appliance.domain.audit_terms import starts
from appliance.errors import InvalidError
from appliance.services.audit_log import pruning, removal
from appliance.services.audit_log.pruning import Asked, Limit, Planned

LOOK_AGAIN_SECONDS = 0.2
COLUMNS = {"log": "LOG", "what": "WHAT", "end": "BEFORE ENTRY", "goes": "HOW MANY"}
WAITS = (
    "It is allowed, and is removed as soon as the entry that allows it is in a signed state of the "
    "log, and witnesses have signed it where there are some. The appliance does that by itself."
)


class Before(click.ParamType[Limit, Limit | str]):
    """A time, or the index of an entry."""

    name = "TIME|INDEX"

    def convert(
        self, value: Limit | str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Limit:
        """A number is an index; everything else is a time."""
        if not isinstance(value, str):
            return value
        if value.isascii() and value.isdecimal():
            return int(value)
        try:
            return starts(value)
        except InvalidError:
            self.fail(f"{value!r} is no time, as in 2026-11-20 or 2026-11-20T08:00Z.", param, ctx)


@click.command(cls=WeightyVerb)
@click.option(*options.LOG, default="", metavar="ORG", help="Or `instance`; all logs otherwise.")
@click.option("--bodies-before", "bodies", type=Before(), help="Remove details before this.")
@click.option("--entries-before", "entries", type=Before(), help="Remove whole entries before.")
@click.option("--tiles", is_flag=True, help="Remove the lowest hashes of entries that are gone.")
@options.dry_run
@options.yes
@current
def prune(context: Context, /, log: str, *, dry_run: bool, yes: bool, **asked: Any) -> None:
    """Remove old content of the audit logs: what the settings say, or what is named here.

    The log says what was removed and by whom, and what is left is proven as before. Details are
    removed up to a multiple of 256 entries, but not those that prove the rest.
    """
    with at_console.opened(context) as console:
        planned = _planned(console, log, Asked(**asked))
        if dry_run or not planned:
            _show(context, planned, [])
            return
        for line in table([_row(each) for each in planned], COLUMNS):
            context.say(line)
        context.confirm("Remove this for good?", yes=yes)
        done = [_remove(console, each) for each in planned]
        _show(context, planned, done)


def _planned(console: Console, log: str, asked: Asked) -> list[Planned]:
    now = datetime.now(UTC)
    with console.reading() as work:
        if asked == Asked():
            return pruning.due(work, log=log, now=now)
        return pruning.plan(work, asked, log=log, now=now)


def _remove(console: Console, planned: Planned) -> removal.Done:
    with console.begin() as work:
        pruning_id = pruning.authorise(
            work, planned, tools=console.objects.logs, now=datetime.now(UTC)
        )
    patience = time.monotonic() + console.objects.settings.audit.wait_seconds
    while not _is_undeniable(console, pruning_id) and time.monotonic() < patience:
        time.sleep(LOOK_AGAIN_SECONDS)
    return removal.carry_out(
        console.begin,
        pruning_id,
        tools=console.objects.logs,
        now=datetime.now(UTC),
        report=_silent,
    )


def _is_undeniable(console: Console, pruning_id: UUID) -> bool:
    with console.reading() as work:
        return removal.is_undeniable(work, pruning_id, tools=console.objects.logs)


def _silent(step: str, done: int = 0, total: int = 0) -> None:
    """Nobody watches."""
    del step, done, total


def _show(context: Context, planned: list[Planned], done: list[removal.Done]) -> None:
    rows = [_row(each) for each in planned]
    for row, each in zip(rows, done, strict=bool(done)):
        row |= {"removed": each.removed, "is_finished": each.is_finished}
    if context.is_json or not rows:
        context.show(rows, lambda: ["Nothing is old enough to be removed."])
        return
    if not done:
        context.show(rows, lambda: table(rows, COLUMNS))
        return
    waits = [] if all(each.is_finished for each in done) else [WAITS]
    total = sum(each.removed for each in done)
    context.show(rows, lambda: [f"Removed: {total}.", *waits])


def _row(planned: Planned) -> dict[str, Any]:
    return {name: getattr(planned, name) for name in ("log", "what", "end", "goes", "policy")}
