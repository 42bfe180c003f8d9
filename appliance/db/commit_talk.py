"""What people say of commits: comments, reactions to them, and labels."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.conversations import Reaction
from appliance.domain.pull_requests import Side


class CommitComment(Table):
    """What somebody said of a commit. A deleted one keeps its place, not its text."""

    __tablename__ = "commit_comments"
    __table_args__ = (
        sa.Index("ix_commit_comments_repository_id_commit", "repository_id", "commit", "id"),
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    commit: Mapped[str] = mapped_column(sa.String(64))
    path: Mapped[bytes] = mapped_column(default=b"")
    """Empty: it is about the commit as a whole."""
    side: Mapped[Side]
    start_line: Mapped[int | None] = mapped_column(sa.Integer())
    end_line: Mapped[int | None] = mapped_column(sa.Integer())
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


class CommitReaction(Table):
    """What somebody said of a comment on a commit without words."""

    __tablename__ = "commit_reactions"
    __table_args__ = (sa.UniqueConstraint("comment_id", "user_id", "reaction"),)

    comment_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commit_comments.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    reaction: Mapped[Reaction]


class CommitLabel(Table):
    """A label of a repository on one of its commits."""

    __tablename__ = "commit_labels"
    __table_args__ = (sa.UniqueConstraint("repository_id", "commit", "label_id"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    commit: Mapped[str] = mapped_column(sa.String(64))
    label_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("labels.id", ondelete="CASCADE"), index=True
    )
    given_at: Mapped[datetime]
