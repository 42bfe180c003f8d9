"""What was taken out of the audit logs, and is being taken out: prunings and erasures.

Each row is made with the event that allows the removal; what is left to do is read from it, so that
a removal goes on where it was cut off.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class AuditPruning(Table):
    """The removal of old content from the beginning of a log.

    Nothing goes before the event that allows it, `event_id`, is in a signed state.
    """

    __tablename__ = "audit_prunings"
    audited = False  # Its event is recorded with it.

    log_id: Mapped[int] = mapped_column(sa.Integer(), index=True)
    what: Mapped[str] = mapped_column(sa.String(16))
    """`bodies`, `entries` or `tiles`."""
    end: Mapped[int] = mapped_column(sa.BigInteger())
    """Of the entries before this one."""
    cuts: Mapped[dict[str, Any]]
    """Bodies: by class of retention, before which time; a class that is not named keeps all."""
    event_id: Mapped[UUID] = mapped_column(unique=True)
    certificate: Mapped[str] = mapped_column(sa.Text())
    """Canonical JSON, whose hash is in the event."""
    reached: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Up to where it is done."""
    removed: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """How many bodies, entries or tiles are gone."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class AuditErasure(Table):
    """The erasure of a person's values in one log, and how far the search has forgotten them."""

    __tablename__ = "audit_erasures"
    __table_args__ = (sa.UniqueConstraint("event_id", "log_id"),)
    audited = False  # Its event is recorded with it.

    event_id: Mapped[UUID]
    log_id: Mapped[int] = mapped_column(sa.Integer())
    reached: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Entries before this cannot be found by the erased values any more."""
    finished_at: Mapped[datetime | None]


class AuditErasedValue(Table):
    """That an entry had a personal value which was erased: its tombstone, without any of it."""

    __tablename__ = "audit_erased_values"
    audited = False  # The erasure's event is recorded with it.

    id = None  # type: ignore[assignment]  # Log, index and number are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(sa.String(64))
    event_id: Mapped[UUID] = mapped_column(index=True)
