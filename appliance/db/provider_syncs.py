"""Runs of synchronising with a directory, and what each changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.claims import LONGEST_SUBJECT, LONGEST_TEXT
from appliance.domain.provider_syncs import ChangeKind, ChangeState, SyncCause, SyncState


class SyncRun(Table):
    """One comparison of people with a directory."""

    __tablename__ = "sync_runs"
    __table_args__ = (sa.Index("ix_sync_runs_provider_id_created_at", "provider_id", "created_at"),)
    audited = False  # A report; what the run changes records events of its own.

    provider_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identity_providers.id", ondelete="CASCADE")
    )
    cause: Mapped[SyncCause]
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    is_dry_run: Mapped[bool]
    state: Mapped[SyncState] = mapped_column(default=SyncState.WAITING)
    job_id: Mapped[UUID | None]
    provider_version: Mapped[int]
    """What the provider was told when it began: what it would take away is confirmed for that."""
    confirms_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("sync_runs.id", ondelete="SET NULL")
    )
    """The run whose report somebody has confirmed."""
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    server: Mapped[str] = mapped_column(sa.String(LONGEST_TEXT), default="")
    people: Mapped[int] = mapped_column(default=0)
    groups: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How many changes, by kind and state: `vanished.held`."""
    doubts: Mapped[list[str]] = mapped_column(default=list)
    emptied: Mapped[list[str]] = mapped_column(default=list)
    """Groups that gave something, and have nobody now."""
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    """Why it failed: a word, and what the servers said."""


class SyncChange(Table):
    """What a run did to one person, or would have done."""

    __tablename__ = "sync_changes"
    __table_args__ = (sa.UniqueConstraint("run_id", "subject"),)
    audited = False  # A report, as its run.

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sync_runs.id", ondelete="CASCADE"))
    kind: Mapped[ChangeKind]
    state: Mapped[ChangeState]
    subject: Mapped[str] = mapped_column(sa.String(LONGEST_SUBJECT))
    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(LONGEST_TEXT))
    """Of the user, or of a person who is none, as the directory spells it."""
    detail: Mapped[dict[str, Any]]
    """Why: `changed`, `gained` and `lost` groups, `reason`."""
