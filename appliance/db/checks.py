"""What other systems say of commits: statuses, check runs, and their annotations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.checks import (
    LONGEST_ADDRESS,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    AnnotationLevel,
    Conclusion,
    RunState,
    StatusState,
)


class CommitStatus(Table):
    """One word about a commit, under a name. Those before it stay."""

    __tablename__ = "commit_statuses"
    __table_args__ = (sa.Index("ix_commit_statuses_commit", "repository_id", "commit", "id"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    commit: Mapped[str] = mapped_column(sa.String(64))
    context: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    state: Mapped[StatusState]
    description: Mapped[str] = mapped_column(sa.String(LONGEST_DESCRIPTION))
    target_url: Mapped[str] = mapped_column(sa.String(LONGEST_ADDRESS))
    reporter_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime]


class CheckRun(Table):
    """A check of a commit, from its announcement to its report."""

    __tablename__ = "check_runs"
    __table_args__ = (
        sa.Index("ix_check_runs_commit", "repository_id", "commit", "id"),
        sa.CheckConstraint(
            "(state = 'completed') = (conclusion IS NOT NULL)", name="concluded_completed"
        ),
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    commit: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    state: Mapped[RunState]
    conclusion: Mapped[Conclusion | None]
    details_url: Mapped[str] = mapped_column(sa.String(LONGEST_ADDRESS), default="")
    external_id: Mapped[str] = mapped_column(sa.String(LONGEST_NAME), default="")
    """What the reporting system calls it."""
    title: Mapped[str] = mapped_column(sa.String(LONGEST_NAME), default="")
    summary: Mapped[str] = mapped_column(sa.Text(), default="")
    text: Mapped[str] = mapped_column(sa.Text(), default="")
    artefacts: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON(), default=list)
    """Links to what it made: `name`, `url`, and where they were said `size_bytes` and `sha256`."""
    annotation_count: Mapped[int] = mapped_column(sa.Integer(), default=0)
    reporter_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class CheckAnnotation(Table):
    """What a check run says of lines."""

    __tablename__ = "check_annotations"
    __table_args__ = (sa.Index("ix_check_annotations_run_id", "run_id", "id"),)

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("check_runs.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(sa.String(4096))
    start_line: Mapped[int] = mapped_column(sa.Integer())
    end_line: Mapped[int] = mapped_column(sa.Integer())
    start_column: Mapped[int | None] = mapped_column(sa.Integer())
    end_column: Mapped[int | None] = mapped_column(sa.Integer())
    level: Mapped[AnnotationLevel]
    title: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    message: Mapped[str] = mapped_column(sa.Text())
    raw_details: Mapped[str] = mapped_column(sa.Text())
