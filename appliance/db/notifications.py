"""What people are told of conversations, how much of a repository they want, and how."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.audit_log import BIG
from appliance.db.base import Table
from appliance.domain.notifications import (
    DigestEvery,
    MailState,
    MailWhen,
    Reason,
    Tale,
    WatchLevel,
)

OF_ONE_THING = "(conversation_id IS NULL) = (commit_oid IS NOT NULL)"


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

    conversation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE")
    )
    """None: of a comment on a commit."""
    text_id: Mapped[UUID]
    """The conversation's id, or that of a comment."""
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    by_team: Mapped[bool]
    is_told: Mapped[bool] = mapped_column(default=False)


class Notification(Table):
    """A conversation in somebody's inbox, or a commit, with what happened there last."""

    __tablename__ = "notifications"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "conversation_id"),
        sa.UniqueConstraint("user_id", "repository_id", "commit_oid"),
        sa.CheckConstraint(OF_ONE_THING, name="of_one_thing"),
        sa.Index("ix_notifications_listed", "user_id", "done_at", "happened_at", "id"),
        sa.Index("ix_notifications_unread", "user_id", "read_at", "done_at"),
    )
    audited = False  # It follows from what happened; what somebody has read is their own affair.

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    """That of the commit; conversations know theirs."""
    commit_oid: Mapped[str | None] = mapped_column(sa.String(64))
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


class NotificationChoice(Table):
    """How somebody wants to be told; without one as `domain.notifications.Choices` says."""

    __tablename__ = "notification_choices"

    user_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), unique=True
    )
    own_mail: Mapped[MailWhen]
    watching_mail: Mapped[MailWhen] = mapped_column(
        # With a name of its own: one table has both checks.
        sa.Enum(
            MailWhen,
            name="watching_mail",
            native_enum=False,
            create_constraint=True,
            length=32,
            values_callable=lambda kind: [str(member.value) for member in kind],
        )
    )
    digest: Mapped[DigestEvery]
    tells_own: Mapped[bool]


class NotificationMail(Table):
    """A letter, or a part of one, to somebody. What it says is read when it is sent."""

    __tablename__ = "notification_mails"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "event_id"),
        sa.CheckConstraint(OF_ONE_THING, name="of_one_thing"),
        sa.Index(
            "ix_notification_mails_waiting",
            *("due_at", "number"),
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
        {"sqlite_autoincrement": True},
    )
    audited = False  # It follows from what happened, and from what people chose.

    id = None  # type: ignore[assignment]  # The number is the key.
    number: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    commit_oid: Mapped[str | None] = mapped_column(sa.String(64))
    event_id: Mapped[UUID]
    reason: Mapped[Reason]
    tale: Mapped[Tale]
    actor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    text_id: Mapped[UUID | None]
    happened_at: Mapped[datetime]
    is_digest: Mapped[bool]
    due_at: Mapped[datetime]
    state: Mapped[MailState] = mapped_column(default=MailState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str] = mapped_column(sa.String(64), default="")
    held_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    error: Mapped[str] = mapped_column(sa.Text(), default="")
