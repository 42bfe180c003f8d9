"""Changes that people have set aside in a repository."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class Stash(Table):
    """One change that one person has set aside. An internal ref of its id keeps the commit."""

    __tablename__ = "stashes"
    __table_args__ = (sa.Index("ix_stashes_repository_id_user_id", "repository_id", "user_id"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    branch: Mapped[bytes]
    """Which it was made on."""
    base_oid: Mapped[str] = mapped_column(sa.String(64))
    commit_oid: Mapped[str] = mapped_column(sa.String(64))
    message: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]
