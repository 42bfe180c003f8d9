"""What may happen once only between an identity provider and us."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table


class FederationTicket(Table):
    """An answer that is awaited, or a message that was taken."""

    __tablename__ = "federation_tickets"
    audited = False  # What comes of it records an event of its own.

    provider_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identity_providers.id", ondelete="CASCADE"), index=True
    )
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """The hash of what names it."""
    facts: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)


def take(session: Session, key: str) -> tuple[UUID, dict[str, Any], datetime] | None:
    """Provider, facts and end of the ticket of that key, which is gone then; one caller gets it."""
    taken = session.execute(
        sa.delete(FederationTicket)
        .where(FederationTicket.key == key)
        .returning(
            FederationTicket.provider_id, FederationTicket.facts, FederationTicket.expires_at
        )
    ).one_or_none()
    return (taken.provider_id, taken.facts, taken.expires_at) if taken else None


def forget_old(session: Session, *, now: datetime) -> None:
    """Remove the tickets whose time is over."""
    session.execute(sa.delete(FederationTicket).where(FederationTicket.expires_at <= now))
