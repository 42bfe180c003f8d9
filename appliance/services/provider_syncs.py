"""Synchronising with a directory, as people see it: ask for a run, read its report, confirm it.

What a run does is in `sync_runs.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access import fetch_provider, gate
from appliance.access.gate import open_to_everyone
from appliance.db import paging
from appliance.db.identity_providers import IdentityProvider
from appliance.db.outbox import JobRecord
from appliance.db.provider_syncs import SyncChange, SyncRun
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.domain.provider_syncs import (
    TAKES_AWAY,
    ChangeKind,
    ChangeState,
    SyncCause,
    SyncState,
)
from appliance.errors import ConflictError, NotFoundError, sentence
from appliance.federation import provider_settings
from appliance.federation.kinds import SETTINGS_OF
from appliance.services import jobs

NEEDED = Permission.PROVIDERS_MANAGE
UNFINISHED = (SyncState.WAITING, SyncState.RUNNING)
TO_CONFIRM = timedelta(days=7)
"""How long a report may be confirmed: after that, who remembers what it was about?"""
KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 50


@dataclass(frozen=True)
class Shown:
    """A run, who asked for it, and whether its report waits to be confirmed."""

    run: SyncRun
    provider: str
    asked_by: str
    waits: bool

    @property
    def held(self) -> int:
        """How many people would lose something."""
        return sum(self.run.counts.get(f"{kind}.{ChangeState.HELD}", 0) for kind in TAKES_AWAY)


@dataclass(frozen=True)
class ShownChange:
    """What happened to one person, and what they are called now."""

    change: SyncChange
    user: str
    """Empty where they are no user."""


@dataclass(frozen=True)
class Standing:
    """How synchronising with one directory stands, for who watches over it."""

    label: str
    state: SyncState
    since: datetime


def request(work: UnitOfWork, name: str, *, is_dry_run: bool, now: datetime) -> Shown:
    """Compare everybody with a directory, soon after this; a dry run changes nothing.

    Errors:
        ConflictError: it is no directory, it is switched off, or a run is under way.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    _insist_on_directory(provider)
    if not provider.is_enabled and not is_dry_run:
        raise ConflictError(
            sentence("Enable %(label)s first, or make a dry run.", label=provider.label)
        )
    run = _begin(work, provider, SyncCause.PERSON, is_dry_run=is_dry_run, now=now)
    work.record(
        events.SynchronisationRequested(
            about=provider.id, run_id=str(run.id), is_dry_run=is_dry_run
        )
    )
    return _shown(work, run, provider, now)


def runs(
    work: UnitOfWork,
    name: str,
    *,
    now: datetime,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Shown]:
    """The reports of a directory, newest first."""
    provider = fetch_provider.provider(work, name, NEEDED)
    return paging.page(
        work.session,
        sa.select(SyncRun).where(SyncRun.provider_id == provider.id),
        SyncRun.created_at,
        SyncRun.id,
        make=lambda row: _shown(work, row[0], provider, now),
        after=after,
        limit=limit,
        newest_first=True,
    )


def show(work: UnitOfWork, name: str, run_id: UUID, *, now: datetime) -> Shown:
    """One report.

    Errors:
        NotFoundError: there is none of this directory.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    return _shown(work, _run(work, provider, run_id), provider, now)


def changes(
    work: UnitOfWork,
    name: str,
    run_id: UUID,
    *,
    kind: ChangeKind | None = None,
    state: ChangeState | None = None,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[ShownChange]:
    """What a run did, person by person, in the order in which it came to them.

    Errors:
        NotFoundError: there is no such report of this directory.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    run = _run(work, provider, run_id)
    query = (
        sa.select(SyncChange, sa.func.coalesce(User.name, ""))
        .outerjoin(User, User.id == SyncChange.user_id)
        .where(SyncChange.run_id == run.id)
    )
    if kind is not None:
        query = query.where(SyncChange.kind == kind)
    if state is not None:
        query = query.where(SyncChange.state == state)
    return paging.page(
        work.session,
        query,
        SyncChange.id,
        make=lambda row: ShownChange(row[0], row[1]),
        after=after,
        limit=limit,
    )


def confirm(work: UnitOfWork, name: str, run_id: UUID, *, now: datetime) -> Shown:
    """Let happen what a report says would be taken away, and nothing else of that kind: the
    directory is read once more, and what it says then must agree. Gives the new run.

    Errors:
        NotFoundError: there is no such report of this directory.
        ConflictError: nothing of it waits, it is too old, the directory was told something else
            since, or a run is under way.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    held = _run(work, provider, run_id)
    shown = _shown(work, held, provider, now)
    if not shown.waits:
        raise ConflictError(
            sentence("Nothing of this report waits to be confirmed. Synchronise once more.")
        )
    run = _begin(work, provider, SyncCause.CONFIRMED, is_dry_run=False, now=now)
    run.confirms_id = held.id
    held.confirmed_at = now
    work.record(
        events.SynchronisationConfirmed(
            about=provider.id,
            run_id=str(run.id),
            confirmed_run_id=str(held.id),
            removes=shown.held,
        )
    )
    return _shown(work, run, provider, now)


def promise_due(work: UnitOfWork, *, now: datetime) -> int:
    """Begin a run for each directory whose time has come; gives for how many."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(IdentityProvider).where(
        IdentityProvider.is_enabled.is_(True), IdentityProvider.kind == ProviderKind.LDAP
    )
    found = 0
    for provider in work.session.scalars(query).all():
        last, is_running = _last(work, provider.id)
        minutes = int(provider.settings.get("sync_minutes", _usual_minutes()))
        is_due = last is None or last + timedelta(minutes=minutes) <= now or last > now
        if minutes and is_due and not is_running:
            _begin(work, provider, SyncCause.TIMER, is_dry_run=False, now=now)
            found += 1
    return found


def standing(work: UnitOfWork) -> list[Standing]:
    """How the last whole run of each directory in use ended."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    latest = (
        sa.select(
            SyncRun,
            IdentityProvider.label,
            sa.func.row_number()
            .over(partition_by=SyncRun.provider_id, order_by=SyncRun.created_at.desc())
            .label("place"),
        )
        .join(IdentityProvider, IdentityProvider.id == SyncRun.provider_id)
        .where(
            IdentityProvider.is_enabled.is_(True),
            SyncRun.is_dry_run.is_(False),
            SyncRun.finished_at.is_not(None),
        )
        .subquery()
    )
    run = orm.aliased(SyncRun, latest)
    rows = work.session.execute(sa.select(run, latest.c.label).where(latest.c.place == 1))
    return [Standing(row[1], row[0].state, row[0].created_at) for row in rows]


def forget(work: UnitOfWork, *, now: datetime) -> int:
    """Remove old reports; gives how many."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    old = (
        sa.select(SyncRun.id)
        .where(SyncRun.created_at < now - KEPT, SyncRun.state.not_in(UNFINISHED))
        .limit(FORGOTTEN_AT_ONCE)
    )
    removed = work.session.execute(
        sa.delete(SyncRun).where(SyncRun.id.in_(old)).returning(SyncRun.id)
    )
    return len(removed.all())


@open_to_everyone(because="it only says how a run ended before this one, for the run itself")
def before(work: UnitOfWork, run: SyncRun) -> SyncRun | None:
    """The whole run that ended last before this one."""
    return work.session.scalar(
        sa.select(SyncRun)
        .where(
            SyncRun.provider_id == run.provider_id,
            SyncRun.id != run.id,
            SyncRun.is_dry_run.is_(False),
            SyncRun.finished_at.is_not(None),
        )
        .order_by(SyncRun.created_at.desc())
        .limit(1)
    )


def _begin(
    work: UnitOfWork,
    provider: IdentityProvider,
    cause: SyncCause,
    *,
    is_dry_run: bool,
    now: datetime,
) -> SyncRun:
    _, is_running = _last(work, provider.id)
    if is_running:
        raise ConflictError(
            sentence("%(label)s is already being synchronised.", label=provider.label)
        )
    run = SyncRun(
        id=new_id(),
        provider_id=provider.id,
        cause=cause,
        asked_by_id=work.actor.id,
        is_dry_run=is_dry_run,
        state=SyncState.WAITING,
        provider_version=provider.version,
        created_at=now,
        counts={},
        doubts=[],
        emptied=[],
    )
    run.job_id = work.later(Job.SYNCHRONISE, about=provider.id, run_id=str(run.id))
    work.session.add(run)
    work.session.flush()  # What is shown is asked of the rows.
    return run


def _last(work: UnitOfWork, provider_id: UUID) -> tuple[datetime | None, bool]:
    """When the last whole run began, and whether any is under way."""
    of_it = SyncRun.provider_id == provider_id
    last = sa.select(SyncRun.created_at).where(of_it, SyncRun.is_dry_run.is_(False))
    working = sa.select(JobRecord.id).where(JobRecord.state.in_(jobs.UNFINISHED))
    running = of_it, SyncRun.state.in_(UNFINISHED)
    # A run whose job was cancelled comes to no end by itself.
    work.session.execute(
        sa.update(SyncRun)
        .where(*running, SyncRun.job_id.not_in(working))
        .values(state=SyncState.FAILED, error="cancelled", finished_at=work.begun_at)
    )
    return (
        work.session.scalar(last.order_by(SyncRun.created_at.desc()).limit(1)),
        bool(work.session.scalar(sa.select(sa.select(SyncRun.id).where(*running).exists()))),
    )


def _run(work: UnitOfWork, provider: IdentityProvider, run_id: UUID) -> SyncRun:
    found = work.session.get(SyncRun, run_id)
    if found is None or found.provider_id != provider.id:
        raise NotFoundError(sentence("%(name)s has no such report.", name=provider.name))
    return found


def _shown(work: UnitOfWork, run: SyncRun, provider: IdentityProvider, now: datetime) -> Shown:
    waits = (
        run.state is SyncState.HELD
        and not run.is_dry_run
        and run.confirmed_at is None
        and run.provider_version == provider.version
        and now - run.created_at < TO_CONFIRM
    )
    user = work.session.get(User, run.asked_by_id) if run.asked_by_id else None
    return Shown(run, provider.name, user.name if user else "", waits)


def _insist_on_directory(provider: IdentityProvider) -> None:
    if provider.kind is not ProviderKind.LDAP:
        raise ConflictError(sentence("Only an LDAP directory is synchronised with."))


def _usual_minutes() -> int:
    fields = provider_settings.form_of(SETTINGS_OF[ProviderKind.LDAP])
    return next(int(str(each.usual)) for each in fields if each.name == "sync_minutes")
