"""Removing large files that nothing reaches, after a time of grace.

A job goes through it in three steps. For each repository `repositories` names: read what its refs
reach (`reached`, no transaction is open), then `mark` what they do not. At the end, for each object
`unlinked` names: `remove`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.lfs import LfsLink, LfsObject
from appliance.db.repositories import Origin, Repository
from appliance.db.repository_rows import lfs_bytes
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.git.lfs_pointers import reachable_pointers

if TYPE_CHECKING:
    from appliance.wiring import GitTools

UPLOADS_KEPT_SECONDS = 3 * 24 * 3600.0


def repositories(work: UnitOfWork) -> list[UUID]:
    """The repositories that have large files.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = (
        sa.select(LfsLink.repository_id)
        .join(Repository, Repository.id == LfsLink.repository_id)
        .where(Repository.content == Origin.READY)
        .distinct()
    )
    return list(work.session.scalars(query))


def reached(repository_id: UUID, *, tools: GitTools) -> frozenset[str]:
    """The large files that a ref or a reflog of the repository reaches.

    Errors:
        DamagedError, TimeoutExceededError: nobody knows; nothing may be removed.
    """
    folder = tools.repositories.folder(repository_id)
    return frozenset(pointer.oid for pointer in reachable_pointers(folder))


def mark(work: UnitOfWork, repository_id: UUID, reached: frozenset[str], *, now: datetime) -> int:
    """Note what is not reached, and let go of what has not been for the whole grace; how many.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    grace = timedelta(days=work.rules.storage.lfs_grace_days)
    rows = work.session.execute(
        sa.select(LfsLink, LfsObject.oid, LfsObject.size_bytes)
        .join(LfsObject, LfsObject.id == LfsLink.object_id)
        .where(LfsLink.repository_id == repository_id)
    ).all()
    changes = {link.id: _since(link, is_reached=oid in reached, now=now) for link, oid, _ in rows}
    gone = [
        (link, size)
        for link, oid, size in rows
        # What was sent lately is on its way to a push; the grace counts for it too.
        if (since := changes[link.id]) is not None and now - since >= grace
    ]
    doomed = {link.id for link, _ in gone}
    if any(link.unreached_since != changes[link.id] for link, _, _ in rows) or gone:
        for link, _, _ in rows:
            link.unreached_since = changes[link.id]
            if link.id in doomed:
                work.session.delete(link)
        work.record(
            events.LfsSwept(
                about=repository_id, objects=len(gone), size_bytes=sum(size for _, size in gone)
            )
        )
        work.session.flush()  # The sum is of what is left.
        work.session.get_one(Repository, repository_id).lfs_bytes = lfs_bytes(
            work.session, repository_id
        )
    return len(gone)


def forget_uploads(*, tools: GitTools, now: datetime) -> int:
    """Remove uploads that nobody has gone on with for days; gives how many."""
    return tools.lfs.sweep_unfinished(
        older_than_seconds=UPLOADS_KEPT_SECONDS, now_seconds=now.timestamp()
    )


def unlinked(work: UnitOfWork) -> list[str]:
    """The objects that no repository hands out any more.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    has_link = sa.exists().where(LfsLink.object_id == LfsObject.id)
    return list(work.session.scalars(sa.select(LfsObject.oid).where(~has_link)))


def remove(work: UnitOfWork, oid: str, *, tools: GitTools) -> bool:
    """Remove an object for good, unless somebody has sent it again meanwhile; whether it went.

    The file goes while its row is locked: who stores the same object waits, and then finds that it
    is gone, instead of linking to nothing.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(LfsObject).where(LfsObject.oid == oid).with_for_update()
    row = work.session.scalar(query)
    if row is None:
        return False
    links = sa.select(LfsLink.id).where(LfsLink.object_id == row.id).limit(1)
    if work.session.scalar(links) is not None:
        return False
    work.record(events.LfsSwept(objects=1, size_bytes=row.size_bytes))
    work.session.delete(row)
    work.session.flush()
    tools.lfs.delete(oid)
    return True


def _since(link: LfsLink, *, is_reached: bool, now: datetime) -> datetime | None:
    if is_reached:
        return None
    return link.unreached_since or now
