"""Exports of the audit log that the appliance makes and keeps for a while, to be downloaded."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_log, gate
from appliance.db.audit_exports import AuditExport
from appliance.db.outbox import JobRecord
from appliance.db.paging import USUAL_LIMIT, Page, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain.identity import Actor, Method, Origin
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
    UnavailableError,
    sentence,
)
from appliance.services import identify
from appliance.services.audit_log import bundle, drafts, files, tables, trees
from appliance.services.audit_log import export as audit_export
from appliance.services.audit_log.export import Exported, Form, Opens, Plan, Progress, Wanted

if TYPE_CHECKING:
    from appliance.wiring import LogTools

MOST_UNFINISHED = 4
"""That one person may wait for at the same time."""
REMEMBERED = timedelta(days=30)
"""So long it is said that there was one, after its file has gone."""
ENDINGS = {Form.BUNDLE: "zip", Form.JSONL: "jsonl.gz", Form.CSV: "csv"}


class State(StrEnum):
    """Where an export is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True)
class Shown:
    """An export, with how far it is."""

    row: AuditExport
    state: State
    done: int
    total: int


@dataclass(frozen=True)
class Task:
    """An export that is to be made."""

    id: UUID
    actor: Actor
    """Who asked for it: it is made with what they may read now."""
    plan: Plan
    form: Form


def request(work: UnitOfWork, wanted: Wanted, form: Form, *, now: datetime) -> UUID:
    """Ask for an export; gives its id.

    Errors:
        HiddenError, RefusedError, InvalidError, NotFoundError: as for a plan.
        ConflictError: the actor waits for several already.
    """
    gate.require_elevation(work, Permission.AUDIT_READ, sensitive=True)
    chosen = dataclasses.replace(
        wanted, selection=audit_export.selection(work, wanted.query, wanted.log, now=now)
    )
    plan = audit_export.plan(work, chosen, now=now)
    waiting = sa.select(sa.func.count()).where(
        AuditExport.asked_by == work.actor.id, AuditExport.finished_at.is_(None)
    )
    if (work.session.scalar(waiting) or 0) >= MOST_UNFINISHED:
        raise ConflictError(sentence("Wait until the exports you asked for before are done."))
    export = AuditExport(
        id=new_id(),
        asked_by=work.actor.id,
        log=plan.wanted.log and plan.parts[0].tree.name,
        format=str(form),
        query=wanted.query,
        since=plan.wanted.since,
        until=plan.wanted.until,
        known_sizes=list(wanted.known_sizes),
        created_at=now,
    )
    work.session.add(export)
    export.job_id = work.later(Job.EXPORT_AUDIT_LOG, about=export.id, export_id=str(export.id))
    audit_export.note_request(work, plan, form, export.id)
    return export.id


def listed(
    work: UnitOfWork, *, now: datetime, after: str | None = None, limit: int = USUAL_LIMIT
) -> Page[Shown]:
    """One's own exports, newest first; for who may read all logs, everybody's."""
    sees_all = fetch_log.reads_all(work)
    query = sa.select(AuditExport)
    if not sees_all:
        query = query.where(AuditExport.asked_by == work.actor.id)
    found = page(
        work.session,
        query,
        AuditExport.id,
        make=lambda row: row[0],
        after=after,
        limit=limit,
        newest_first=True,
    )
    return Page([_shown(work, row, now) for row in found.items], found.next)


def show(work: UnitOfWork, export_id: UUID, *, now: datetime) -> Shown:
    """An export: one's own, or anybody's for who may read all logs.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _shown(work, fetch_log.export(work, export_id), now)


def take(work: UnitOfWork, export_id: UUID, *, folder: Path, now: datetime) -> tuple[Shown, Path]:
    """The file of an export that is being downloaded, which is recorded.

    Errors:
        HiddenError, RefusedError: as for `show`, or the actor may not read the log any more.
        NotFoundError: it is not ready, or its file has gone.
    """
    shown = _shown(work, fetch_log.export(work, export_id), now)
    gate.require_elevation(work, Permission.AUDIT_READ, sensitive=True)
    _insist_on_reach(work, shown.row)
    path = file_of(folder, shown.row.id, Form(shown.row.format))
    if shown.state is not State.READY or not path.exists():
        raise NotFoundError(sentence("There is no file of this export, or not yet."))
    work.record(
        events.AuditExportDownloaded(
            about=export_id,
            organisation_id=trees.organisation_of(shown.row.log),
            size_bytes=shown.row.size_bytes,
        )
    )
    return shown, path


def _insist_on_reach(work: UnitOfWork, export: AuditExport) -> None:
    """Whether the actor may still read what is in the file."""
    if not export.log:
        gate.require(work, Permission.AUDIT_READ)
        return
    _, reach = fetch_log.reach(work, export.log)
    begins_late = reach.since is None or (export.since and export.since >= reach.since)
    ends_early = reach.until is None or (export.until and export.until <= reach.until)
    if not begins_late or not ends_early:
        raise RefusedError(
            sentence("Your access to this log has changed. Request the export again.")
        )


def begin(work: UnitOfWork, export_id: UUID) -> Task | None:
    """What is to be done for an export; nothing if it is done, or was given up.

    Errors:
        UnauthenticatedError: who asked for it may not enter any more.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    export = work.session.get(AuditExport, export_id)
    if export is None or export.finished_at is not None:
        return None
    user = work.session.get(User, export.asked_by) if export.asked_by else None
    if user is None or user.state is not UserState.ACTIVE:
        raise UnauthenticatedError(sentence("Whoever requested this export can no longer sign in."))
    origin = Origin(request_id=export.id.hex[-16:])
    actor = identify.of_user(user, origin, Method.INTERNAL, None)
    wanted = Wanted(
        log=export.log,
        query=export.query,
        since=export.since,
        until=export.until,
        known_sizes=tuple(export.known_sizes),
    )
    # The last seven days are those before it was asked for, however late it is made.
    return Task(export_id, actor, Plan(wanted, (), export.created_at), Form(export.format))


def plan(work: UnitOfWork, task: Task, *, now: datetime) -> Task:
    """The same task with its plan, made in the name of who asked.

    Errors:
        HiddenError, RefusedError, NotFoundError: they may not read the logs any more.
    """
    gate.require_elevation(work, Permission.AUDIT_READ)
    wanted, asked_at = task.plan.wanted, task.plan.made_at
    chosen = audit_export.selection(work, wanted.query, wanted.log, now=asked_at)
    made = audit_export.plan(work, dataclasses.replace(wanted, selection=chosen), now=now)
    return dataclasses.replace(task, plan=made)


def write(
    opens: Opens, task: Task, *, folder: Path, tools: LogTools, progress: Progress
) -> Exported:
    """Write the file of an export, on from where a worker that died had come.

    Errors:
        UnavailableError: there is no room; what was written is kept.
        InvalidError: it cannot be written.
        HiddenError, RefusedError: who asked for it may not read the logs any more.
    """
    target = file_of(folder, task.id, task.form)
    files.remove(target)  # Whole, but nobody was told.
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(
            sentence("%(folder)s cannot be written: %(why)s.", folder=folder, why=error.strerror)
        ) from error
    if task.form is Form.BUNDLE:
        return bundle.write(opens, task.plan, target, tools=tools, progress=progress)
    return tables.write(opens, task.plan, target, form=task.form, tools=tools, progress=progress)


def finish(work: UnitOfWork, task: Task, done: Exported, *, now: datetime, kept_days: int) -> None:
    """Say that an export is ready."""
    gate.require_elevation(work, Permission.AUDIT_READ)
    export = work.session.get(AuditExport, task.id)
    if export is None or export.finished_at is not None:
        return
    export.entries, export.matched = done.counts.entries, done.counts.matched
    export.bodies, export.personal_values = done.counts.bodies, done.counts.values
    export.size_bytes, export.sha256 = done.size_bytes, done.sha256
    export.finished_at, export.expires_at = now, now + timedelta(days=kept_days)
    audit_export.note_done(work, done, task.form, task.id)


def give_up(work: UnitOfWork, export_id: UUID, *, reason: str, now: datetime) -> None:
    """Say that there will be no file."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    export = work.session.get(AuditExport, export_id)
    if export is None or export.finished_at is not None:
        return
    export.error, export.finished_at = reason, now
    work.record(
        events.AuditExportFailed(
            about=export_id,
            organisation_id=trees.organisation_of(export.log),
            reason=reason,
        )
    )


def sweep(work: UnitOfWork, *, now: datetime) -> list[tuple[UUID, Form]]:
    """The exports whose files are to go; those that went long ago are forgotten."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    work.session.execute(sa.delete(AuditExport).where(AuditExport.finished_at < now - REMEMBERED))
    late = work.session.scalars(sa.select(AuditExport).where(AuditExport.expires_at < now))
    return [(each.id, Form(each.format)) for each in late]


@gate.open_to_everyone(because="it is the nightly task that asks, and it is told ids alone")
def unfinished(work: UnitOfWork) -> frozenset[UUID]:
    """The exports that are still to be made."""
    return frozenset(
        work.session.scalars(sa.select(AuditExport.id).where(AuditExport.finished_at.is_(None)))
    )


def sweep_drafts(folder: Path, unfinished_ids: frozenset[UUID]) -> None:
    """Remove what was begun of exports that nobody will finish."""
    kept = {
        drafts.folder_of(file_of(folder, each, form)) for each in unfinished_ids for form in Form
    }
    for each in folder.glob(".*"):
        if each not in kept:
            files.remove(each)


def file_of(folder: Path, export_id: UUID, form: Form) -> Path:
    """Where the file of an export is."""
    return folder / f"{export_id}.{ENDINGS[form]}"


def forget_file(folder: Path, export_id: UUID, form: Form) -> None:
    """Remove the file of an export, and what was begun of it."""
    target = file_of(folder, export_id, form)
    files.remove(target)
    drafts.discard(target)


def _shown(work: UnitOfWork, row: AuditExport, now: datetime) -> Shown:
    job = work.session.get(JobRecord, row.job_id) if row.job_id else None
    done, total = (job.progress_done, job.progress_total) if job else (0, 0)
    if row.error:
        state = State.FAILED
    elif row.finished_at is None:
        state = State.RUNNING if job is not None and job.started_at else State.WAITING
    else:
        state = State.GONE if row.expires_at and row.expires_at <= now else State.READY
        done = total = row.entries
    return Shown(row, state, done, total)
