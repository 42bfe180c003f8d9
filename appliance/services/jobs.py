"""Jobs as people see them: what waits, runs and went wrong; try again, cancel, see progress."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, visible
from appliance.db import paging
from appliance.db.outbox import JobRecord
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.jobs import RULES, Job, JobState
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence

ORDERS = {
    "promised": (JobRecord.created_at, JobRecord.id),
    "kind": (JobRecord.job, JobRecord.created_at, JobRecord.id),
}
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
TO_BE_TRIED_AGAIN = (JobState.DEAD, JobState.CANCELLED)
# What these needed was put away when they failed, so that nothing secret lies around.
ONCE_ONLY = {
    Job.IMPORT_REPOSITORY: sentence("A failed import does not keep its source. Import again."),
    Job.FORK_REPOSITORY: sentence("A failed fork cannot be retried. Delete it and fork again."),
    Job.READ_ARCHIVE: sentence("An import of an archive goes on from its own page."),
    Job.BRING_ARCHIVE: sentence("An import of an archive goes on from its own page."),
}


@dataclass(frozen=True)
class Filter:
    """Which jobs are wanted; None means any."""

    state: JobState | None = None
    job: Job | None = None


def listed(
    work: UnitOfWork,
    wanted: Filter,
    *,
    order: str = "-promised",
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[JobRecord]:
    """One's own jobs, or all of them for administrators; newest first as a rule."""
    query = visible.jobs(work)
    keys, is_descending = paging.in_order(ORDERS, order)
    if wanted.state is not None:
        query = query.where(JobRecord.state == wanted.state)
    if wanted.job is not None:
        query = query.where(JobRecord.job == wanted.job)
    return paging.page(
        work.session,
        query,
        *keys,
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def show(work: UnitOfWork, job_id: UUID) -> JobRecord:
    """One job.

    Errors:
        HiddenError: there is none, or it is somebody else's.
    """
    return fetch.job(work, job_id)


def of_repository(work: UnitOfWork, repository_id: UUID) -> JobRecord | None:
    """The job that works on a repository now or will next, for its progress bar; None without one.

    Errors:
        HiddenError: there is no such repository for this actor.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    return work.session.scalar(
        sa.select(JobRecord)
        .where(JobRecord.about == repository.id, JobRecord.state.in_(UNFINISHED))
        .order_by(JobRecord.state == JobState.QUEUED, JobRecord.created_at)
        .limit(1)
    )


def retry(work: UnitOfWork, job_id: UUID) -> JobRecord:
    """Start a job again that had failed for good or was cancelled.

    Errors:
        HiddenError: there is none.
        RefusedError: only an administrator may.
        ConflictError: it waits, runs or is done, or is of a kind that cannot be taken up again.
    """
    gate.require(work, Permission.INSTANCE_JOBS)
    record = fetch.job(work, job_id)
    if record.state not in TO_BE_TRIED_AGAIN:
        raise ConflictError(
            sentence(
                "This job is %(state)s. Only failed ones can be tried again.", state=record.state
            )
        )
    if record.job in ONCE_ONLY:
        raise ConflictError(ONCE_ONLY[record.job])

    record.state = JobState.QUEUED
    record.attempts_left = RULES[record.job].attempts
    record.not_before = record.relayed_at = record.finished_at = None
    record.cancel_requested = False
    work.record(events.JobRetried(about=record.id, job=record.job))
    return record


def cancel(work: UnitOfWork, job_id: UUID) -> JobRecord:
    """Ask for a job to stop. A worker does it at the next step, so that nothing is left half done.

    Errors:
        HiddenError: there is none, or it is somebody else's.
        ConflictError: it has ended already.
    """
    record = fetch.job(work, job_id)
    if record.state not in UNFINISHED:
        raise ConflictError(sentence("This job is already %(state)s.", state=record.state))

    record.cancel_requested = True
    if record.state is JobState.QUEUED:
        record.not_before = None
        record.attempts_left = max(record.attempts_left, 1)
    work.record(events.JobCancelled(about=record.id, job=record.job))
    return record


def discard(work: UnitOfWork, job_id: UUID) -> JobRecord:
    """Put away a job that failed for good: nobody will try it again by mistake.

    Errors:
        HiddenError: there is none.
        RefusedError: only an administrator may.
        ConflictError: it has not failed for good.
    """
    gate.require(work, Permission.INSTANCE_JOBS)
    record = fetch.job(work, job_id)
    if record.state is not JobState.DEAD:
        raise ConflictError(
            sentence(
                "This job is %(state)s. Only jobs that failed for good can be discarded.",
                state=record.state,
            )
        )
    record.state = JobState.CANCELLED
    work.record(events.JobDiscarded(about=record.id, job=record.job))
    return record


def count_by_state(work: UnitOfWork) -> dict[JobState, int]:
    """How many jobs there are in each state."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    rows = work.session.execute(
        sa.select(JobRecord.state, sa.func.count().label("number")).group_by(JobRecord.state)
    )
    counted = {row.state: row.number for row in rows}
    return {state: counted.get(state, 0) for state in JobState}
