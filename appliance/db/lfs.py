"""Large files: which there are, which repository may hand them out, and who locked which path."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class LfsObject(Table):
    """One large file in the store, by the SHA-256 of its content."""

    __tablename__ = "lfs_objects"

    oid: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger())
    stored_at: Mapped[datetime]


class LfsLink(Table):
    """A repository that was sent this object and may hand it out."""

    __tablename__ = "lfs_links"
    __table_args__ = (sa.UniqueConstraint("repository_id", "object_id"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    object_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("lfs_objects.id", ondelete="CASCADE"), index=True
    )
    linked_at: Mapped[datetime]
    unreached_since: Mapped[datetime | None]
    """Since when no ref reaches it; it goes when the grace time is over."""


class LfsLock(Table):
    """A path that one user has locked for others."""

    __tablename__ = "lfs_locks"
    __table_args__ = (sa.UniqueConstraint("repository_id", "path"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    path: Mapped[str] = mapped_column(sa.String(4096))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    locked_at: Mapped[datetime]
