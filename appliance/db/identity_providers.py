"""Identity providers of the customer, whom they know, and what being in their groups gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.claims import LONGEST_GROUP, LONGEST_SUBJECT, LONGEST_TEXT
from appliance.domain.identity_providers import LONGEST_LABEL, Gives, LinkedBy, ProviderKind


class IdentityProvider(Table):
    """A system that says who people are."""

    __tablename__ = "identity_providers"
    bookkeeping: ClassVar[frozenset[str]] = frozenset({"state"})

    name: Mapped[str] = mapped_column(sa.String(39), unique=True)
    """Stands in addresses; small letters only."""
    kind: Mapped[ProviderKind]
    label: Mapped[str] = mapped_column(sa.String(LONGEST_LABEL))
    is_enabled: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    """In which order they are offered."""
    domains: Mapped[list[str]]
    """Whoever signs in with an address of these is led here."""
    settings: Mapped[dict[str, Any]]
    """What its protocol needs to know, without secrets."""
    secrets: Mapped[bytes | None]
    """Its secrets by name, as JSON, sealed."""
    policy: Mapped[dict[str, Any]]
    state: Mapped[dict[str, Any]]
    """What the protocol has to remember between two talks, and can do without."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts its changes: what was made for another version is made anew."""
    created_at: Mapped[datetime]


class Identity(Table):
    """Who a provider says somebody is; at most one user for each of its subjects."""

    __tablename__ = "identities"
    __table_args__ = (sa.UniqueConstraint("provider_id", "subject"),)
    bookkeeping: ClassVar[frozenset[str]] = frozenset(
        {"said_name", "said_email", "groups", "is_active", "seen_at"}
    )

    provider_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identity_providers.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(sa.String(LONGEST_SUBJECT))
    linked_by: Mapped[LinkedBy]
    is_active: Mapped[bool] = mapped_column(default=True)
    """Whether the provider lets them in, as it said last."""
    said_name: Mapped[str] = mapped_column(sa.String(LONGEST_TEXT), default="")
    said_email: Mapped[str] = mapped_column(sa.String(LONGEST_TEXT), default="")
    groups: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Their groups as the provider said last; none: it never said."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


_OTHER = orm.aliased(Identity)
ANOTHER_KEEPS_OUT = (
    sa.select(_OTHER.provider_id)
    .where(
        _OTHER.user_id == Identity.user_id,
        _OTHER.id != Identity.id,
        _OTHER.is_active.is_(False),
    )
    .order_by(_OTHER.id)
    .limit(1)
    .correlate(Identity)
    .scalar_subquery()
)
"""Of an identity: another provider that does not let the same user in, as it said last."""


class GroupRule(Table):
    """What being in one of a provider's groups gives."""

    __tablename__ = "group_rules"

    provider_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identity_providers.id", ondelete="CASCADE"), index=True
    )
    group: Mapped[str] = mapped_column("group_name", sa.String(LONGEST_GROUP))
    gives: Mapped[Gives]
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    """That of the team, too."""
    team_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(sa.String(32), default="")
    created_at: Mapped[datetime]
