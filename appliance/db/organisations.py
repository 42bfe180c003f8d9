"""Organisations, teams, and who belongs to them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.permissions import OrganisationRole, Role


class Organisation(Table):
    """A body that owns repositories. The id is that of its owner row."""

    __tablename__ = "organisations"

    id: Mapped[UUID] = mapped_column(sa.ForeignKey("owners.id"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(39))
    display_name: Mapped[str] = mapped_column(sa.String(100), default="")
    description: Mapped[str] = mapped_column(sa.String(500), default="")
    base_role: Mapped[Role | None]
    """The role every member has on every repository of the organisation."""
    members_create_repositories: Mapped[bool] = mapped_column(default=True)
    has_issues: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    """Whether its repositories may have issues."""
    deletes_branches: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether source branches are deleted after a merge, where a repository says nothing."""
    merged_branch_days: Mapped[int] = mapped_column(sa.Integer(), default=0, server_default="0")
    """After how many days merged branches are deleted, where one says nothing; 0: never."""
    quota_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Room for all its repositories; 0 means the instance's default."""
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Membership(Table):
    """One user's role in one organisation."""

    __tablename__ = "memberships"
    bookkeeping: ClassVar[frozenset[str]] = frozenset({"provider_id", "given_role"})
    __table_args__ = (sa.UniqueConstraint("organisation_id", "user_id"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[OrganisationRole] = mapped_column(default=OrganisationRole.MEMBER)
    provider_id: Mapped[UUID | None]
    """The sign-in system whose groups give this role; none: a person gave it. No foreign key: what
    a system gave is taken back before it goes."""
    given_role: Mapped[OrganisationRole | None]
    """The role that a person gave, where a system gives another; none: no person gave any."""
    created_at: Mapped[datetime]


class Team(Table):
    """Some members of an organisation. A team inside another has the outer team's roles too."""

    __tablename__ = "teams"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "name_key"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(39))
    name_key: Mapped[str] = mapped_column(sa.String(39))
    description: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[datetime]


class TeamMembership(Table):
    """One user in one team."""

    __tablename__ = "team_memberships"
    bookkeeping: ClassVar[frozenset[str]] = frozenset({"provider_id"})
    __table_args__ = (sa.UniqueConstraint("team_id", "user_id"),)

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    provider_id: Mapped[UUID | None]
    """The identity provider whose groups put them there; none: a person did."""
    created_at: Mapped[datetime]
