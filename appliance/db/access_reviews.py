"""Access reviews: campaigns, the rights that each looks at, and who decides about which."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.access_reviews import (
    AtDueDate,
    Decision,
    Outcome,
    Reviewers,
    Right,
    Source,
)


class AccessReview(Table):
    """One campaign. It outlives the organisation and the people that it is about."""

    __tablename__ = "access_reviews"
    bookkeeping = frozenset({"repeat_at"})

    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    """None: it is about the whole appliance."""
    place_name: Mapped[str] = mapped_column(sa.String(39), default="")
    name: Mapped[str] = mapped_column(sa.String(100))
    rights: Mapped[list[str]]
    reviewers: Mapped[Reviewers]
    named: Mapped[list[str]]
    """The ids of the users who were named."""
    at_due: Mapped[AtDueDate]
    items: Mapped[int] = mapped_column(default=0)
    opened_by: Mapped[UUID | None]
    opened_by_name: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    repeat_days: Mapped[int | None]
    repeat_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the next of the same kind begins; None: none does, or it has begun."""
    copied_from: Mapped[UUID | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    """Of its result, as the event that closed it says too."""


class ReviewedRight(Table):
    """A right as it was when the campaign began, and what was decided about it.

    Names are kept as they were: the result has to stay readable when what they name is gone.
    """

    __tablename__ = "reviewed_rights"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "number"),
        sa.Index("ix_reviewed_rights_review_id_place_id", "review_id", "place_id"),
    )
    bookkeeping = frozenset({"gone_at"})

    review_id: Mapped[UUID] = mapped_column(sa.ForeignKey("access_reviews.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[Right]
    place_id: Mapped[UUID]
    """The repository, the organisation, or nobody's id: by it reviewers are found."""
    place_name: Mapped[str] = mapped_column(sa.String(141))
    subject_type: Mapped[str] = mapped_column(sa.String(8))
    """`user`, `team`, or `key` of a deploy key, which is nobody's."""
    subject_id: Mapped[UUID]
    subject_name: Mapped[str] = mapped_column(sa.String(80))
    subject_key: Mapped[str] = mapped_column(sa.String(80))
    right_id: Mapped[UUID]
    """The row that gives it, or the credential itself."""
    role: Mapped[str] = mapped_column(sa.String(32))
    source: Mapped[Source]
    provider_name: Mapped[str] = mapped_column(sa.String(100), default="")
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    last_active_at: Mapped[datetime | None]
    """When they were last seen on the appliance, by what is kept of it."""
    last_push_at: Mapped[datetime | None]
    """When they last pushed to the repository."""
    credential: Mapped[str] = mapped_column(sa.String(100), default="", server_default="")
    """What a credential is called."""
    mark: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    """How it begins, or its fingerprint."""
    may: Mapped[str] = mapped_column(sa.String(255), default="", server_default="")
    """The scopes of a token; of a key what it is for."""
    reach: Mapped[str] = mapped_column(sa.String(8), default="", server_default="")
    """`all` that its user can reach, or `chosen` repositories."""
    last_used_at: Mapped[datetime | None]
    """When a credential, or any of a service account, was used last."""
    decision: Mapped[Decision | None] = mapped_column(index=True)
    by_due_date: Mapped[bool] = mapped_column(default=False)
    """Nobody decided; the campaign's end did."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    outcome: Mapped[Outcome | None] = mapped_column(index=True)
    gone_at: Mapped[datetime | None]
    """When a directory was seen to give it no more."""


class ReviewReviewer(Table):
    """Somebody who decides about the rights in one place."""

    __tablename__ = "review_reviewers"
    __table_args__ = (sa.UniqueConstraint("review_id", "place_id", "user_id"),)
    audited = False  # The campaign's beginning is recorded with how they are found.

    review_id: Mapped[UUID] = mapped_column(sa.ForeignKey("access_reviews.id", ondelete="CASCADE"))
    place_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
