"""How a job fares, step by step: what relay, workers and the sweep do with its row.

The row is the truth, the queue only carries its id. Every change names the state and the attempt it
expects, so that of two workers with the same id one gets nothing, and a worker that was believed
dead can no longer say anything about a job that somebody else has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.outbox import JobRecord
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.jobs import Job, JobState, retry_delay_seconds
from appliance.domain.permissions import Permission
from appliance.errors import sentence

ERROR_CHARACTERS = 2000
STEP_CHARACTERS = 200
WORKER_DIED = sentence("The worker ended in the middle of it.")


@dataclass(frozen=True)
class Waiting:
    """A job that is to go to the queue."""

    id: UUID
    job: Job
    attempt: int


@dataclass(frozen=True)
class Claimed:
    """A job that is this worker's, for as long as it keeps the lease."""

    id: UUID
    job: Job
    attempt: int
    arguments: dict[str, Any]
    about: UUID | None
    promised_by: UUID | None
    is_cancelled: bool
    """Somebody cancelled it before it began."""


CLAIMED = (
    JobRecord.id,
    JobRecord.job,
    JobRecord.attempt,
    JobRecord.arguments,
    JobRecord.about,
    JobRecord.promised_by,
    JobRecord.cancel_requested,
)


@dataclass(frozen=True)
class Beat:
    """What a worker learns when it extends its lease."""

    is_ours: bool
    is_cancelled: bool


def waiting(work: UnitOfWork, *, now: datetime, limit: int) -> list[Waiting]:
    """The jobs whose time has come and that the queue does not know of, oldest first."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    rows = work.session.execute(
        sa.select(JobRecord.id, JobRecord.job, JobRecord.attempt)
        .where(JobRecord.state == JobState.QUEUED, JobRecord.relayed_at.is_(None), _is_due(now))
        .order_by(JobRecord.created_at, JobRecord.id)
        .limit(limit)
    )
    return [Waiting(*row) for row in rows]


def note_relayed(work: UnitOfWork, sent: Iterable[Waiting], *, now: datetime) -> None:
    """Remember that the queue has these. One that has run and come back since stays waiting."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    for each in sent:
        work.session.execute(
            sa.update(JobRecord)
            .where(
                JobRecord.id == each.id,
                JobRecord.attempt == each.attempt,
                JobRecord.relayed_at.is_(None),
                _is_due(now),
            )
            .values(relayed_at=now)
        )


def claim(work: UnitOfWork, job_id: UUID, *, until: datetime, now: datetime) -> Claimed | None:
    """Take a job, if nobody else has it and it was not cancelled meanwhile."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    taken = work.session.execute(
        sa.update(JobRecord)
        .where(
            JobRecord.id == job_id,
            JobRecord.state == JobState.QUEUED,
            JobRecord.attempts_left > 0,
            _is_due(now),
        )
        .values(
            state=JobState.RUNNING,
            attempt=JobRecord.attempt + 1,
            attempts_left=JobRecord.attempts_left - 1,
            started_at=now,
            leased_until=until,
            finished_at=None,
            step="",
            progress_done=0,
            progress_total=0,
        )
        .returning(*CLAIMED)
    ).first()
    return None if taken is None else Claimed(*taken)


def extend(work: UnitOfWork, claimed: Claimed, *, until: datetime) -> Beat:
    """Keep the lease, and learn whether somebody wants the job cancelled."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.execute(
        _ours(claimed).values(leased_until=until).returning(JobRecord.cancel_requested)
    ).first()
    return Beat(is_ours=row is not None, is_cancelled=row is not None and row[0])


def note_progress(
    work: UnitOfWork, claimed: Claimed, *, step: str, done: int, total: int, until: datetime
) -> Beat:
    """Say how far the job is, which extends the lease too."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.execute(
        _ours(claimed)
        .values(
            step=step[:STEP_CHARACTERS],
            progress_done=done,
            progress_total=total,
            leased_until=until,
        )
        .returning(JobRecord.cancel_requested)
    ).first()
    return Beat(is_ours=row is not None, is_cancelled=row is not None and row[0])


def finish(work: UnitOfWork, claimed: Claimed, *, now: datetime) -> None:
    """The job is done."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    work.session.execute(
        _ours(claimed).values(
            state=JobState.DONE, finished_at=now, leased_until=None, error="", step=""
        )
    )


def note_cancelled(work: UnitOfWork, claimed: Claimed, *, now: datetime) -> None:
    """The job has stopped because somebody cancelled it."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _end(work, claimed, JobState.CANCELLED, now=now, error="")


def fail(work: UnitOfWork, claimed: Claimed, *, error: str, is_final: bool, now: datetime) -> bool:
    """The job went wrong: it waits and is tried again, or is dead after its last attempt.

    Gives whether it is dead. `is_final` says that trying again would not help.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    error = error[:ERROR_CHARACTERS]
    left = work.session.scalar(
        sa.select(JobRecord.attempts_left).where(*_is_ours(claimed)).with_for_update()
    )
    if left is None:
        return False
    if left == 0 or is_final:
        _end(work, claimed, JobState.DEAD, now=now, error=error)
        work.record(events.JobDied(about=claimed.id, job=claimed.job, error=error))
        return True
    again_at = now + timedelta(seconds=retry_delay_seconds(claimed.attempt))
    work.session.execute(
        _ours(claimed).values(error=error, **_back_to_the_queue(), not_before=again_at)
    )
    return False


def give_back(work: UnitOfWork, claimed: Claimed) -> None:
    """The worker has to go: the job returns to the queue and has lost no attempt."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    work.session.execute(
        _ours(claimed).values(
            **_back_to_the_queue(), attempts_left=JobRecord.attempts_left + 1, not_before=None
        )
    )


def recover(work: UnitOfWork, *, now: datetime) -> list[Claimed]:
    """Put back the jobs whose worker has died; gives those for which it was the last attempt."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    lost = sa.and_(JobRecord.state == JobState.RUNNING, JobRecord.leased_until < now)
    dead = work.session.execute(
        sa.update(JobRecord)
        .where(lost, JobRecord.attempts_left == 0)
        .values(state=JobState.DEAD, finished_at=now, leased_until=None, error=WORKER_DIED)
        .returning(*CLAIMED)
    ).all()
    work.session.execute(
        sa.update(JobRecord).where(lost).values(**_back_to_the_queue(), not_before=None)
    )
    jobs = [Claimed(*row) for row in dead]
    for job in jobs:
        work.record(events.JobDied(about=job.id, job=job.job, error=WORKER_DIED))
    return jobs


def unclaimed(work: UnitOfWork, *, relayed_before: datetime, limit: int) -> list[UUID]:
    """The jobs that the queue has had for a while and nobody has taken."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(JobRecord.id).where(
        JobRecord.state == JobState.QUEUED, JobRecord.relayed_at < relayed_before
    )
    return list(work.session.scalars(query.order_by(JobRecord.relayed_at).limit(limit)))


def send_again(work: UnitOfWork, job_ids: list[UUID]) -> None:
    """The queue has lost these: they are to be relayed once more."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    work.session.execute(
        sa.update(JobRecord)
        .where(JobRecord.id.in_(job_ids), JobRecord.state == JobState.QUEUED)
        .values(relayed_at=None)
    )


def forget(work: UnitOfWork, *, before: datetime, limit: int = 5000) -> int:
    """Remove jobs that ended well long ago; gives how many. Dead ones stay until retried."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    old = (
        sa.select(JobRecord.id)
        .where(
            JobRecord.state.in_((JobState.DONE, JobState.CANCELLED)),
            JobRecord.finished_at < before,
        )
        .limit(limit)
    )
    removed = work.session.execute(
        sa.delete(JobRecord).where(JobRecord.id.in_(old)).returning(JobRecord.id)
    )
    return len(removed.all())


def _end(work: UnitOfWork, claimed: Claimed, state: JobState, *, now: datetime, error: str) -> None:
    work.session.execute(
        _ours(claimed).values(state=state, finished_at=now, leased_until=None, error=error)
    )


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(JobRecord.not_before.is_(None), JobRecord.not_before <= now)


def _is_ours(claimed: Claimed) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        JobRecord.id == claimed.id,
        JobRecord.state == JobState.RUNNING,
        JobRecord.attempt == claimed.attempt,
    )


def _ours(claimed: Claimed) -> sa.Update:
    return sa.update(JobRecord).where(*_is_ours(claimed))


def _back_to_the_queue() -> dict[str, Any]:
    return {"state": JobState.QUEUED, "relayed_at": None, "leased_until": None}
