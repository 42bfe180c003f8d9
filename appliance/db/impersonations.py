"""Administrators who act as somebody else, and until when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class Impersonation(Table):
    """An administrator acts as a user, in one session of the administrator's own.

    It is a state of that session: what ends the session ends it, too.
    """

    __tablename__ = "impersonations"
    __table_args__ = (
        sa.Index(
            "ix_impersonations_open",
            "session_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    session_id: Mapped[UUID]
    """No foreign key: what happened is still told when the session's row is swept away."""
    administrator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(500))
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
