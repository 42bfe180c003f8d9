"""Taking out of the audit logs what an event allowed, and only once that event cannot be denied.

In small steps, each of which is a transaction that raises the log's minimum and deletes: whoever
is cut off goes on where the last step ended, and between two steps the log is whole from there on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import (
    AuditBody,
    AuditCheckpoint,
    AuditFinding,
    AuditLeaf,
    AuditLog,
    AuditTile,
    AuditValue,
)
from appliance.db.audit_removals import AuditErasedValue, AuditPruning
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.services.audit_log import authority, cosignatures
from appliance.services.audit_log import pruning as audit_pruning
from appliance.services.audit_log.pruning import AT_ONCE, What
from audit import tiles

if TYPE_CHECKING:
    from appliance.wiring import LogTools

TILES_AT_ONCE = 100 * AT_ONCE
OF_ENTRIES = (AuditErasedValue, AuditFinding, AuditValue, AuditBody, AuditLeaf)
Begins = Callable[[], AbstractContextManager[UnitOfWork]]
"""Opens a unit of work in the name of whoever carries it out."""


class Report(Protocol):
    """Says how far it is; may raise in order to stop."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say it."""


@dataclass(frozen=True)
class Done:
    """How far a pruning is."""

    end: int
    reached: int
    removed: int
    is_finished: bool


def unfinished(work: UnitOfWork) -> list[UUID]:
    """The prunings that are allowed and not carried out, the oldest first."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(AuditPruning.id).where(AuditPruning.finished_at.is_(None))
    return list(work.session.scalars(query.order_by(AuditPruning.created_at, AuditPruning.id)))


def is_undeniable(work: UnitOfWork, pruning_id: UUID, *, tools: LogTools) -> bool:
    """Whether the event that allows a pruning is in a signed state, and found by exports.

    It is no such event unless the log's key signed it, and just what is to be done now.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    found = work.session.execute(
        sa.select(AuditLeaf.log_id, AuditLeaf.idx, AuditLog.searchable)
        .join(AuditPruning, AuditPruning.event_id == AuditLeaf.event_id)
        .join(AuditLog, AuditLog.id == AuditLeaf.log_id)
        .where(AuditPruning.id == pruning_id, AuditLeaf.log_id == AuditPruning.log_id)
    ).one_or_none()
    if found is None or not _is_permitted(work, pruning_id, tools):
        return False
    return bool(found.idx < min(_vouched_size(work, found.log_id), found.searchable))


def _is_permitted(work: UnitOfWork, pruning_id: UUID, tools: LogTools) -> bool:
    pruning = work.session.get_one(AuditPruning, pruning_id)
    said = authority.permitted(work, pruning.log_id, pruning.event_id, signer=tools.signer)
    if said is None or (said.get("what"), said.get("end")) != (pruning.what, pruning.end):
        return False
    is_of_bodies = pruning.what == What.BODIES
    return not is_of_bodies or said.get("policy") == audit_pruning.policy_of(pruning.cuts)


def step(work: UnitOfWork, pruning_id: UUID, *, tools: LogTools, now: datetime) -> Done:
    """Take out the next part of a pruning. Nothing happens while its event could be denied."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    pruning = work.session.get_one(AuditPruning, pruning_id, with_for_update=True)
    if pruning.finished_at is None and is_undeniable(work, pruning_id, tools=tools):
        log = work.session.get_one(AuditLog, pruning.log_id)
        take = {What.BODIES: _bodies, What.ENTRIES: _entries, What.TILES: _tiles}
        reached, removed = take[What(pruning.what)](work, log, pruning)
        pruning.reached = reached
        pruning.removed += removed
        pruning.finished_at = now if reached >= pruning.end else None
    is_finished = pruning.finished_at is not None
    return Done(pruning.end, pruning.reached, pruning.removed, is_finished)


def carry_out(
    begins: Begins, pruning_id: UUID, *, tools: LogTools, now: datetime, report: Report
) -> Done:
    """Take out all of a pruning, step by step; nothing, while its event could be denied."""
    before = -1
    while True:
        with begins() as work:
            done = step(work, pruning_id, tools=tools, now=now)
        report("Removing old content of the audit log", done.reached, done.end)
        if done.is_finished or done.reached == before:
            return done
        before = done.reached


def _vouched_size(work: UnitOfWork, log_id: int) -> int:
    """Up to where a log is signed; by witnesses too, where there are any."""
    newest = sa.select(sa.func.max(AuditCheckpoint.size)).where(AuditCheckpoint.log_id == log_id)
    signed = work.session.scalar(newest) or 0
    if not cosignatures.quorum(work).needed:
        return signed
    return min(signed, cosignatures.witnessed_size(work, log_id))


def _bodies(work: UnitOfWork, log: AuditLog, pruning: AuditPruning) -> tuple[int, int]:
    start = max(pruning.reached, log.minimum)
    stop = max(start, min(pruning.end, start + AT_ONCE))
    _raise_minimum(work, log, stop, AuditLog.minimum_bodies)
    old, _ = audit_pruning.going(work, log.id, range(start, stop), pruning.cuts)
    for table in (AuditErasedValue, AuditValue, AuditBody):
        _delete(work, table, log, _among(table, old))
    # What the details said is not to be found any more, either.
    forget(work, log.id, old, named_ref="")
    return stop, len(old)


@gate.open_to_everyone(because="who prunes or erases has asked")
def forget(work: UnitOfWork, log_id: int, indexes: Sequence[int], **more: Any) -> None:
    """Let entries no longer be found by words or address."""
    work.session.connection().execute(
        sa.update(AuditFinding)
        .where(AuditFinding.log_id == log_id, _among(AuditFinding, indexes))
        .values(words=None, address=None, **more)
    )


def _entries(work: UnitOfWork, log: AuditLog, pruning: AuditPruning) -> tuple[int, int]:
    start = log.minimum
    stop = max(start, min(pruning.end, start + AT_ONCE))
    _raise_minimum(work, log, stop, AuditLog.minimum, AuditLog.minimum_bodies)
    for table in OF_ENTRIES:
        _delete(work, table, log, table.idx < stop)
    return stop, stop - start


def _tiles(work: UnitOfWork, log: AuditLog, pruning: AuditPruning) -> tuple[int, int]:
    start = pruning.reached
    stop = max(start, min(pruning.end, start + TILES_AT_ONCE))
    gone = sa.delete(AuditTile).where(
        AuditTile.log_id == log.id, AuditTile.level == 0, AuditTile.idx < stop // tiles.WIDTH
    )
    return stop, work.session.connection().execute(gone).rowcount


def _raise_minimum(work: UnitOfWork, log: AuditLog, to: int, *columns: Any) -> None:
    """First, because the database lets nothing go that is not before it."""
    for column in columns:
        work.session.connection().execute(
            sa.update(AuditLog).where(AuditLog.id == log.id, column < to).values({column: to})
        )


def _delete(work: UnitOfWork, table: Any, log: AuditLog, which: Any) -> None:
    work.session.connection().execute(sa.delete(table).where(table.log_id == log.id, which))


def _among(table: Any, indexes: Sequence[int]) -> Any:
    if not indexes:
        return sa.false()
    if indexes[-1] - indexes[0] + 1 == len(indexes):
        return table.idx.between(indexes[0], indexes[-1])
    return table.idx.in_(indexes)
