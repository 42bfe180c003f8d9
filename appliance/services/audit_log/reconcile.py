"""Compares what follows from the audit logs, or leads to them, with the logs themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditFinding, AuditLeaf, AuditLog, AuditQueued
from appliance.db.pushes import Push
from appliance.db.repositories import Origin, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.services.audit_log import authority, set_aside

if TYPE_CHECKING:
    from appliance.security.log_signing import LogSigner

MOST_NAMED = 20
LATE = timedelta(hours=1)
"""After which nobody settles a push any more by itself."""


@dataclass(frozen=True)
class Difference:
    """Something that does not fit."""

    kind: str
    log: str
    count: int
    text: str


def compare(work: UnitOfWork, *, signer: LogSigner, now: datetime) -> list[Difference]:
    """Everything that does not fit, between the queue, the entries and the search.

    What says to allow something and is not signed by the log's key fits nothing.

    Errors:
        RefusedError: the actor may not maintain the instance.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    found = []
    for log in work.session.scalars(sa.select(AuditLog).order_by(AuditLog.id)):
        found += [*_entries(work, log), *_findings(work, log)]
        found += _permissions(work, log, signer)
    return [*found, *_twice(work), *_set_aside(work), *_waiting(work, now)]


def note_result(work: UnitOfWork, *, repositories: int, differences: int) -> None:
    """Record that it was compared, and how many differences there were."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    work.record(events.AuditReconciled(repositories=repositories, differences=differences))


def repositories(work: UnitOfWork) -> list[UUID]:
    """Those whose refs can be compared with what was recorded of them."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(Repository.id).where(Repository.content == Origin.READY)
    return list(work.session.scalars(query.order_by(Repository.id)))


def _entries(work: UnitOfWork, log: AuditLog) -> list[Difference]:
    count, first, last = _extent(work, AuditLeaf, log)
    wanted = log.size - log.minimum
    if count == wanted and (not count or (first, last) == (log.minimum, log.size - 1)):
        return []
    text = f"{count} entries are there, from {first} to {last}; they should be {wanted}"
    return [Difference("entries", log.name, abs(wanted - count), text)]


def _findings(work: UnitOfWork, log: AuditLog) -> list[Difference]:
    count, _, last = _extent(work, AuditFinding, log)
    until = max(log.searchable, log.minimum)
    wanted = until - log.minimum
    if count == wanted and (not count or last == until - 1):
        return []
    text = f"{count} entries can be found by searching; they should be {wanted}"
    return [Difference("search", log.name, abs(wanted - count), text)]


def _permissions(work: UnitOfWork, log: AuditLog, signer: LogSigner) -> list[Difference]:
    doubted = authority.doubted(work, log.id, signer=signer)
    if not doubted:
        return []
    some = ", ".join(map(str, doubted[:MOST_NAMED]))
    text = f"entries say to allow something, and the log's key did not sign them: {some}"
    return [Difference("permissions", log.name, len(doubted), text)]


def _extent(work: UnitOfWork, table: Any, log: AuditLog) -> tuple[int, int | None, int | None]:
    query = sa.select(sa.func.count(), sa.func.min(table.idx), sa.func.max(table.idx))
    query = query.where(table.log_id == log.id, table.idx >= log.minimum)
    if table is AuditLeaf:
        query = query.where(table.idx < log.size)
    row = work.session.execute(query).one()
    return row[0], row[1], row[2]


def _twice(work: UnitOfWork) -> list[Difference]:
    """Events that are in a log and wait for it all the same."""
    query = sa.select(sa.func.count()).join_from(
        AuditQueued, AuditLeaf, AuditLeaf.event_id == AuditQueued.event_id
    )
    count = work.session.scalar(query) or 0
    text = f"{count} events are in their log and still wait for it"
    return [Difference("queue", "", count, text)] if count else []


def _set_aside(work: UnitOfWork) -> list[Difference]:
    """Rows of the queue that were no events, since this was asked last."""
    count = set_aside.state(work).unseen
    text = (
        f"{count} rows of the queue were no events and are kept beside the log; "
        "search for audit.row_set_aside"
    )
    return [Difference("set aside", "", count, text)] if count else []


def _waiting(work: UnitOfWork, now: datetime) -> list[Difference]:
    """Pushes whose outcome was never noted, long after git must have ended."""
    late = now - LATE
    query = sa.select(sa.func.count()).where(Push.settled_at.is_(None), Push.accepted_at < late)
    count = work.session.scalar(query) or 0
    text = f"{count} pushes were accepted long ago, and nothing says what became of them"
    return [Difference("pushes", "", count, text)] if count else []
