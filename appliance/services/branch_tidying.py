"""Deleting merged branches after as many days as a policy says, and bringing them back.

promise_due   the agenda asks where a policy has not looked lately
plan          the job asks what there is to do
look          git says which branches have had their time
note          what was deleted is written down, so that it can be brought back

The branches themselves go the way of every change (`ref_moving`), so that the rules count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import paging
from appliance.db.organisations import Organisation
from appliance.db.outbox import JobRecord
from appliance.db.pulls import DeletedBranch, MergeRules
from appliance.db.repositories import Origin, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.branch_health import is_due
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.errors import ApplianceError, NotFoundError, sentence
from appliance.services import branch_health, files, history, merge_settings
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.services.branch_health import Branch, Known
    from appliance.services.files import OpenRepository

KEPT = timedelta(days=90)
"""How long it is remembered what was deleted."""
LOOKS_EVERY = timedelta(hours=20)


@dataclass(frozen=True)
class Plan:
    """Where a policy looks, and what it says."""

    repository: OpenRepository
    known: Known
    days: int


@dataclass(frozen=True)
class Due:
    """A branch that has had its time."""

    branch: Branch
    merged_at: datetime


@dataclass(frozen=True)
class Look:
    """What a policy deletes, and what it does not, though nothing would be lost with it."""

    due: list[Due]
    only_behind: list[Branch]
    """At an earlier place of the default branch, and never ahead of it."""


def promise_due(work: UnitOfWork, *, limit: int, now: datetime) -> int:
    """Promise a look where a policy is switched on and has not looked lately; how many.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    looked = sa.select(JobRecord.about).where(
        JobRecord.job == Job.DELETE_MERGED_BRANCHES,
        JobRecord.about.is_not(None),
        JobRecord.created_at > now - LOOKS_EVERY,
    )
    days = sa.func.coalesce(MergeRules.merged_branch_days, Organisation.merged_branch_days, 0)
    query = (
        sa.select(Repository.id)
        .outerjoin(MergeRules, MergeRules.id == Repository.id)
        .outerjoin(Organisation, Organisation.id == Repository.organisation_id)
        .where(
            days > 0,
            Repository.deleted_at.is_(None),
            Repository.archived_at.is_(None),
            Repository.wiki_of_id.is_(None),
            Repository.content == Origin.READY,
            Repository.id.not_in(looked),
        )
        .order_by(Repository.id)
        .limit(limit)
    )
    found = list(work.session.scalars(query))
    for repository_id in found:
        work.later(
            Job.DELETE_MERGED_BRANCHES, about=repository_id, repository_id=str(repository_id)
        )
    return len(found)


def plan_of(work: UnitOfWork, repository_id: UUID, *, repositories: RepositoryStore) -> Plan:
    """What a job has to know of a repository.

    Errors:
        HiddenError: there is none any more.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_MAINTAIN)
    return plan(work, repository.path, repositories=repositories)


def plan(work: UnitOfWork, path: str, *, repositories: RepositoryStore) -> Plan:
    """What a policy says of a repository, for those who maintain it.

    Errors:
        HiddenError, MovedError, RefusedError: the actor may not.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_MAINTAIN)
    opened = files.opened(work, path, repositories=repositories)
    days = merge_settings.of(work, repository).merged_branch_days
    return Plan(opened, branch_health.known(work, path), days)


@open_to_everyone(because="whoever has a plan was asked whether they may see it")
def look(planned: Plan, *, now: datetime, days: int | None = None) -> Look:
    """The branches that the policy deletes now; or one of so many days, to try it out.

    What git cannot say in time stays.
    """
    wanted = planned.days if days is None else days
    if wanted <= 0:
        return Look([], [])
    every = history.branches(planned.repository, limit=branch_health.EVERY).refs
    found, behind = [], []
    for each in branch_health.of_refs(planned.repository, planned.known, every):
        if each.health.is_only_behind and not each.health.is_kept:
            behind.append(each)
        since = _since(planned, each) if each.health.may_go else None
        if since is not None and is_due(each.health, since, wanted, now):
            found.append(Due(each, since))
    return Look(found, behind)


def note(work: UnitOfWork, planned: Plan, gone: Due, *, now: datetime) -> None:
    """Write down that a policy has deleted a branch.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    ref = gone.branch.ref
    repository_id = planned.repository.id
    row = DeletedBranch(
        repository_id=repository_id,
        branch=ref.short,
        oid=ref.target,
        merged_at=gone.merged_at,
        deleted_at=now,
    )
    work.session.add(row)
    old = sa.delete(DeletedBranch).where(
        DeletedBranch.repository_id == repository_id, DeletedBranch.deleted_at < now - KEPT
    )
    work.session.execute(old)
    work.record(events.MergedBranchDeleted(**_about(planned.repository, row), days=planned.days))


def deleted(
    work: UnitOfWork, path: str, *, after: str | None = None, limit: int = paging.USUAL_LIMIT
) -> paging.Page[DeletedBranch]:
    """What policies have deleted in a repository and can be brought back, the latest first.

    Errors:
        HiddenError, MovedError, RefusedError: the actor may not write there.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_WRITE)
    query = sa.select(DeletedBranch).where(DeletedBranch.repository_id == repository.id)
    keys = (DeletedBranch.deleted_at, DeletedBranch.id)
    return paging.page(
        work.session, query, *keys, make=paging.only, after=after, limit=limit, newest_first=True
    )


def to_restore(work: UnitOfWork, path: str, row_id: UUID) -> DeletedBranch:
    """A branch that a policy has deleted, for who may bring it back.

    Errors:
        HiddenError, RefusedError: the actor may not. NotFoundError: there is none.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_WRITE)
    found = work.session.get(DeletedBranch, row_id)
    if found is None or found.repository_id != repository.id:
        raise NotFoundError(sentence("No such branch was deleted automatically."))
    return found


def note_restored(work: UnitOfWork, path: str, row_id: UUID) -> None:
    """Write down that a branch is back.

    Errors: as for `to_restore`.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_WRITE)
    row = to_restore(work, path, row_id)
    work.record(events.MergedBranchRestored(**_about(repository, row)))
    work.session.delete(row)


def _since(planned: Plan, branch: Branch) -> datetime | None:
    try:
        return branch_health.since(planned.repository, planned.known, branch)
    except ApplianceError:
        return None


def _about(repository: Repository | OpenRepository, row: DeletedBranch) -> dict[str, Any]:
    return {
        "about": repository.id,
        "organisation_id": repository.organisation_id,
        "branch": show(row.branch),
        "commit": row.oid,
    }
