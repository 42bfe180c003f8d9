"""One run of synchronising with a directory: read, compare, judge, do, report.

Nothing is done before everything was read. Then people are done some at a time, each of them wholly
or not at all, and what was done stands in the report at once. A run whose process was killed reads
anew and goes on: whoever was done is as the directory says, and so needs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.identity_providers import IdentityProvider
from appliance.db.provider_syncs import SyncChange, SyncRun
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity_providers import policy
from appliance.domain.permissions import Permission
from appliance.domain.provider_syncs import (
    ENDED,
    TAKES_AWAY,
    ChangeKind,
    ChangeState,
    Doubt,
    SyncCause,
    SyncState,
    doubts,
    held_kinds,
    most,
    taken_away,
)
from appliance.federation.ldap_connection import DirectoryError, Failure
from appliance.federation.ldap_reading import Reading, directory_read
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.ldap_spool import Spool
from appliance.services import (
    identity_providers,
    provider_syncs,
    sync_plans,
    sync_steps,
)
from appliance.services.sync_plans import Plan, Task

if TYPE_CHECKING:
    from appliance.federation.ldap import Directories
    from appliance.security.sealing import Sealer

NEEDED = Permission.INSTANCE_MAINTAIN
AT_ONCE = 100
"""People done in one transaction."""
LONGEST_ERROR = 2000
GIVEN_UP = "given_up"
CHANGED_MEANWHILE = "changed_meanwhile"


class Report(Protocol):
    """Says how far the run is; raises when it is to stop."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done, and how much of how much."""


@dataclass(frozen=True)
class Tools:
    """What it takes to synchronise."""

    begins: Callable[[], AbstractContextManager[UnitOfWork]]
    reads: Callable[[], AbstractContextManager[UnitOfWork]]
    directories: Directories
    sealer: Sealer
    folder: Path
    """For files that may vanish."""
    clock: Callable[[], datetime]
    report: Report


@dataclass(frozen=True)
class _Judged:
    """What is to be done, and what is left until somebody confirms it."""

    doubts: tuple[Doubt, ...]
    held: frozenset[ChangeKind]
    emptied: tuple[str, ...]


def carry_out(tools: Tools, run_id: UUID) -> None:
    """Do a run to its end, whichever that is."""
    with tools.begins() as work:
        begun = begin(work, run_id, sealer=tools.sealer, now=tools.clock())
    if begun is None:
        return
    task, settings = begun
    try:
        with closing(Spool(tools.folder)) as spool:
            _carry_out(tools, task, settings, spool)
    except DirectoryError as error:
        with tools.begins() as work:
            fail(work, run_id, error.reason, error.detail, now=tools.clock())
    except sync_steps.StaleError:
        with tools.begins() as work:
            fail(work, run_id, CHANGED_MEANWHILE, "", now=tools.clock())


def begin(
    work: UnitOfWork, run_id: UUID, *, sealer: Sealer, now: datetime
) -> tuple[Task, LdapSettings] | None:
    """What a run has to go by; None: there is nothing to do any more."""
    gate.require(work, NEEDED)
    run = work.session.get(SyncRun, run_id)
    if run is None or run.state in ENDED:
        return None
    provider = work.session.get_one(IdentityProvider, run.provider_id)
    settings = identity_providers.settings_of(work, provider.id, LdapSettings, sealer=sealer)
    confirmed = work.session.get(SyncRun, run.confirms_id) if run.confirms_id else None
    run.state, run.started_at = SyncState.RUNNING, now
    run.provider_version = provider.version
    # What an earlier attempt only judged is judged anew; what it did is done.
    work.session.execute(
        sa.delete(SyncChange).where(
            SyncChange.run_id == run.id, SyncChange.state != ChangeState.DONE
        )
    )
    rules = policy(provider.policy)
    task = Task(
        run_id=run.id,
        provider_id=provider.id,
        version=provider.version,
        policy=rules,
        is_dry_run=run.is_dry_run,
        creates=rules.creates_users and settings.sync_brings == "everybody",
        percent=settings.sync_percent,
        rule_groups=sync_plans.rule_groups(work, provider.id),
        confirms_id=run.confirms_id,
        confirmed_groups=frozenset(confirmed.emptied if confirmed else ()),
        read_at=now,
    )
    return task, settings


def finish(work: UnitOfWork, task: Task, plan: Plan, read: Reading, *, now: datetime) -> None:
    """The run is at its end: count what it did, and say so where somebody should know."""
    gate.require(work, NEEDED)
    run = work.session.get_one(SyncRun, task.run_id)
    judged = _judge(task, plan)
    run.state = SyncState.HELD if judged.doubts else SyncState.DONE
    run.doubts, run.emptied = list(judged.doubts), list(judged.emptied)
    run.finished_at, run.error = now, ""
    run.server, run.people = read.connection.server, read.spool.count()
    run.groups = read.groups
    run.counts = _counted(work, run.id)
    if run.is_dry_run:
        return
    before = provider_syncs.before(work, run)
    _record_done(work, run, before)
    if judged.doubts and not (before and _is_as_before(run, before)):
        held = sum(_counts_of(run, ChangeState.HELD).get(kind, 0) for kind in TAKES_AWAY)
        _record_refusal(work, run, " ".join(judged.doubts), held)


def fail(work: UnitOfWork, run_id: UUID, reason: str, detail: str, *, now: datetime) -> None:
    """The run did not come to its end; nothing more follows from it."""
    gate.require(work, NEEDED)
    run = work.session.get(SyncRun, run_id)
    if run is None or run.state in ENDED:
        return
    run.state, run.finished_at = SyncState.FAILED, now
    run.error = f"{reason}: {detail}".strip(": ")[:LONGEST_ERROR]
    run.counts = _counted(work, run.id)
    before = provider_syncs.before(work, run)
    is_news = before is None or before.error.partition(":")[0] != reason
    if not run.is_dry_run and (is_news or run.cause is not SyncCause.TIMER):
        _record_refusal(work, run, reason, 0)


def _carry_out(tools: Tools, task: Task, settings: LdapSettings, spool: Spool) -> None:
    whole: list[tuple[Plan, Reading]] = []

    def take(reading: Reading) -> None:
        whole[:] = [(_planned(tools, task, reading), reading)]

    directory_read(
        tools.directories.of(settings),
        spool,
        take,
        now=task.read_at,
        say=lambda what, done: tools.report(f"Reading {what}", done),
    )
    plan, reading = whole[0]
    _do(tools, task, plan, spool)
    with tools.begins() as work:
        finish(work, task, plan, reading, now=tools.clock())


def _planned(tools: Tools, task: Task, reading: Reading) -> Plan:
    total = reading.spool.count()
    if not total:
        raise DirectoryError(Failure.NOBODY, reading.connection.server)
    plan = sync_plans.compare(
        tools.reads, task, reading, lambda done: tools.report("Comparing", done, total)
    )
    limit = most(plan.known, task.percent)
    if task.confirms_id is not None or plan.losses(task).total <= limit:
        sync_plans.look_again(
            tools.reads, task, reading, plan, lambda done: tools.report("Looking again", done)
        )
    return plan


def _do(tools: Tools, task: Task, plan: Plan, spool: Spool) -> None:
    held = _judge(task, plan).held
    total, done = sum(spool.counts().values()), 0
    for steps in spool.steps(size=AT_ONCE):
        tools.report("Changing", done, total)
        judged = [{**each, "state": _state(task, each, held)} for each in steps]
        with tools.begins() as work:
            if task.is_dry_run:
                sync_steps.note_some(work, task, judged)
            else:
                sync_steps.do_some(work, task, judged, now=tools.clock())
        done += len(steps)


def _judge(task: Task, plan: Plan) -> _Judged:
    losses = plan.losses(task)
    return _Judged(
        doubts=doubts(losses, percent=task.percent),
        held=held_kinds(losses, percent=task.percent),
        emptied=losses.emptied,
    )


def _state(task: Task, step: dict[str, Any], held: frozenset[ChangeKind]) -> ChangeState:
    kind = ChangeKind(step["kind"])
    if kind is ChangeKind.REFUSED:
        return ChangeState.REFUSED
    if kind in held and not step["is_confirmed"]:
        return ChangeState.HELD
    return ChangeState.PLANNED if task.is_dry_run else ChangeState.DONE


def _counted(work: UnitOfWork, run_id: UUID) -> dict[str, int]:
    query = (
        sa.select(SyncChange.kind, SyncChange.state, sa.func.count())
        .where(SyncChange.run_id == run_id)
        .group_by(SyncChange.kind, SyncChange.state)
    )
    return {f"{kind}.{state}": count for kind, state, count in work.session.execute(query)}


def _counts_of(run: SyncRun, state: ChangeState) -> dict[str, int]:
    """How many changes came to this, by kind."""
    return {str(kind): run.counts.get(f"{kind}.{state}", 0) for kind in ChangeKind}


def _is_as_before(run: SyncRun, before: SyncRun) -> bool:
    """Whether it asks what the run before it asked, so that nobody is told anew."""
    held, held_before = (_counts_of(each, ChangeState.HELD) for each in (run, before))
    is_same = run.doubts == before.doubts and held == held_before
    return is_same and before.state is SyncState.HELD and before.confirmed_at is None


def _record_done(work: UnitOfWork, run: SyncRun, before: SyncRun | None) -> None:
    counts = _counts_of(run, ChangeState.DONE)
    was_well = before is not None and before.state is SyncState.DONE
    if run.cause is SyncCause.TIMER and not any(counts.values()) and was_well:
        return  # Four times an hour nothing is no news.
    work.record(
        events.GroupsSynchronised(
            about=run.provider_id,
            run_id=str(run.id),
            users=run.people,
            added=counts[ChangeKind.CREATED],
            removed=taken_away(counts),
            changed=counts[ChangeKind.UPDATED] + counts[ChangeKind.RETURNED],
        )
    )


def _record_refusal(work: UnitOfWork, run: SyncRun, reason: str, would_remove: int) -> None:
    work.record(
        events.SynchronisationRefused(
            about=run.provider_id, run_id=str(run.id), reason=reason, would_remove=would_remove
        )
    )
