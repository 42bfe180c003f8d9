"""Mirrors of repositories: which other system, how often, and how it went last."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.mirrors import Direction


class Mirror(Table):
    """Another system that a repository follows, or that follows it."""

    __tablename__ = "mirrors"
    bookkeeping: ClassVar[frozenset[str]] = frozenset(
        {"due_at", "job_id", "tried_at", "synced_at", "failures", "error", "behind"}
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    direction: Mapped[Direction]
    address: Mapped[str] = mapped_column(sa.String(2048))
    credentials: Mapped[bytes | None]
    """Sealed: the user name and password that the other system wants to hear."""
    every_minutes: Mapped[int]
    overwrites: Mapped[bool]
    """Whether branches and tags that differ are moved back, and those that are gone deleted."""
    is_active: Mapped[bool]
    responsible_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    """Who made it, or changed it last: what it pulls is pushed in their name."""
    created_at: Mapped[datetime]

    due_at: Mapped[datetime] = mapped_column(index=True)
    job_id: Mapped[UUID | None]
    """The job that was promised last."""
    tried_at: Mapped[datetime | None]
    synced_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    """Since it went well last."""
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    behind: Mapped[int] = mapped_column(default=0)
    """How many branches and tags differ, and were left alone."""
