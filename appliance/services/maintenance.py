"""Keeping repositories quick and finding out whether they are sound; the jobs that do so call this.

For maintenance: `is_due_for_care`, then `tidy` step by step, then `note_maintained`. For a check:
`is_due_for_care`, then `examine`, then `note_checked`. What works on the folder runs outside any
transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_wiki, gate
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Origin, Repository, RepositoryHealth
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Permission
from appliance.git import maintenance
from appliance.git.maintenance import Health, Plan, Step

if TYPE_CHECKING:
    from appliance.settings import Settings
    from appliance.wiring import GitTools

DAY_SECONDS = 24 * 3600.0
STEPS = tuple(Step)
"""In this order."""
DRIFT = "drift: "
"""How the problem of a repository begins whose refs are not where the record has them."""


def request_check(work: UnitOfWork, path: str) -> UUID:
    """Have a repository checked now; gives the id of the job that does it, or does so already.

    Errors:
        HiddenError, RefusedError: the actor may not.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_READ)
    pending = _pending_check(work, repository.id)
    if pending is not None:
        return pending
    work.record(
        events.RepositoryCheckRequested(
            about=repository.id, organisation_id=repository.organisation_id
        )
    )
    return _promise_check(work, repository.id)


def is_due_for_care(work: UnitOfWork, repository_id: UUID) -> bool:
    """Whether there is content to look after: not in the bin, not still on its way in.

    Errors:
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    return repository.deleted_at is None and repository.content is Origin.READY


def tidy(repository_id: UUID, step: Step, *, tools: GitTools, rules: Settings) -> None:
    """Do one step of maintenance; safe to repeat and to kill.

    Errors:
        UnavailableError: the repository is being maintained or forked; come back later.
        DamagedError: it cannot be read.
        TimeoutExceededError: it took too long; the repository is as it was.
    """
    plan = Plan(prune_seconds=rules.storage.prune_days * DAY_SECONDS)
    maintenance.maintain(tools.repositories.folder(repository_id), step, plan)


def note_maintained(work: UnitOfWork, repository_id: UUID, *, now: datetime) -> None:
    """Remember that a repository was maintained."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _health(work, repository_id).maintained_at = now


def suspect(work: UnitOfWork, repository_id: UUID, *, now: datetime) -> UUID:
    """Maintenance could not read a repository: have it checked, and leave it alone until tomorrow.

    Gives the id of the job that checks it.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _health(work, repository_id).maintained_at = now
    return _pending_check(work, repository_id) or _promise_check(work, repository_id)


def examine(repository_id: UUID, *, tools: GitTools) -> Health:
    """Whether every object that a ref reaches is there and is what its id says.

    Errors:
        TimeoutExceededError: it took too long to find out.
    """
    return maintenance.check(tools.repositories.folder(repository_id))


def note_checked(work: UnitOfWork, repository_id: UUID, found: Health, *, now: datetime) -> None:
    """Remember what a check found; it is an event only when that has changed."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    health = _health(work, repository_id)
    was_damaged = health.damaged_since is not None
    health.checked_at = now
    health.problem = "\n".join(f"{each.kind}: {each.words}" for each in found.problems)
    if was_damaged is found.is_sound:
        health.damaged_since = None if found.is_sound else now
        work.record(_event(repository, found))


def note_drift(work: UnitOfWork, repository_id: UUID, *, refs: int) -> None:
    """Remember until the next check that refs had moved unseen; each has its own event."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if refs:
        health = _health(work, repository_id)
        said = f"{DRIFT}{refs} refs were not where the record has them"
        health.problem = "\n".join(filter(None, (said, health.problem)))


def _event(repository: Repository, found: Health) -> events.Event:
    about, organisation_id = repository.id, repository.organisation_id
    if found.is_sound:
        return events.RepositoryFoundSound(about=about, organisation_id=organisation_id)
    return events.RepositoryFoundDamaged(
        about=about, organisation_id=organisation_id, problems=len(found.problems)
    )


def _pending_check(work: UnitOfWork, repository_id: UUID) -> UUID | None:
    return work.session.scalar(
        sa.select(JobRecord.id).where(
            JobRecord.job == Job.CHECK_REPOSITORY,
            JobRecord.about == repository_id,
            JobRecord.state.in_((JobState.QUEUED, JobState.RUNNING)),
        )
    )


def _promise_check(work: UnitOfWork, repository_id: UUID) -> UUID:
    return work.later(Job.CHECK_REPOSITORY, about=repository_id, repository_id=str(repository_id))


def _health(work: UnitOfWork, repository_id: UUID) -> RepositoryHealth:
    health = work.session.get(RepositoryHealth, repository_id)
    if health is None:
        health = RepositoryHealth(id=repository_id)
        work.session.add(health)
    return health
