"""What somebody trusted has said of vulnerabilities in a repository (VEX)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.advisories import LONGEST_NAME
from appliance.db.base import Table

LONGEST_PURL = 2048


class VexStatement(Table):
    """One statement of a document, kept as long as no later one of the same things is there."""

    __tablename__ = "vex_statements"
    __table_args__ = (sa.Index("ix_vex_statements_repository_id", "repository_id", "said_at"),)
    audited = False  # Its upload has an event, and so has what becomes of alerts by it.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    document: Mapped[str] = mapped_column(sa.String(LONGEST_PURL))
    author: Mapped[str] = mapped_column(sa.Text())
    format: Mapped[str] = mapped_column(sa.String(16))
    vulnerability: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    names: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """It and its aliases."""
    component: Mapped[str] = mapped_column(sa.String(LONGEST_PURL))
    """The package URL of what is meant."""
    status: Mapped[str] = mapped_column(sa.String(32))
    justification: Mapped[str] = mapped_column(sa.String(64))
    impact: Mapped[str] = mapped_column(sa.Text())
    action: Mapped[str] = mapped_column(sa.Text())
    said_at: Mapped[datetime]
    uploaded_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    uploaded_at: Mapped[datetime]
