"""Which files of a pull request somebody has looked through, for themselves.

A mark is about both sides' contents as they were: so it survives whatever leaves the file alone,
and `git.same_change` says whether a rebase did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from appliance.access import fetch_conversations, fetch_pulls
from appliance.db.reviews import ViewedFile
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.conversations import Which
from appliance.errors import ConflictError, NotFoundError, sentence
from appliance.git import tree

MOST = 5000


@dataclass(frozen=True)
class Viewed:
    """What a file was on both sides when it was looked through; empty where there was none."""

    old_blob: str
    new_blob: str


def listed(work: UnitOfWork, which: Which) -> dict[bytes, Viewed]:
    """What the actor has looked through, by its path.

    Errors:
        HiddenError, MovedError, NotFoundError: there is no such pull request, or none for them.
    """
    seen = fetch_pulls.to_read(work, which)
    query = sa.select(ViewedFile).where(
        ViewedFile.pull_id == seen.pull.id, ViewedFile.user_id == work.actor.id
    )
    return {each.path: Viewed(each.old_blob, each.new_blob) for each in work.session.scalars(query)}


def contents(folder: Path, base: str, head: str, path: bytes, old_path: bytes = b"") -> Viewed:
    """What a file is on both sides. Needs no transaction.

    Errors:
        NotFoundError: it is on neither. DamagedError: it cannot be read.
    """
    found = Viewed(_blob(folder, base, old_path or path), _blob(folder, head, path))
    if found == Viewed("", ""):
        raise NotFoundError(sentence("There is no such file."))
    return found


def mark(
    work: UnitOfWork, which: Which, path: bytes, seen_as: Viewed | None, *, now: datetime
) -> None:
    """Remember that the actor has looked through a file as it is, or that they have not: None.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        ConflictError: there are too many.
    """
    fetch_conversations.to_follow(work, which)
    seen = fetch_pulls.to_read(work, which)
    mine = sa.and_(ViewedFile.pull_id == seen.pull.id, ViewedFile.user_id == work.actor.id)
    work.session.execute(sa.delete(ViewedFile).where(mine, ViewedFile.path == path))
    if seen_as is None or work.actor.id is None:
        return
    count = work.session.scalar(sa.select(sa.func.count()).select_from(ViewedFile).where(mine))
    if (count or 0) >= MOST:
        raise ConflictError(sentence("There are at most %(most)s.", most=MOST))
    work.session.add(
        ViewedFile(
            pull_id=seen.pull.id,
            user_id=work.actor.id,
            path=path,
            old_blob=seen_as.old_blob,
            new_blob=seen_as.new_blob,
            viewed_at=now,
        )
    )


def _blob(folder: Path, commit: str, path: bytes) -> str:
    try:
        return tree.find(folder, commit, path).oid
    except NotFoundError:
        return ""
