"""Forks: a repository of one's own with another's branches and tags, sharing its bytes on disk.

A small repository is forked in the request. A large one gets its row at once and its content by a
job, which calls `plan`, then `copy` outside any transaction, then `finish` or `give_up`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, visible
from appliance.db import ref_ledger
from appliance.db.lfs import LfsLink
from appliance.db.repositories import Origin, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission, Visibility
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.git import refs
from appliance.services import first_looks
from appliance.services import repositories as repositories_service
from appliance.services.push_names import is_reserved
from appliance.services.repository_moves import is_wider

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

MOST_COUNTED = 1000
MOST_LEVELS, MOST_FORKS_SHOWN = 20, 200
"""Of a tree of forks."""
AT_ONCE_BYTES = 8 * 1024 * 1024
"""Forking so much takes some milliseconds, for which the others who write may wait."""


@dataclass(frozen=True)
class Plan:
    """What a job is to copy."""

    repository_id: UUID
    source_id: UUID


def count(work: UnitOfWork, path: str) -> int:
    """How many forks of a repository the actor may read; so many at most that a page names them.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
    """
    source = fetch.repository(work, path, Permission.REPOSITORY_READ)
    readable = visible.repositories(work).where(Repository.forked_from_id == source.id)
    found = readable.with_only_columns(Repository.id).limit(MOST_COUNTED).subquery()
    return work.session.scalar(sa.select(sa.func.count()).select_from(found)) or 0


def fork(
    work: UnitOfWork,
    path: str,
    *,
    into: str,
    visibility: Visibility | None = None,
    repositories: RepositoryStore,
    now: datetime,
) -> Repository:
    """Make `into` (`OWNER/NAME`) a fork; it is seen by as many as its source, or by fewer.

    Errors:
        HiddenError, RefusedError: the actor may not read the one, or not create the other.
        InvalidError: the visibility is wider than the source's.
        ConflictError: there is a repository of that name, or the source has no content yet.
    """
    source = fetch.repository(work, path, Permission.REPOSITORY_READ)
    visibility = visibility or source.visibility
    if is_wider(visibility, source.visibility):
        raise InvalidError.of(
            "visibility",
            sentence(
                "%(path)s is %(visibility)s; so is a fork.",
                path=source.path,
                visibility=source.visibility,
            ),
        )
    if source.content is not Origin.READY:
        raise ConflictError(sentence("%(path)s has no content yet.", path=source.path))
    wanted = repositories_service.NewRepository(
        visibility=visibility,
        description=source.description,
        default_branch=source.default_branch,
    )
    repository = repositories_service.reserve(work, into, wanted, content=Origin.FORKING, now=now)
    repository.forked_from_id = source.id
    work.record(
        events.RepositoryForked(
            about=repository.id,
            organisation_id=repository.organisation_id,
            path=repository.path,
            parent_id=str(source.id),
        )
    )
    if source.size_bytes > AT_ONCE_BYTES:
        work.later(Job.FORK_REPOSITORY, about=repository.id, repository_id=str(repository.id))
        return repository
    repositories.fork(source.id, repository.id)
    _settle(work, repository, source.id, repositories=repositories, now=now)
    return repository


def plan(work: UnitOfWork, repository_id: UUID) -> Plan | None:
    """What the job for this fork is to copy; None when there is nothing left to do.

    Errors:
        HiddenError: the fork is gone.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if repository.content is not Origin.FORKING or repository.forked_from_id is None:
        return None
    return Plan(repository.id, repository.forked_from_id)


def copy(plan: Plan, *, repositories: RepositoryStore) -> None:
    """Make the fork's folder; safe to repeat.

    Errors:
        NotFoundError: the source is gone.
        UnavailableError: the source is being tidied up; come back later.
        DamagedError, TimeoutExceededError: the source cannot be read, or not in time.
    """
    if not repositories.folder(plan.repository_id).is_dir():
        repositories.fork(plan.source_id, plan.repository_id)


def finish(work: UnitOfWork, plan: Plan, *, repositories: RepositoryStore, now: datetime) -> None:
    """Offer the fork, whose folder is there now."""
    repository = fetch.repository_by_id(work, plan.repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if repository.content is Origin.FORKING:
        _settle(work, repository, plan.source_id, repositories=repositories, now=now)


def give_up(work: UnitOfWork, plan: Plan, *, reason: str) -> None:
    """Say that the fork has failed, and why."""
    repository = fetch.repository_by_id(work, plan.repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository.content = Origin.FAILED
    work.record(
        events.ImportFailed(
            about=repository.id, organisation_id=repository.organisation_id, reason=reason
        )
    )


def _settle(
    work: UnitOfWork,
    repository: Repository,
    source_id: UUID,
    *,
    repositories: RepositoryStore,
    now: datetime,
) -> None:
    """Take over what the rows say of the source: its large files, and where the refs are."""
    links = sa.select(LfsLink.object_id).where(LfsLink.repository_id == source_id)
    for object_id in work.session.scalars(links):
        work.session.add(LfsLink(repository_id=repository.id, object_id=object_id, linked_at=now))
    folder = repositories.folder(repository.id)
    present = {ref: oid for ref, oid in refs.names(folder, b"refs/") if not is_reserved(ref)}
    ref_ledger.note(work.session, repository.id, present, now=now)
    repository.content = Origin.READY
    work.record(
        events.RepositoryImported(
            about=repository.id,
            organisation_id=repository.organisation_id,
            refs=len(present),
            lfs_objects=0,
        )
    )
    work.later(Job.MEASURE_REPOSITORY, about=repository.id, repository_id=str(repository.id))
    first_looks.promise_with_history(work, repository)


@dataclass(frozen=True)
class Branching:
    """A repository in a tree of forks: how far below the first one it stands."""

    repository: Repository
    depth: int
    is_asked: bool


def tree(work: UnitOfWork, path: str) -> list[Branching]:
    """A repository with what it was forked from and what was forked from it, level by level, as far
    as the actor may read them; what lies behind a hidden one is not shown.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    asked = fetch.repository(work, path, Permission.REPOSITORY_READ)
    root, levels = asked, MOST_LEVELS
    while root.forked_from_id is not None and levels:
        above = visible.repositories(work).where(Repository.id == root.forked_from_id)
        parent = work.session.scalar(above)
        if parent is None:
            break
        root, levels = parent, levels - 1
    found: list[Branching] = []
    _add_branch(work, root, 0, asked, found)
    return found


def _add_branch(
    work: UnitOfWork, root: Repository, depth: int, asked: Repository, found: list[Branching]
) -> None:
    found.append(Branching(root, depth, root.id == asked.id))
    if depth >= MOST_LEVELS:
        return
    below = visible.repositories(work).where(Repository.forked_from_id == root.id)
    for each in work.session.scalars(below.order_by(Repository.id).limit(MOST_FORKS_SHOWN)):
        if len(found) >= MOST_FORKS_SHOWN:
            return
        _add_branch(work, each, depth + 1, asked, found)
