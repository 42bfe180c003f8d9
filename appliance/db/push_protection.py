"""Secrets that stopped pushes, who may push them all the same, and who need not ask."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.alerts import Lane
from appliance.domain.push_protection import BypassFacts, BypassReason, BypassState

ACTOR = sa.String(64)


class PushBlock(Table):
    """A secret that somebody could not push to a repository. Its value is not kept."""

    __tablename__ = "push_blocks"
    __table_args__ = (sa.UniqueConstraint("repository_id", "actor_ref", "identity"),)
    audited = False  # Each refusal has an event of its own.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    actor_ref: Mapped[str] = mapped_column(ACTOR)
    actor_label: Mapped[str] = mapped_column(ACTOR)
    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    identity: Mapped[str] = mapped_column(sa.String(64))
    rule: Mapped[str] = mapped_column(sa.String(255))
    title: Mapped[str] = mapped_column(sa.String(500))
    cure: Mapped[str] = mapped_column(sa.Text())
    severity: Mapped[str] = mapped_column(sa.String(32))
    preview: Mapped[str] = mapped_column(sa.String(255))
    kind: Mapped[str] = mapped_column(sa.String(16))
    path: Mapped[str] = mapped_column(sa.Text())
    line: Mapped[int] = mapped_column(sa.Integer())
    commit_id: Mapped[str] = mapped_column(sa.String(64))
    times: Mapped[int] = mapped_column(sa.Integer())
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class SecretBypass(Table):
    """Leave to push one secret, for one actor and one repository, once."""

    __tablename__ = "secret_bypasses"

    block_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("push_blocks.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[BypassState]
    reason: Mapped[BypassReason]
    comment: Mapped[str] = mapped_column(sa.Text())
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    decision_comment: Mapped[str] = mapped_column(sa.Text())
    used_at: Mapped[datetime | None]

    @property
    def facts(self) -> BypassFacts:
        """All that decides whether it counts."""
        return BypassFacts(self.state, self.expires_at)


class SecretPolicy(Table):
    """How an organisation decides about secrets in pushes."""

    __tablename__ = "secret_policies"
    __table_args__ = (sa.UniqueConstraint("organisation_id"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    is_delegated: Mapped[bool]
    """Whether somebody else must approve a bypass."""


class SecretExemption(Table):
    """A service account whose pushes to an organisation's repositories are never stopped."""

    __tablename__ = "secret_exemptions"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "user_id"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]


class SecretPattern(Table):
    """A pattern of secrets that an organisation wrote itself, and that was tried."""

    __tablename__ = "secret_patterns"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "name"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(sa.String(64))
    pattern: Mapped[str] = mapped_column(sa.Text())
    reach_bytes: Mapped[int] = mapped_column(sa.Integer())
    """The longest that a match can be."""
    entropy: Mapped[float] = mapped_column(sa.Float())
    lane: Mapped[Lane]
    cure: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
