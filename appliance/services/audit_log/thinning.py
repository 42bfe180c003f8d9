"""Thinning the signed states of the audit logs: after a while, one for each hour is enough.

All states that witnesses or time-stamping authorities have signed stay, and the newest. Every other
one can be proven to lie between its neighbours, so nothing is lost but the moment it was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditCheckpoint, AuditLog
from appliance.db.audit_witnesses import AuditAnchor, AuditCosignature
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission

AFTER = timedelta(days=90)
AT_ONCE = 5000
Begins = Callable[[], AbstractContextManager[UnitOfWork]]
"""Opens a unit of work in the name of whoever thins."""


def old(work: UnitOfWork, *, now: datetime) -> list[int]:
    """The logs that are old enough to have states to thin."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(AuditLog.id).where(AuditLog.created_at < now - AFTER)
    return list(work.session.scalars(query.order_by(AuditLog.id)))


def thin(work: UnitOfWork, log_id: int, after: int, *, now: datetime) -> int | None:
    """Remove what is too much of the next states of a log, from the size `after` on.

    Gives the size to go on from; None at the end.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(AuditCheckpoint.size, AuditCheckpoint.made_at).where(
        AuditCheckpoint.log_id == log_id,
        AuditCheckpoint.size >= after,
        AuditCheckpoint.made_at < now - AFTER,
    )
    rows = work.session.execute(query.order_by(AuditCheckpoint.size).limit(AT_ONCE)).all()
    # The last state of an hour stays, and the last of these, which may be the last of the log.
    dull = [row.size for row, following in pairwise(rows) if _hour(row) == _hour(following)]
    kept = _signed_by_others(work, log_id, dull)
    gone = [size for size in dull if size not in kept]
    work.session.connection().execute(
        sa.delete(AuditCheckpoint).where(
            AuditCheckpoint.log_id == log_id, AuditCheckpoint.size.in_(gone)
        )
    )
    return rows[-1].size if len(rows) == AT_ONCE else None


def thin_all(begins: Begins, log_id: int, *, now: datetime) -> None:
    """Thin all states of a log that are old enough."""
    size: int | None = 0
    while size is not None:
        with begins() as work:
            size = thin(work, log_id, size, now=now)


def _hour(row: Any) -> datetime:
    made_at: datetime = row.made_at
    return made_at.replace(minute=0, second=0, microsecond=0)


def _signed_by_others(work: UnitOfWork, log_id: int, sizes: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for table in (AuditCosignature, AuditAnchor):
        query = sa.select(table.size).where(table.log_id == log_id, table.size.in_(sizes))
        found.update(work.session.scalars(query))
    return found
