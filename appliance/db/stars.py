"""What people like to find again: starred repositories, and those pinned to their pages."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class Star(Table):
    """Somebody likes a repository, and wants to find it again."""

    __tablename__ = "stars"
    __table_args__ = (sa.UniqueConstraint("user_id", "repository_id"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]


class PinnedRepository(Table):
    """A repository that stands first on somebody's page."""

    __tablename__ = "pinned_repositories"
    __table_args__ = (sa.UniqueConstraint("user_id", "repository_id"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
