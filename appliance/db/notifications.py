"""What people are told of conversations, how much of a repository they want, and how."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.notifications import Reason, Tale, WatchLevel


class Watch(Table):
    """How much of a repository somebody wants to be told; without one only what is theirs."""

    __tablename__ = "watches"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "repository_id"),
        sa.CheckConstraint("level <> 'participating'", name="level_unusual"),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    level: Mapped[WatchLevel]
    created_at: Mapped[datetime]


class Mention(Table):
    """Somebody whom a text speaks of, who may read it: noted with the text, in its transaction."""

    __tablename__ = "mentions"
    __table_args__ = (
        sa.UniqueConstraint("text_id", "user_id"),
        sa.Index("ix_mentions_conversation_id", "conversation_id", "is_told"),
    )
    audited = False  # It follows from the texts.

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE")
    )
    text_id: Mapped[UUID]
    """The conversation's id, or that of a comment."""
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    by_team: Mapped[bool]
    is_told: Mapped[bool] = mapped_column(default=False)


class Notification(Table):
    """A conversation in somebody's inbox, with what happened in it last."""

    __tablename__ = "notifications"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "conversation_id"),
        sa.Index("ix_notifications_listed", "user_id", "done_at", "happened_at", "id"),
        sa.Index("ix_notifications_unread", "user_id", "read_at", "done_at"),
    )
    audited = False  # It follows from what happened; what somebody has read is their own affair.

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[Reason]
    tale: Mapped[Tale]
    actor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    text_id: Mapped[UUID | None]
    """The comment that it is about."""
    happened_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    @property
    def is_unread(self) -> bool:
        """Whether they have not looked since."""
        return self.read_at is None


class NotificationCursor(Table):
    """Up to which place of the audit logs people have been told. One row."""

    __tablename__ = "notification_cursors"
    audited = False  # It follows from what was told.

    id: Mapped[int] = mapped_column(  # type: ignore[assignment]  # There is one.
        sa.Integer(), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(sa.BigInteger())
