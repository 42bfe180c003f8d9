"""Who may read an audit log for a while, and the searches that people keep."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class AuditorGrant(Table):
    """Somebody may read one log until a day, and of it only what happened in a period."""

    __tablename__ = "auditor_grants"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    log: Mapped[str] = mapped_column(sa.String(100), index=True)
    """`instance`, or the id of an organisation."""
    period_from: Mapped[datetime | None]
    """Nothing before this exists for them; empty for all that was."""
    period_until: Mapped[datetime | None]
    """Nothing from this on exists for them; empty for all that comes."""
    expires_at: Mapped[datetime]
    granted_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SavedSearch(Table):
    """A search of the audit log under a name, for the person who saved it alone."""

    __tablename__ = "audit_saved_searches"
    __table_args__ = (sa.UniqueConstraint("user_id", "log", "name"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    log: Mapped[str] = mapped_column(sa.String(100))
    """On whose page it is kept: `instance`, or the id of an organisation."""
    name: Mapped[str] = mapped_column(sa.String(100))
    query: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime]
