"""Pushes to a repository as they are shown: who, when, how, which refs, and what was signed.

What the portal and the API changed without git is among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_log
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.pushes import Push, PushedRef, PushState
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.audit_terms import INSTANCE
from appliance.domain.identity import ActorKind, Method
from appliance.domain.permissions import Permission
from appliance.domain.protection import Movement
from appliance.domain.signatures import Finding, SignatureForm
from appliance.errors import HiddenError, NotFoundError, RefusedError, UnauthenticatedError
from appliance.git.ref_names import BRANCHES

REFS_IN_LIST = 3
MOST_REFS = 1000
ORDERS = {"pushed": (Push.accepted_at, Push.id)}


class Signing(StrEnum):
    """Which pushes are wanted, by what was signed of them."""

    ANY = ""
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    UNSIGNED = "unsigned"


@dataclass(frozen=True)
class PushFilter:
    """Which pushes are wanted."""

    ref: bytes = b""
    """A branch, or a whole ref name."""
    person: str = ""
    signed: Signing = Signing.ANY


EVERY = PushFilter()


@dataclass(frozen=True)
class RefMove:
    """One ref of a push. `moved` is None while it is under way."""

    ref: bytes
    old_oid: str
    new_oid: str
    movement: Movement
    moved: bool | None


@dataclass(frozen=True)
class Signature:
    """What was found of a push's certificate when it came."""

    finding: Finding
    form: SignatureForm | None
    key: str
    owner: str
    """The user who had registered the key, if they are still there."""
    digest: str
    is_kept: bool
    """Whether there is a certificate to download; one that was too large is not kept."""

    @property
    def is_verified(self) -> bool:
        """Whether all of it was as it should be."""
        return self.finding is Finding.VERIFIED


@dataclass(frozen=True)
class PushRecord:
    """One push, with some of its refs."""

    id: UUID
    pusher: str
    user: str
    """The user who pushed, if it was one and they are still there."""
    method: Method
    protocol: str
    address: str | None
    """None for those who may not know."""
    pushed_at: datetime
    is_settled: bool
    size_bytes: int
    ref_count: int
    refs: tuple[RefMove, ...]
    signature: Signature | None
    operation: str | None
    """What was done, where it came without git."""
    sources: tuple[str, ...]
    """The commits that it was done with."""


def listed(
    work: UnitOfWork,
    path: str,
    wanted: PushFilter = EVERY,
    *,
    order: str = "-pushed",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[PushRecord]:
    """The pushes to a repository, the newest first, each with its first refs.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
        InvalidError: the order or the place in the list is none.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    keys, is_descending = in_order(ORDERS, order)
    found = page(
        work.session,
        _chosen(wanted).where(Push.repository_id == repository.id),
        *keys,
        make=lambda row: row[0],
        after=after,
        limit=limit,
        newest_first=is_descending,
    )
    return Page(_records(work, repository, found.items, most=REFS_IN_LIST), found.next)


def show(work: UnitOfWork, path: str, push_id: UUID) -> PushRecord:
    """One push, with up to `MOST_REFS` of its refs.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
        NotFoundError: it had no such push.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    push = work.session.get(Push, push_id)
    if push is None or push.repository_id != repository.id:
        raise NotFoundError("There is no push of that id here.")
    (record,) = _records(work, repository, [push], most=MOST_REFS)
    return record


def _chosen(wanted: PushFilter) -> sa.Select[Push]:
    query = sa.select(Push)
    if wanted.ref:
        name = wanted.ref if wanted.ref.startswith(b"refs/") else BRANCHES + wanted.ref
        moved = sa.select(PushedRef.id).where(PushedRef.push_id == Push.id, PushedRef.ref == name)
        query = query.where(moved.exists())
    if wanted.person:
        query = query.where(sa.func.lower(Push.actor_label) == wanted.person.lower())
    if wanted.signed is Signing.UNSIGNED:
        query = query.where(Push.certificate_finding.is_(None))
    elif wanted.signed is Signing.VERIFIED:
        query = query.where(Push.certificate_finding == Finding.VERIFIED)
    elif wanted.signed is Signing.UNVERIFIED:
        query = query.where(Push.certificate_finding != Finding.VERIFIED)
    return query


def _records(
    work: UnitOfWork, repository: Repository, pushes: Sequence[Push], *, most: int
) -> list[PushRecord]:
    moves, counts = _moves(work, pushes, most)
    names = _names(work, pushes)
    sees_all = _sees_addresses(work, repository)
    return [
        PushRecord(
            id=push.id,
            pusher=push.actor_label,
            user=names.get(push.actor_id, "") if push.actor_kind == ActorKind.USER else "",
            method=Method(push.method),
            protocol=push.protocol,
            address=push.address if sees_all or push.actor_id == work.actor.id else None,
            pushed_at=push.accepted_at,
            is_settled=push.state is PushState.SETTLED,
            size_bytes=push.size_bytes,
            ref_count=counts.get(push.id, 0),
            refs=tuple(moves.get(push.id, ())),
            signature=_signature(push, names),
            operation=push.operation,
            sources=tuple((push.operation_sources or "").split()),
        )
        for push in pushes
    ]


def _moves(
    work: UnitOfWork, pushes: Sequence[Push], most: int
) -> tuple[dict[UUID, list[RefMove]], dict[UUID, int]]:
    """The first refs of each push, and how many it has."""
    ids = [push.id for push in pushes]
    numbered = (
        sa.select(
            PushedRef.id,
            sa.func.row_number()
            .over(partition_by=PushedRef.push_id, order_by=PushedRef.id)
            .label("number"),
            sa.func.count().over(partition_by=PushedRef.push_id).label("total"),
        )
        .where(PushedRef.push_id.in_(ids))
        .subquery()
    )
    query = (
        sa.select(PushedRef, numbered.c.total)
        .join(numbered, numbered.c.id == PushedRef.id)
        .where(numbered.c.number <= most)
        .order_by(PushedRef.id)
    )
    moves: dict[UUID, list[RefMove]] = {}
    counts: dict[UUID, int] = {}
    for row, total in work.session.execute(query):
        move = RefMove(row.ref, row.old_oid, row.new_oid, Movement(row.movement), row.moved)
        moves.setdefault(row.push_id, []).append(move)
        counts[row.push_id] = total
    return moves, counts


def _names(work: UnitOfWork, pushes: Sequence[Push]) -> dict[UUID | None, str]:
    ids = {each for push in pushes for each in (push.actor_id, push.certificate_owner_id) if each}
    query = sa.select(User.id, User.name).where(User.id.in_(ids))
    return {user_id: name for user_id, name in work.session.execute(query)}  # noqa: C416 - rows.


def _signature(push: Push, names: dict[UUID | None, str]) -> Signature | None:
    if push.certificate_finding is None:
        return None
    return Signature(
        finding=Finding(push.certificate_finding),
        form=SignatureForm(push.certificate_form) if push.certificate_form else None,
        key=push.certificate_key or "",
        owner=names.get(push.certificate_owner_id, ""),
        digest=push.certificate_digest or "",
        is_kept=bool(push.certificate),
    )


def _sees_addresses(work: UnitOfWork, repository: Repository) -> bool:
    """Whether the actor reads the whole log that the pushes stand in, addresses and all."""
    log: Any = repository.organisation_id or INSTANCE
    try:
        return fetch_log.reach(work, str(log))[1].is_whole
    except (HiddenError, RefusedError, UnauthenticatedError):
        return False
