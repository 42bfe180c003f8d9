"""Jobs: promised in a transaction, handed to the queue after it, and remembered until done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.jobs import Job, JobState


class JobRecord(Table):
    """One promised job. The row is the truth; the queue only carries its id.

    Until `relayed_at` is set it waits in the outbox. A worker claims it by moving it from QUEUED
    to RUNNING and keeps `leased_until` in the future; a lease that ran out means that the worker
    died, and the job goes back to QUEUED.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        sa.Index("ix_jobs_state_relayed_at", "state", "relayed_at"),
        sa.Index("ix_jobs_about", "about"),
    )
    audited = False  # Bookkeeping; what a job does records events of its own.

    job: Mapped[Job] = mapped_column(
        # No CHECK: a new kind of job needs no migration.
        sa.Enum(
            Job,
            native_enum=False,
            create_constraint=False,
            length=64,
            values_callable=lambda kind: [str(member.value) for member in kind],
        )
    )
    arguments: Mapped[dict[str, Any]]
    about: Mapped[UUID | None]
    promised_by: Mapped[UUID | None]
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED)
    attempts_left: Mapped[int]
    attempt: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    created_at: Mapped[datetime]
    relayed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    step: Mapped[str] = mapped_column(sa.String(200), default="")
    progress_done: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    progress_total: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str] = mapped_column(sa.Text(), default="")


class RegularJob(Table):
    """When a regular job is due next. Whoever moves the time on is the one who promises it."""

    __tablename__ = "regular_jobs"
    audited = False  # The schedule is written in the code; this is only how far it has come.

    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    due_at: Mapped[datetime]
