"""Changes that somebody has set aside: a commit that only an internal ref keeps, and a row.

Each belongs to one person and starts from a branch as it was. `keep` and `drop` change the row;
the ref goes before the one and after the other (`hold`, `let_go`), and `sweep` removes those that
no row claims. What is dropped is gone for good after the next maintenance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db.paging import USUAL_LIMIT, Page, page
from appliance.db.quotas import shortage
from appliance.db.stashes import Stash
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    QuotaError,
    RefusedError,
    sentence,
)
from appliance.git import ref_changes, refs
from appliance.git.ref_changes import RefChange
from appliance.git.ref_names import BRANCHES
from appliance.git.write import Written
from appliance.services import history
from appliance.services.push_names import show
from appliance.services.pushes import insist_on_writable

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.db.repositories import Repository
    from appliance.services.files import OpenRepository
    from appliance.services.ref_updates import Plan
    from appliance.wiring import GitTools

PLACE = b"refs/internal/stash/"
MOST = 200
"""Most stashes that one person keeps in one repository."""
GRACE = timedelta(hours=1)
"""How old a ref without a row must be to be swept; a row follows its ref within seconds."""


@dataclass(frozen=True)
class Kept:
    """A change that was set aside."""

    id: UUID
    branch: bytes
    base: str
    """Where the branch was."""
    commit: str
    message: str
    created_at: datetime


def hold(plan: Plan, commit: str) -> UUID:
    """Keep a commit from being removed, under a new id that no row claims yet."""
    stash_id = new_id()
    ref_changes.change(plan.terms.folder, [RefChange(_ref(stash_id), None, commit)])
    return stash_id


def stored(repository: OpenRepository, branch: bytes, commit: str) -> Written:
    """A commit that is there already, as if it had been drafted on a branch to be kept.

    Errors:
        InvalidError: it has no parent that it could be a change of.
    """
    found = history.read_many(repository, [commit])[commit]
    if not found.parents:
        raise InvalidError.of("commit", "The first commit of a history cannot be stashed.")
    return Written(commit, RefChange(BRANCHES + branch, found.parents[0], commit))


def keep(
    work: UnitOfWork,
    path: str,
    stash_id: UUID,
    written: Written,
    *,
    message: str,
    size_bytes: int,
    now: datetime,
) -> Kept:
    """Set a drafted change aside.

    Errors:
        HiddenError, RefusedError: the actor may not write here, or is nobody who could own it.
        ConflictError: the repository is archived, or the person keeps too many.
        QuotaError: there is no room.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_WRITE)
    insist_on_writable(repository)
    if work.actor.id is None:
        raise RefusedError("Deploy keys cannot stash changes.")
    _insist_on_number(work, repository.id, work.actor.id)
    lacking = shortage(work.session, repository, size_bytes, limits=work.rules.limits)
    if lacking is not None:
        raise QuotaError(lacking)
    branch = written.ref.name.removeprefix(b"refs/heads/")
    row = Stash(
        id=stash_id,
        repository_id=repository.id,
        user_id=work.actor.id,
        branch=branch,
        base_oid=written.ref.old or "",
        commit_oid=written.commit,
        message=message,
        created_at=now,
    )
    work.session.add(row)
    work.record(
        events.Stashed(
            about=repository.id,
            organisation_id=repository.organisation_id,
            stash_id=str(stash_id),
            branch=show(branch),
            commit=written.commit,
        )
    )
    return _kept(row)


def listed(
    work: UnitOfWork, path: str, *, after: str | None = None, limit: int = USUAL_LIMIT
) -> Page[Kept]:
    """What the actor has set aside in a repository, the newest first.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return page(
        work.session,
        sa.select(Stash).where(
            Stash.repository_id == repository.id, Stash.user_id == work.actor.id
        ),
        Stash.id,
        make=lambda row: _kept(row[0]),
        after=after,
        limit=limit,
        newest_first=True,
    )


def show_one(work: UnitOfWork, path: str, stash_id: UUID) -> Kept:
    """One of them.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
        NotFoundError: the actor has set nothing aside under that id.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return _kept(_own(work, repository.id, stash_id))


def drop(work: UnitOfWork, path: str, stash_id: UUID) -> None:
    """Give one of them up. It takes more than the right to read, lest a token for that does it.

    Errors:
        HiddenError, NotFoundError: as for `show_one`.
        RefusedError: the actor may only read here.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_DISCUSS)
    _drop(work, repository, _own(work, repository.id, stash_id))


def clear(work: UnitOfWork, path: str) -> list[UUID]:
    """Give up all that the actor has set aside in a repository; say what that was.

    Errors:
        HiddenError, RefusedError: as for `drop`.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_DISCUSS)
    mine = sa.select(Stash).where(
        Stash.repository_id == repository.id, Stash.user_id == work.actor.id
    )
    rows = list(work.session.scalars(mine.order_by(Stash.id.desc())))
    for row in rows:
        _drop(work, repository, row)
    return [row.id for row in rows]


def let_go(folder: Path, stash_ids: Iterable[UUID]) -> None:
    """Remove the refs of what was dropped; safe to repeat."""
    present = dict(refs.names(folder, PLACE))
    names = {_ref(stash_id) for stash_id in stash_ids} & present.keys()
    if names:
        ref_changes.change(folder, [RefChange(name, present[name], None) for name in sorted(names)])


def claimed(work: UnitOfWork, repository_id: UUID) -> frozenset[UUID]:
    """The stashes of a repository that belong to somebody.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(Stash.id).where(Stash.repository_id == repository_id)
    return frozenset(work.session.scalars(query))


def sweep(repository_id: UUID, kept: frozenset[UUID], *, tools: GitTools, now: datetime) -> None:
    """Remove refs that no row claims: what a crash has left, or whose owner is gone."""
    folder = tools.repositories.folder(repository_id)
    found = {_id(name) for name, _oid in refs.names(folder, PLACE)}
    let_go(folder, {each for each in found - kept if each and _made_at(each) < now - GRACE})


def _drop(work: UnitOfWork, repository: Repository, row: Stash) -> None:
    work.session.delete(row)
    work.record(
        events.StashDropped(
            about=repository.id,
            organisation_id=repository.organisation_id,
            stash_id=str(row.id),
            commit=row.commit_oid,
        )
    )


def _own(work: UnitOfWork, repository_id: UUID, stash_id: UUID) -> Stash:
    row = work.session.get(Stash, stash_id)
    if row is None or row.repository_id != repository_id or row.user_id != work.actor.id:
        raise NotFoundError("There is no such stash.")
    return row


def _insist_on_number(work: UnitOfWork, repository_id: UUID, user_id: UUID) -> None:
    query = sa.select(sa.func.count(Stash.id)).where(
        Stash.repository_id == repository_id, Stash.user_id == user_id
    )
    if (work.session.scalar(query) or 0) >= MOST:
        raise ConflictError(
            sentence("You already have %(most)s stashes. Drop some first.", most=MOST)
        )


def _kept(row: Stash) -> Kept:
    return Kept(row.id, row.branch, row.base_oid, row.commit_oid, row.message, row.created_at)


def _ref(stash_id: UUID) -> bytes:
    return PLACE + stash_id.hex.encode()


def _id(name: bytes) -> UUID | None:
    try:
        return UUID(hex=name.removeprefix(PLACE).decode("ascii", "replace"))
    except ValueError:
        return None


def _made_at(stash_id: UUID) -> datetime:
    """When an id was made. Source: RFC 9562, section 5.7."""
    return datetime.fromtimestamp((stash_id.int >> 80) / 1000, UTC)
