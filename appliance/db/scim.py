"""What clients of SCIM provisioned: users and groups as they told them, and the clients' tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.scim import LONGEST_NAME


class ScimToken(Table):
    """A token with which a client provisions for one provider."""

    __tablename__ = "scim_tokens"

    provider_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identity_providers.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(100))
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    shown_prefix: Mapped[str] = mapped_column(sa.String(16))
    """The first characters, to recognise it in a list."""
    networks: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """From where it may be used; empty: from anywhere."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ScimUser(Table):
    """A person as a provider told of them. Who was deleted there stays, for who comes again."""

    __tablename__ = "scim_users"
    __table_args__ = (
        sa.UniqueConstraint("provider_id", "name_key"),
        sa.Index("ix_scim_users_external_id", "provider_id", "external_id"),
    )

    provider_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identity_providers.id", ondelete="CASCADE")
    )
    identity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identities.id", ondelete="CASCADE"), index=True
    )
    name_key: Mapped[str | None] = mapped_column(sa.String(LONGEST_NAME))
    """Their `userName` as it is compared; none: they were deleted, and the name is free."""
    external_id: Mapped[str | None] = mapped_column(sa.String(LONGEST_NAME))
    content: Mapped[dict[str, Any]]
    """What the client may read back, without what we say of it ourselves."""
    compared: Mapped[dict[str, Any]]
    """The same as filters compare it: names and values that do not mind case in small letters."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ScimGroup(Table):
    """A group as a provider told of it. What it gives is said by group rules, by its name."""

    __tablename__ = "scim_groups"
    __table_args__ = (sa.UniqueConstraint("provider_id", "name_key"),)

    provider_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identity_providers.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    name_key: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    external_id: Mapped[str | None] = mapped_column(sa.String(LONGEST_NAME))
    compared: Mapped[dict[str, Any]]
    """As filters compare it, without its members."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ScimMember(Table):
    """One user in one group."""

    __tablename__ = "scim_members"
    __table_args__ = (sa.UniqueConstraint("group_id", "user_id"),)

    group_id: Mapped[UUID] = mapped_column(sa.ForeignKey("scim_groups.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("scim_users.id", ondelete="CASCADE"), index=True
    )
