"""Labels and milestones of a repository, and which conversations have them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.conversations import LONGEST_ABOUT, LONGEST_LABEL, LONGEST_MILESTONE


class Label(Table):
    """A word that sorts conversations."""

    __tablename__ = "labels"
    __table_args__ = (sa.UniqueConstraint("repository_id", "name_key"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(sa.String(LONGEST_LABEL))
    name_key: Mapped[str] = mapped_column(sa.String(4 * LONGEST_LABEL))
    colour: Mapped[str] = mapped_column(sa.String(6))
    description: Mapped[str] = mapped_column(sa.String(LONGEST_ABOUT), default="")


class LabelLink(Table):
    """A label on a conversation."""

    __tablename__ = "conversation_labels"
    __table_args__ = (sa.UniqueConstraint("conversation_id", "label_id"),)

    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE")
    )
    label_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("labels.id", ondelete="CASCADE"), index=True
    )


class Milestone(Table):
    """What is to be done until a day."""

    __tablename__ = "milestones"
    __table_args__ = (
        sa.UniqueConstraint("repository_id", "number"),
        sa.UniqueConstraint("repository_id", "title_key"),
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    number: Mapped[int] = mapped_column(sa.Integer())
    title: Mapped[str] = mapped_column(sa.String(LONGEST_MILESTONE))
    title_key: Mapped[str] = mapped_column(sa.String(4 * LONGEST_MILESTONE))
    description: Mapped[str] = mapped_column(sa.Text(), default="")
    due_on: Mapped[date | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Whether anything may still be planned for it."""
        return self.closed_at is None
