"""Regular work: what is due is promised once, however many schedulers look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.outbox import JobRecord, RegularJob
from appliance.db.repositories import Repository, RepositoryHealth
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Permission


@dataclass(frozen=True)
class Regular:
    """Something that is to happen again and again."""

    name: str
    every: timedelta


def take_turn(work: UnitOfWork, regular: Regular, *, now: datetime) -> bool:
    """Whether this is due and now ours to do; it is due again one interval later.

    In the same transaction one promises what is to be done. The first time, it is due at once.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    due_at = work.session.scalar(
        sa.select(RegularJob.due_at).where(RegularJob.name == regular.name)
    )
    following = now + regular.every
    if due_at is None:
        work.session.add(RegularJob(name=regular.name, due_at=following))
        work.session.flush()  # Another scheduler may be doing the same; the name is unique.
        return True
    # A clock that was set back must not stop the schedule for as long as it was wrong.
    if now < due_at <= following:
        return False
    moved = work.session.execute(
        sa.update(RegularJob)
        .where(RegularJob.name == regular.name, RegularJob.due_at == due_at)
        .values(due_at=following)
        .returning(RegularJob.id)
    )
    return moved.first() is not None


def promise(work: UnitOfWork, job: Job) -> UUID | None:
    """Promise a job without arguments, unless the same is waiting or running already."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    pending = sa.select(JobRecord.id).where(
        JobRecord.job == job,
        JobRecord.about.is_(None),
        JobRecord.state.in_((JobState.QUEUED, JobState.RUNNING)),
    )
    if work.session.scalar(sa.select(pending.exists())):
        return None
    return work.later(job)


def promise_for_repositories(
    work: UnitOfWork, job: Job, *, older_than: timedelta, limit: int, now: datetime
) -> int:
    """Promise a job for each of the repositories whose last one is longest ago.

    `job` is MAINTAIN_REPOSITORY or CHECK_REPOSITORY. Gives how many were promised.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    last = {
        Job.MAINTAIN_REPOSITORY: RepositoryHealth.maintained_at,
        Job.CHECK_REPOSITORY: RepositoryHealth.checked_at,
    }[job]
    pending = sa.select(JobRecord.about).where(
        JobRecord.job == job,
        JobRecord.about.is_not(None),
        JobRecord.state.in_((JobState.QUEUED, JobState.RUNNING)),
    )
    due = (
        sa.select(Repository.id)
        .outerjoin(RepositoryHealth, RepositoryHealth.id == Repository.id)
        .where(
            Repository.deleted_at.is_(None),
            sa.or_(last.is_(None), last < now - older_than),
            Repository.id.not_in(pending),
        )
        .order_by(last.is_not(None), last, Repository.id)
        .limit(limit)
    )
    found = list(work.session.scalars(due))
    for repository_id in found:
        work.later(job, about=repository_id, repository_id=str(repository_id))
    return len(found)
