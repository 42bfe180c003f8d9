"""Reviews of pull requests: who was asked, what they said of the whole and of its lines."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.pull_requests import Side, Verdict


class ReviewRequest(Table):
    """Somebody, or a team, whose review is waited for. A submitted review takes it away."""

    __tablename__ = "review_requests"
    __table_args__ = (
        sa.UniqueConstraint("pull_id", "user_id"),
        sa.UniqueConstraint("pull_id", "team_id"),
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="one_reviewer"),
    )

    pull_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pull_requests.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    team_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    requested_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    requested_at: Mapped[datetime]


class Review(Table):
    """What a reviewer said of a patch set as a whole."""

    __tablename__ = "reviews"
    __table_args__ = (sa.Index("ix_reviews_pull_id", "pull_id", "id"),)

    pull_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pull_requests.id", ondelete="CASCADE"))
    author_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    verdict: Mapped[Verdict]
    body: Mapped[str] = mapped_column(sa.Text(), default="")
    patch_set: Mapped[int] = mapped_column(sa.Integer())
    head_oid: Mapped[str] = mapped_column(sa.String(64))
    submitted_at: Mapped[datetime]
    dismissed_at: Mapped[datetime | None]
    dismissed_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    dismissed_because: Mapped[str] = mapped_column(sa.Text(), default="")


class ReviewThread(Table):
    """Lines that somebody spoke of, and whether that is settled."""

    __tablename__ = "review_threads"
    __table_args__ = (sa.Index("ix_review_threads_pull_id", "pull_id", "id"),)

    pull_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pull_requests.id", ondelete="CASCADE"))
    patch_set: Mapped[int] = mapped_column(sa.Integer())
    """What was looked at then; the anchor's path and lines are those of that patch set."""
    path: Mapped[bytes]
    side: Mapped[Side]
    start_line: Mapped[int | None] = mapped_column(sa.Integer())
    end_line: Mapped[int | None] = mapped_column(sa.Integer())
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class ReviewComment(Table):
    """What somebody said in a thread. A deleted one keeps its place, not its text."""

    __tablename__ = "review_comments"
    __table_args__ = (sa.Index("ix_review_comments_thread_id", "thread_id", "id"),)

    thread_id: Mapped[UUID] = mapped_column(sa.ForeignKey("review_threads.id", ondelete="CASCADE"))
    review_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("reviews.id", ondelete="SET NULL"), index=True
    )
    """The review that it came with."""
    author_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    body: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    applied_as: Mapped[str | None] = mapped_column(sa.String(64))
    """The commit by which what it suggests was applied."""


class DraftComment(Table):
    """What somebody will say with their review, and nobody else sees until then."""

    __tablename__ = "draft_comments"
    __table_args__ = (sa.Index("ix_draft_comments_pull_id_author_id", "pull_id", "author_id"),)
    audited = False  # A note of one's own; `review.comment_added` is recorded when it is said.

    pull_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pull_requests.id", ondelete="CASCADE"))
    author_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    thread_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("review_threads.id", ondelete="CASCADE"), index=True
    )
    """What it answers; else it begins a thread at the anchor."""
    patch_set: Mapped[int] = mapped_column(sa.Integer())
    path: Mapped[bytes]
    side: Mapped[Side]
    start_line: Mapped[int | None] = mapped_column(sa.Integer())
    end_line: Mapped[int | None] = mapped_column(sa.Integer())
    body: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]


class ViewedFile(Table):
    """A file that somebody has looked through, as it was: while it is so, it counts as viewed."""

    __tablename__ = "viewed_files"
    __table_args__ = (sa.UniqueConstraint("pull_id", "user_id", "path"),)
    audited = False  # A mark for oneself; it says nothing to anybody else.

    pull_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pull_requests.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    path: Mapped[bytes]
    old_blob: Mapped[str] = mapped_column(sa.String(64), default="")
    new_blob: Mapped[str] = mapped_column(sa.String(64), default="")
    """Both sides' contents then; empty where there is no file."""
    viewed_at: Mapped[datetime]
