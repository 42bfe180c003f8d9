"""What happened in repositories, as others are told of it: from the audit logs, in one order.

The order is that in which entries come to be found, over all logs; it is the same for whoever asks,
and what comes later has a later place. Of one entry come several events where it says so much; they
are numbered, and a place and a number say how far somebody has heard.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditFinding, AuditLog
from appliance.db.audit_log import AuditLeaf as Leaf
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers, webhook_events
from appliance.domain.audit_formats.entry import Entry
from appliance.domain.permissions import Permission
from appliance.security.sealing import Sealer
from appliance.services.audit_log import entries

AT_ONCE = 500


@dataclass(frozen=True)
class Told:
    """One event of one repository."""

    place: int
    part: int
    name: str
    repository: Repository
    happened_at: datetime
    payload: dict[str, Any]

    @property
    def id(self) -> str:
        """The same however often it is told."""
        return str(self.payload["id"])


@dataclass(frozen=True)
class Fact:
    """One recorded action of one repository, as the log has it."""

    place: int
    entry: Entry
    repository: Repository

    @property
    def header(self) -> dict[str, Any]:
        """Who did what, and when."""
        return audit_headers.members(self.entry.leaf)

    @property
    def happened_at(self) -> datetime:
        """When it was recorded."""
        return datetime.fromisoformat(self.header["time"])


@dataclass(frozen=True)
class Facts:
    """Some events, and the place up to which there are no others."""

    told: Sequence[Told]
    until: int


def newest(work: UnitOfWork) -> int:
    """The last place there is."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return work.session.scalar(sa.select(sa.func.max(AuditFinding.place))) or 0


def after(
    work: UnitOfWork,
    place: int,
    *,
    sealer: Sealer,
    url: str,
    repository_id: UUID | None = None,
    at_once: int = AT_ONCE,
) -> Facts:
    """What comes after a place, of one repository or of all; `url` is where the portal is."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    found, until = recorded_after(
        work,
        place,
        list(webhook_events.by_action()),
        sealer=sealer,
        repository_id=repository_id,
        at_once=at_once,
    )
    return Facts([each for fact in found for each in _told(fact, url=url)], until)


def recorded_after(
    work: UnitOfWork,
    place: int,
    actions: Collection[str],
    *,
    sealer: Sealer,
    repository_id: UUID | None = None,
    at_once: int = AT_ONCE,
) -> tuple[list[Fact], int]:
    """Some recorded actions after a place, and the place up to which there are no others."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    last = newest(work)
    query = sa.select(
        AuditFinding.place, AuditFinding.log_id, AuditFinding.idx, AuditFinding.target_ref
    ).where(
        AuditFinding.place > place,
        AuditFinding.place <= last,
        AuditFinding.action.in_(actions),
    )
    if repository_id is not None:
        query = query.where(AuditFinding.target_ref == str(repository_id))
    rows = work.session.execute(query.order_by(AuditFinding.place).limit(at_once)).all()
    until = rows[-1].place if len(rows) == at_once else last
    return complete(work, rows, sealer=sealer), until


@gate.open_to_everyone(because="whoever hands in places of the logs has asked")
def complete(work: UnitOfWork, rows: Sequence[Any], *, sealer: Sealer) -> list[Fact]:
    """The actions at some places of the logs; rows have `place`, `log_id`, `idx`, `target_ref`."""
    if not rows:
        return []
    found = _entries(work, rows, sealer)
    repositories = _repositories(work, {row.target_ref for row in rows})
    return [
        Fact(row.place, found[row.log_id, row.idx], repositories[row.target_ref])
        for row in rows
        if row.target_ref in repositories and (row.log_id, row.idx) in found
    ]


@gate.open_to_everyone(because="it spells what the caller was given")
def described(repository: Repository, url: str) -> dict[str, Any]:
    """A repository as payloads have it."""
    return {
        "id": str(repository.id),
        "path": repository.path,
        "visibility": str(repository.visibility),
        "default_branch": repository.default_branch,
        "url": f"{url}/{repository.path}",
    }


def _entries(work: UnitOfWork, rows: Sequence[Any], sealer: Sealer) -> dict[tuple[int, int], Entry]:
    found: dict[tuple[int, int], Entry] = {}
    for log_id in sorted({row.log_id for row in rows}):
        log = work.session.get_one(AuditLog, log_id)
        indexes = [row.idx for row in rows if row.log_id == log_id]
        leaves = work.session.execute(
            sa.select(Leaf.idx, Leaf.header)
            .where(Leaf.log_id == log_id, Leaf.idx.in_(indexes))
            .order_by(Leaf.idx)
        ).all()
        complete = entries.complete(work, log, leaves, sealer=sealer)
        found |= {(log_id, each.index): each for each in complete}
    return found


def _repositories(work: UnitOfWork, references: set[str]) -> dict[str, Repository]:
    """Those that are there still; of what was removed for good nothing is told.

    Of a wiki only its repository tells, by an event of its own.
    """
    there = (
        Repository.id.in_([UUID(each) for each in references]),
        Repository.wiki_of_id.is_(None),
    )
    rows = work.session.scalars(sa.select(Repository).where(*there))
    return {str(each.id): each for each in rows}


def _told(fact: Fact, *, url: str) -> list[Told]:
    header, entry = fact.header, fact.entry
    said = {**entry.body, **{each.field: each.words for each in entry.values}}
    return [
        Told(
            place=fact.place,
            part=part,
            name=name,
            repository=fact.repository,
            happened_at=fact.happened_at,
            payload={
                "version": webhook_events.VERSION,
                "id": f"{header['id']}-{part}",
                "event": name,
                "happened_at": header["time"],
                "repository": described(fact.repository, url),
                "actor": {"type": header["actor"]["type"], "name": entry.actor_name or None},
                "data": data,
            },
        )
        for part, (name, data) in enumerate(webhook_events.made_of(header["action"], said), start=1)
    ]
