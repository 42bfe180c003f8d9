"""Conversations (issues and pull requests): what was said, who takes part, and what happened.

A conversation has a number of its repository, given by `conversation_rows.next_number`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.audit_log import BIG
from appliance.db.base import Table
from appliance.domain.conversations import (
    LONGEST_TITLE,
    ClosedAs,
    ConversationKind,
    ConversationState,
    Following,
    Happening,
    Reaction,
)


class Conversation(Table):
    """An issue or a pull request."""

    __tablename__ = "conversations"
    __table_args__ = (
        sa.UniqueConstraint("repository_id", "number"),
        sa.Index("ix_conversations_listed", "repository_id", "kind", "state", "number"),
        sa.Index("ix_conversations_updated", "repository_id", "kind", "updated_at", "number"),
        sa.CheckConstraint("state = 'closed' OR closed_as IS NULL", name="closed_as_closed"),
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    number: Mapped[int] = mapped_column(sa.Integer())
    kind: Mapped[ConversationKind]
    title: Mapped[str] = mapped_column(sa.String(LONGEST_TITLE))
    body: Mapped[str] = mapped_column(sa.Text())
    author_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[ConversationState] = mapped_column(default=ConversationState.OPEN)
    closed_as: Mapped[ClosedAs | None]
    duplicate_of_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="SET NULL"), index=True
    )
    milestone_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("milestones.id", ondelete="SET NULL"), index=True
    )
    comment_count: Mapped[int] = mapped_column(sa.Integer(), default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    body_edited_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do."""
        return self.state is ConversationState.OPEN


class Comment(Table):
    """What somebody said in a conversation. A deleted one keeps its place, not its text."""

    __tablename__ = "comments"
    __table_args__ = (sa.Index("ix_comments_conversation_id", "conversation_id", "id"),)

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE")
    )
    author_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    body: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class TextEdit(Table):
    """What a text was before it was changed. Of a title the timeline tells."""

    __tablename__ = "text_edits"
    __table_args__ = (sa.Index("ix_text_edits_text_id", "text_id", "id"),)

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    text_id: Mapped[UUID]
    """The conversation's id, or that of a comment."""
    previous: Mapped[str] = mapped_column(sa.Text())
    editor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    edited_at: Mapped[datetime]


class TimelineEntry(Table):
    """Something that happened in a conversation, beside what was said."""

    __tablename__ = "timeline_entries"
    __table_args__ = (
        sa.Index("ix_timeline_entries_conversation_id", "conversation_id", "id"),
        sa.UniqueConstraint("conversation_id", "kind", "source_id"),
        sa.UniqueConstraint("conversation_id", "kind", "commit"),
    )

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE")
    )
    kind: Mapped[Happening]
    actor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    actor_label: Mapped[str] = mapped_column(sa.String(100), default="")
    """Who did it, where it was no user: a deploy key."""
    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    """Who was assigned, or no longer is."""
    source_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    """The conversation that speaks of this one: only for who may read that."""
    commit: Mapped[str | None] = mapped_column(sa.String(64))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Names as they were then: of a label with its colour, of a milestone, of a title."""
    happened_at: Mapped[datetime]


class Assignee(Table):
    """Somebody who is to deal with a conversation."""

    __tablename__ = "assignees"
    __table_args__ = (sa.UniqueConstraint("conversation_id", "user_id"),)

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)


class Subscription(Table):
    """Whether somebody is told what happens in a conversation; one who left stays away."""

    __tablename__ = "subscriptions"
    __table_args__ = (sa.UniqueConstraint("conversation_id", "user_id"),)

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    because: Mapped[Following]
    left_at: Mapped[datetime | None]


class ReactionRow(Table):
    """What somebody said of a text without words."""

    __tablename__ = "reactions"
    __table_args__ = (sa.UniqueConstraint("text_id", "user_id", "reaction"),)

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    text_id: Mapped[UUID]
    """The conversation's id, or that of a comment."""
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    reaction: Mapped[Reaction]


class SaidWords(Table):
    """The words of one text, for searching; they are indexed as each database does it."""

    __tablename__ = "conversation_texts"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own name.
    audited = False  # It follows from the texts.

    id = None  # type: ignore[assignment]  # The place is the key.
    place: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    text_id: Mapped[UUID] = mapped_column(unique=True)
    """The conversation's id (for title and text), or that of a comment."""
    words: Mapped[str] = mapped_column(sa.Text())
