"""Rows of the queue that are no events: kept as they were found, beside the logs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class AuditSetAside(Table):
    """A row that got no place in a log. Triggers let nobody change it or take it away."""

    __tablename__ = "audit_set_aside"
    audited = False  # Its event is recorded with it.

    event_id: Mapped[UUID] = mapped_column(unique=True)
    """The event that says so, with a commitment to what is sealed here."""
    position: Mapped[int] = mapped_column(sa.BigInteger())
    """Where it stood in the queue."""
    why: Mapped[str] = mapped_column(sa.Text())
    sealed: Mapped[bytes]
    """A salt, 32 bytes, and all that the row held, sealed together: it may be personal."""
    set_aside_at: Mapped[datetime]
