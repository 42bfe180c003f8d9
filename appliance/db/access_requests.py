"""Requests for access, the rules about them, and the rights that end by themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.access_requests import Approvers, RequestState, Thing
from appliance.domain.permissions import Role


class AccessRuleRow(Table):
    """What may be asked for in one organisation."""

    __tablename__ = "access_rules"

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), unique=True
    )
    is_open: Mapped[bool]
    approvers: Mapped[Approvers]
    longest_hours: Mapped[int]
    allows_endless: Mapped[bool]
    highest_role: Mapped[Role]


class AccessRequest(Table):
    """Somebody asks for access. It is kept as well where there is no such thing."""

    __tablename__ = "access_requests"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    thing: Mapped[Thing]
    asked_name: Mapped[str] = mapped_column(sa.String(141))
    """As they spelled it: they may not know how it is really spelled."""
    asked_key: Mapped[str] = mapped_column(sa.String(141))
    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="SET NULL"), index=True
    )
    team_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("teams.id", ondelete="SET NULL"), index=True
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    """That of a team, or what was asked for; of a repository the repository itself knows it."""
    was_visible: Mapped[bool]
    """Whether who asked could see it. Where not, a refusal leaves the state as it is, for them;
    that it is one, `decided_by` tells who answers."""
    role: Mapped[Role | None]
    hours: Mapped[int | None]
    """None: without end."""
    reason: Mapped[str] = mapped_column(sa.String(500))
    state: Mapped[RequestState] = mapped_column(default=RequestState.PENDING)
    created_at: Mapped[datetime]
    answer_until: Mapped[datetime] = mapped_column(index=True)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    answer: Mapped[str] = mapped_column(sa.String(500), default="")
    given_role: Mapped[Role | None]
    ends_at: Mapped[datetime | None]
    """When what was given ends, or ended; None: it was given without end, or not at all."""
    ended_at: Mapped[datetime | None]
    """When it ended before its time."""


class TemporaryRight(Table):
    """What somebody was given until a time. After it the row says nothing, swept or not.

    With a repository it is a role there. With an organisation it is to belong to it, and with a
    team besides, to be in that as well: only who belongs to an organisation is in its teams.
    """

    __tablename__ = "temporary_rights"
    __table_args__ = (
        sa.Index("ix_temporary_rights_user_id_expires_at", "user_id", "expires_at"),
        sa.CheckConstraint(
            "(repository_id IS NULL) <> (organisation_id IS NULL)", name="one_thing"
        ),
        sa.CheckConstraint("(repository_id IS NULL) = (role IS NULL)", name="role_there"),
    )

    request_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("access_requests.id", ondelete="CASCADE"), unique=True
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    team_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Role | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime]
