"""Locks on files that cannot be merged. Source: git-lfs, docs/api/locking.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_wiki
from appliance.db import paging
from appliance.db.lfs import LfsLock
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, NotFoundError, RefusedError, sentence
from appliance.services.pushes import insist_on_writable

ORDERS = {
    "since": (LfsLock.id,),
    "name": (LfsLock.path, LfsLock.id),
    "owner": (User.name, LfsLock.id),
}
PATH_CHARACTERS = 4096


@dataclass(frozen=True)
class Lock:
    """A path that somebody has locked."""

    id: UUID
    path: str
    locked_at: datetime
    owner: str
    is_own: bool


class AlreadyLockedError(ConflictError):
    """Somebody has locked that path; `lock` says who."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(f"{lock.path} is locked by {lock.owner}.")
        self.lock = lock


def listed(
    work: UnitOfWork,
    path: str,
    *,
    file: str | None = None,
    lock_id: UUID | None = None,
    search: str = "",
    order: str = "since",
    after: str | None = None,
    limit: int = 100,
) -> paging.Page[Lock]:
    """The locks of a repository, or the one on a file, or the one of an id.

    `search` is a part of a path or of the name of who holds it.

    Errors:
        HiddenError, MovedError: the actor may not read it.
        InvalidError: the limit or the cursor makes no sense.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_READ)
    query = (
        sa.select(LfsLock, User.name)
        .join(User, User.id == LfsLock.user_id)
        .where(LfsLock.repository_id == repository.id)
    )
    if file is not None:
        query = query.where(LfsLock.path == file)
    if lock_id is not None:
        query = query.where(LfsLock.id == lock_id)
    if search:
        fits = (column.icontains(search, autoescape=True) for column in (LfsLock.path, User.name))
        query = query.where(sa.or_(*fits))
    keys, is_descending = paging.in_order(ORDERS, order)
    return paging.page(
        work.session,
        query,
        *keys,
        make=lambda row: _lock(work, row[0], row[1]),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def take(work: UnitOfWork, path: str, file: str, *, now: datetime) -> Lock:
    """Lock a file for others.

    Errors:
        HiddenError, RefusedError: the actor may not.
        AlreadyLockedError: somebody has.
        ConflictError: the repository is archived.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_LOCK_FILES)
    insist_on_writable(repository)
    if work.actor.id is None:
        raise RefusedError("A deploy key is nobody who could hold a lock.")
    if not file or len(file) > PATH_CHARACTERS or "\x00" in file:
        raise InvalidError.of("path", "A lock is on the path of a file.")
    page = listed(work, path, file=file, limit=1)
    if page.items:
        raise AlreadyLockedError(page.items[0])
    row = LfsLock(repository_id=repository.id, path=file, user_id=work.actor.id, locked_at=now)
    work.session.add(row)
    work.session.flush()  # Its id is part of the answer.
    work.record(
        events.LfsLocked(about=repository.id, organisation_id=repository.organisation_id, path=file)
    )
    return _lock(work, row, work.actor.label)


def release(work: UnitOfWork, path: str, lock_id: UUID, *, force: bool) -> Lock:
    """Release a lock; another's only with `force`, and only for maintainers.

    Errors:
        HiddenError: the actor may not read the repository.
        RefusedError: it is another's.
        NotFoundError: there is no such lock.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_LOCK_FILES)
    page = listed(work, path, lock_id=lock_id, limit=1)
    if not page.items:
        raise NotFoundError("There is no such lock.")
    lock = page.items[0]
    if not lock.is_own:
        if not force:
            raise RefusedError(
                sentence(
                    "%(path)s is locked by %(owner)s. Maintainers may force it.",
                    path=lock.path,
                    owner=lock.owner,
                )
            )
        fetch_wiki.or_repository(work, path, Permission.REPOSITORY_MAINTAIN)
    work.session.execute(sa.delete(LfsLock).where(LfsLock.id == lock_id))
    work.record(
        events.LfsUnlocked(
            about=repository.id,
            organisation_id=repository.organisation_id,
            path=lock.path,
            forced=not lock.is_own,
        )
    )
    return lock


def _lock(work: UnitOfWork, row: LfsLock, owner: str) -> Lock:
    return Lock(row.id, row.path, row.locked_at, owner, row.user_id == work.actor.id)
