"""Suspicious activity: alerts, what became of them, who is exempt, and what rules remember."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.activity import ActivityReason, ActivityRule, ActivityState


class ActivityAlert(Table):
    """Something unlike what an identity did before, as far as it is in one audit log."""

    __tablename__ = "activity_alerts"
    __table_args__ = (
        sa.Index("ix_activity_alerts_log", "log", "state"),
        sa.Index("ix_activity_alerts_actor", "actor_ref", "rule"),
    )

    rule: Mapped[ActivityRule]
    state: Mapped[ActivityState] = mapped_column(default=ActivityState.OPEN)
    log: Mapped[str] = mapped_column(sa.String(100))
    """An organisation's id, or `instance`: whose officers see it."""
    actor_ref: Mapped[str] = mapped_column(sa.String(64))
    """A user's pseudonym, or the id of a deploy key."""
    token_ref: Mapped[str] = mapped_column(sa.String(64), default="")
    since: Mapped[datetime]
    """When the first event was that it rests on."""
    at: Mapped[datetime]
    """When it was found last."""
    count: Mapped[int]
    usual: Mapped[int]
    """The limit that it has reached."""
    times: Mapped[int] = mapped_column(default=1)
    """How often it was found while it was open."""
    events: Mapped[list[str]]
    assignee_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    reason: Mapped[ActivityReason | None]
    created_at: Mapped[datetime]


class ActivityDecision(Table):
    """One line of an alert's history. It is never changed."""

    __tablename__ = "activity_decisions"

    alert_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("activity_alerts.id", ondelete="CASCADE"), index=True
    )
    step: Mapped[str] = mapped_column(sa.String(32))
    actor_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    reason: Mapped[ActivityReason | None]
    comment: Mapped[str] = mapped_column(sa.Text(), default="")
    about_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    """Who was assigned."""
    created_at: Mapped[datetime]


class ActivityLetter(Table):
    """That somebody is to be written to of an alert; gone once that is done."""

    __tablename__ = "activity_letters"
    __table_args__ = (sa.UniqueConstraint("alert_id", "user_id"),)
    audited = False  # It follows from the alert, and from what people chose.

    alert_id: Mapped[UUID] = mapped_column(sa.ForeignKey("activity_alerts.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    due_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class ActivityExemption(Table):
    """An identity of which a rule tells nothing, in one organisation or on the whole appliance."""

    __tablename__ = "activity_exemptions"
    __table_args__ = (sa.UniqueConstraint("log", "user_id", "rule"),)

    log: Mapped[str] = mapped_column(sa.String(100))
    """An organisation's id; `instance`: everywhere."""
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    rule: Mapped[ActivityRule]
    reason: Mapped[str] = mapped_column(sa.String(500))
    made_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class ActivityMemory(Table):
    """What rules remember of one identity, or of one token."""

    __tablename__ = "activity_memories"
    audited = False  # It follows from the audit logs.

    id = None  # type: ignore[assignment]  # The subject is the key.
    subject: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    """`actor:` or `token:`, and which."""
    person: Mapped[str] = mapped_column(sa.String(64), index=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)
    memory: Mapped[dict[str, Any]]


class ActivityCursor(Table):
    """Up to which place the audit logs were read. One row."""

    __tablename__ = "activity_cursors"
    audited = False  # It follows from what was read.

    id: Mapped[int] = mapped_column(  # type: ignore[assignment]  # There is one.
        sa.Integer(), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(sa.BigInteger())
    learns_until: Mapped[int] = mapped_column(sa.BigInteger())
    """What was there when it began only teaches what is usual."""
