"""Streams of the audit log to other systems: where to, how far they are, what they left behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver


class AuditStream(Table):
    """Sends events of some logs to one receiver.

    One process at a time sends: it moves `held_until` on, and whoever finds that in the past may
    take over. `holder` is in every change that a sender makes, so that one that was too slow learns
    that it is not the sender any more.
    """

    __tablename__ = "audit_streams"
    bookkeeping: ClassVar[frozenset[str]] = frozenset(
        {
            *("holder", "held_until", "failures", "retry_at", "error", "delivered_at"),
            *("number", "parked_in_a_row"),
        }
    )

    name: Mapped[str] = mapped_column(sa.String(64))
    organisation_id: Mapped[UUID | None] = mapped_column(index=True)
    """No foreign key: what an organisation's log said until its end is delivered after it."""
    covers: Mapped[Covers]
    log: Mapped[str] = mapped_column(sa.String(100))
    """The name of the log that it sends; empty: all logs."""
    receiver: Mapped[Receiver]
    address: Mapped[str] = mapped_column(sa.String(2048))
    """A URL, `tls://host:port`, or the name of a folder."""
    format: Mapped[Format]
    options: Mapped[dict[str, Any]]
    actions: Mapped[list[str]]
    """Actions, or beginnings of them with a star; empty: all."""
    secret: Mapped[bytes | None]
    """Sealed."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts its changes: a sender made for another version is made anew."""
    created_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    stopped_because: Mapped[str] = mapped_column(sa.Text(), default="")
    """Why the appliance itself paused it; empty if it did not."""

    holder: Mapped[str] = mapped_column(sa.String(64), default="")
    held_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    """Since the last delivery."""
    retry_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    delivered_at: Mapped[datetime | None]
    number: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Counts deliveries."""
    parked_in_a_row: Mapped[int] = mapped_column(default=0)


class AuditStreamPosition(Table):
    """How far a stream is in one log."""

    __tablename__ = "audit_stream_positions"
    audited = False  # It follows from what was delivered.

    id = None  # type: ignore[assignment]  # Stream and log are the key.
    stream_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("audit_streams.id", ondelete="CASCADE"), primary_key=True
    )
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(sa.BigInteger())
    """The index of the next entry; all before it were delivered, parked, or not wanted."""
    moved_at: Mapped[datetime]


class AuditParked(Table):
    """An event that a receiver would not take."""

    __tablename__ = "audit_parked"
    audited = False  # Each is an event of its own.

    id = None  # type: ignore[assignment]  # Stream and event are the key.
    stream_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("audit_streams.id", ondelete="CASCADE"), primary_key=True
    )
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(sa.Integer())
    idx: Mapped[int] = mapped_column(sa.BigInteger())
    action: Mapped[str] = mapped_column(sa.String(100))
    reason: Mapped[str] = mapped_column(sa.Text())
    parked_at: Mapped[datetime]
    is_to_retry: Mapped[bool] = mapped_column(default=False)
