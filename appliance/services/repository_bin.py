"""Deleting repositories into a bin, bringing them back, and removing their bytes for good.

Being in the bin is a mark on the row; the folder stays where it is, so that bringing a repository
back cannot fail half-way. When its time is over, the row goes first and the folder after it: a
folder that no row claims is removed by `sweep`, a row without its folder would be damage.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import fetch, gate, visible
from appliance.db import paging
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository
from appliance.db.repository_rows import take_name, take_wiki_along, wiki_of
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner
from appliance.domain import events
from appliance.domain.jobs import Job, JobState
from appliance.domain.names import check_repository, fold
from appliance.domain.permissions import Permission
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, sentence, together
from appliance.services.second_person import guarded

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

ORDERS = {
    "deleted": (Repository.deleted_at, Repository.id),
    "name": (Repository.owner_name, Repository.name_key, Repository.id),
    "size": (Repository.size_bytes, Repository.id),
}
UNFINISHED_SECONDS = 24 * 3600.0
"""Nothing takes so long to be made; an import may take hours."""
BATCH = 500


def delete(work: UnitOfWork, path: str, *, now: datetime) -> Repository:
    """Put a repository into the bin, from where it can be brought back for a set time.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: the actor may not.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_DELETE)
    repository.deleted_at = now
    repository.deleted_by = work.actor.id
    take_wiki_along(work.session, repository)
    work.record(
        events.RepositoryDeleted(
            about=repository.id, organisation_id=repository.organisation_id, path=repository.path
        )
    )
    work.later(
        Job.PURGE_REPOSITORY,
        about=repository.id,
        not_before=purge_at(repository, bin_days=work.rules.storage.bin_days),
        repository_id=str(repository.id),
    )
    return repository


def restore(work: UnitOfWork, path: str, *, name: str | None = None) -> Repository:
    """Bring back what went to the bin last under that path, perhaps under another name.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: the actor may not.
        ConflictError: another repository has the name now.
    """
    repository = fetch.deleted_repository(work, path, Permission.REPOSITORY_DELETE)
    owner = work.session.get_one(Owner, repository.owner_id)
    name = check_repository(name or repository.name)
    try:
        take_name(work.session, owner, name)
    except ConflictError as error:
        way_out = sentence("Restore this one under another name.")
        raise ConflictError(together([error.message, way_out])) from error
    repository.name, repository.name_key = name, fold(name)
    repository.owner_name = owner.name  # It may have changed meanwhile.
    repository.deleted_at = repository.deleted_by = None
    take_wiki_along(work.session, repository)
    work.record(
        events.RepositoryRestored(
            about=repository.id, organisation_id=repository.organisation_id, path=repository.path
        )
    )
    return repository


def listed(
    work: UnitOfWork,
    *,
    owner: str = "",
    name: str = "",
    search: str = "",
    order: str = "-deleted",
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Repository]:
    """What the actor could bring back, latest deleted first; of one owner or name, if one is said.

    `search` is a part of a name.

    Errors:
        InvalidError: `after` is no place in this list.
    """
    query = visible.deleted_repositories(work)
    if owner:
        owners = sa.select(Owner.id).where(Owner.name_key == fold(owner))
        query = query.where(Repository.owner_id.in_(owners))
    if name:
        query = query.where(Repository.name_key == fold(name))
    if search:
        query = query.where(Repository.name_key.contains(fold(search), autoescape=True))
    keys, is_descending = paging.in_order(ORDERS, order)
    return paging.page(
        work.session,
        query,
        *keys,
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def purge(work: UnitOfWork, repository_id: UUID, *, now: datetime) -> bool:
    """Forget a repository whose time in the bin is over; whether there was one to forget.

    The job calls `remove_folder` after this is committed.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = work.session.get(Repository, repository_id)
    if repository is None:
        return True  # Done before, and perhaps killed before the folder went.
    due = purge_at(repository, bin_days=work.rules.storage.bin_days)
    if due is None or now < due:
        return False
    _forget(work, repository)
    return True


@guarded(Act.REPOSITORY_PURGE, states.repository)
def purge_early(work: UnitOfWork, repository_id: UUID) -> None:
    """Forget a repository in the bin before its time is over; a job removes its files.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: only administrators may: the time in
            the bin protects against owners, too.
        ConflictError: it is not in the bin.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_DELETE)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if repository.deleted_at is None:
        raise ConflictError(
            sentence("%(path)s is not in the bin. Delete it first.", path=repository.path)
        )
    work.later(Job.PURGE_REPOSITORY, about=repository_id, repository_id=str(repository_id))
    _forget(work, repository)


def _forget(work: UnitOfWork, repository: Repository) -> None:
    wiki = wiki_of(work.session, repository.id)
    if wiki is not None:  # Its row first, and its folder by a job of its own.
        _forget(work, wiki)
        work.session.flush()
        work.later(Job.PURGE_REPOSITORY, about=wiki.id, repository_id=str(wiki.id))
    work.record(
        events.RepositoryPurged(
            about=repository.id, organisation_id=repository.organisation_id, path=repository.path
        )
    )
    work.session.delete(repository)


def promise_purges(work: UnitOfWork, *, limit: int, now: datetime) -> int:
    """Promise to purge what has been in the bin for longer than the present rule says; how many.

    What was promised when something was deleted is too late after the rule was shortened, and too
    early after it was lengthened.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    promised = sa.select(JobRecord.about).where(
        JobRecord.job == Job.PURGE_REPOSITORY,
        JobRecord.about.is_not(None),
        JobRecord.state.in_((JobState.QUEUED, JobState.RUNNING)),
        sa.or_(JobRecord.not_before.is_(None), JobRecord.not_before <= now),
    )
    due = (
        sa.select(Repository.id)
        .where(
            Repository.deleted_at <= now - timedelta(days=work.rules.storage.bin_days),
            Repository.wiki_of_id.is_(None),  # It goes with its repository.
            Repository.id.not_in(promised),
        )
        .order_by(Repository.deleted_at)
        .limit(limit)
    )
    found = list(work.session.scalars(due))
    for repository_id in found:
        work.later(Job.PURGE_REPOSITORY, about=repository_id, repository_id=str(repository_id))
    return len(found)


def remove_folder(repository_id: UUID, *, repositories: RepositoryStore) -> None:
    """Remove the bytes of a repository that no row claims any more; safe to repeat."""
    repositories.remove(repository_id)


def purge_at(repository: Repository, *, bin_days: int) -> datetime | None:
    """When a repository in the bin is removed for good; None for one that is not there."""
    if repository.deleted_at is None:
        return None
    return repository.deleted_at + timedelta(days=bin_days)


def old_folders(*, repositories: RepositoryStore, now: datetime) -> list[UUID]:
    """The repositories on disk whose folders are no longer being made; also ends unfinished ones.

    A job asks this before it asks which of them are `unclaimed`.
    """
    seconds = now.timestamp()
    repositories.sweep(older_than_seconds=UNFINISHED_SECONDS, now_seconds=seconds)
    return list(repositories.ids(older_than_seconds=UNFINISHED_SECONDS, now_seconds=seconds))


def unclaimed(work: UnitOfWork, candidates: list[UUID]) -> list[UUID]:
    """Which of these ids no repository has: their folders were left by a crash.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    claimed: set[UUID] = set()
    for first in range(0, len(candidates), BATCH):
        some = candidates[first : first + BATCH]
        claimed |= set(
            work.session.scalars(sa.select(Repository.id).where(Repository.id.in_(some)))
        )
    return [candidate for candidate in candidates if candidate not in claimed]
