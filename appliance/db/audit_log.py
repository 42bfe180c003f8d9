"""The events, append-only: triggers refuse UPDATE, DELETE and TRUNCATE on both databases."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.events import Outcome
from appliance.domain.identity import ActorKind, Method


class AuditEvent(Table):
    """One thing that happened. `position` is the order in which rows were written."""

    __tablename__ = "audit_events"
    audited = False  # It is the record itself.

    id = None  # type: ignore[assignment]  # The position is the key.
    position: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    event_id: Mapped[UUID] = mapped_column(unique=True)
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    log: Mapped[str] = mapped_column(sa.String(64))
    kind: Mapped[str] = mapped_column(sa.String(64))
    category: Mapped[str] = mapped_column(sa.String(32))
    outcome: Mapped[Outcome]
    actor_kind: Mapped[ActorKind]
    actor_ref: Mapped[str] = mapped_column(sa.String(64), index=True)
    target_kind: Mapped[str] = mapped_column(sa.String(32))
    target_ref: Mapped[str] = mapped_column(sa.String(64), index=True)
    method: Mapped[Method]
    credential_ref: Mapped[str] = mapped_column(sa.String(64))
    request_id: Mapped[str] = mapped_column(sa.String(64))
    body: Mapped[str] = mapped_column(sa.Text())
    """Canonical JSON; a personal value is a commitment, its words are kept apart."""


class AuditPersonalValue(Table):
    """A personal value of an event, kept apart so that it can be erased."""

    __tablename__ = "audit_personal_values"
    __table_args__ = (sa.UniqueConstraint("event_id", "field"),)
    audited = False  # It belongs to the record.

    event_id: Mapped[UUID]
    field: Mapped[str] = mapped_column(sa.String(64))
    person: Mapped[str] = mapped_column(sa.String(64), index=True)
    salt: Mapped[bytes]
    value: Mapped[str] = mapped_column(sa.Text())
