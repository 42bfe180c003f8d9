"""How the keeping of the audit logs goes: what waits, and since when nothing was signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditCheckpoint, AuditQueued
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission

UUID_TIME_SHIFT = 80
"""What stands below the milliseconds in a UUIDv7."""


@dataclass(frozen=True)
class State:
    """Of all logs together."""

    waiting: int
    """Events that have no place in their log yet."""
    oldest_seconds: int
    """How long the oldest of these has been waiting."""
    signed_seconds: int | None
    """How long ago any log was signed; None if none ever was."""


def present(work: UnitOfWork, *, now: datetime) -> State:
    """What waits now, and how long ago a log was signed."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    count = sa.select(sa.func.count()).select_from(AuditQueued)
    oldest = sa.select(AuditQueued.event_id).order_by(AuditQueued.position).limit(1)
    signed_at = work.session.scalar(sa.select(sa.func.max(AuditCheckpoint.made_at)))
    first = work.session.scalar(oldest)
    since = (first.int >> UUID_TIME_SHIFT) / 1000 if first else now.timestamp()
    return State(
        waiting=work.session.scalar(count) or 0,
        # Clocks of other machines may be ahead of ours.
        oldest_seconds=max(0, int(now.timestamp() - since)),
        signed_seconds=max(0, int((now - signed_at).total_seconds())) if signed_at else None,
    )
