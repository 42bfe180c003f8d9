"""Exports of the audit log that somebody asked for, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class AuditExport(Table):
    """One export: what was asked for, and the file that answers it.

    How far it is stands in the row of its job. `sha256` is set when the file is ready, and
    `error` when there will be none.
    """

    __tablename__ = "audit_exports"
    audited = False  # Events of its own say who asked for it, and what became of it.

    asked_by: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    log: Mapped[str] = mapped_column(sa.String(100))
    """`instance`, or the id of an organisation; empty for all logs."""
    format: Mapped[str] = mapped_column(sa.String(16))
    query: Mapped[str] = mapped_column(sa.Text())
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    known_sizes: Mapped[list[Any]] = mapped_column(sa.JSON())
    job_id: Mapped[UUID | None]
    entries: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    matched: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    bodies: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    personal_values: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    """Of a bundle's manifest, or of the file."""
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """When the file goes; the row stays a little longer, to say so."""
