"""Webhooks of repositories and organisations, and what was, or is to be, delivered to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.audit_log import BIG
from appliance.db.base import Table
from appliance.domain.chat_messages import WebhookFormat
from appliance.domain.ids import new_id
from appliance.domain.webhooks import DeliveryState

WAITS = sa.text("state = 'waiting'")


class Webhook(Table):
    """Another system that is told what happens in a repository, or in those of an organisation.

    One process at a time delivers: it moves `held_until` on, and whoever finds that in the past may
    take over. `holder` is in every change that it makes, so that one that was too slow learns that
    it is not the one any more.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        sa.CheckConstraint(
            "(repository_id IS NULL) <> (organisation_id IS NULL)", name="one_place"
        ),
    )
    bookkeeping: ClassVar[frozenset[str]] = frozenset(
        {
            *("holder", "held_until", "failures", "retry_at", "error", "delivered_at", "status"),
            *("given_up_in_a_row", "is_kept_back"),
        }
    )

    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    address: Mapped[str] = mapped_column(sa.String(2048))
    events: Mapped[list[str]]
    """The names of those that it wants; `*`: all."""
    format: Mapped[WebhookFormat] = mapped_column(
        default=WebhookFormat.CODARA, server_default="codara"
    )
    """What its receiver understands."""
    is_active: Mapped[bool]
    off_because: Mapped[str] = mapped_column(sa.Text(), default="")
    """Why the appliance itself switched it off; empty if it did not."""
    secret: Mapped[bytes]
    """Sealed."""
    former_secret: Mapped[bytes | None]
    """Sealed; signs beside the new one until `former_until`."""
    former_until: Mapped[datetime | None]
    responsible_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    """Who made it, or changed it last: it is told only what they may see."""
    created_at: Mapped[datetime]
    start: Mapped[int] = mapped_column(sa.BigInteger())
    """The place of the newest entry when it was made; it is told what came after."""

    holder: Mapped[str] = mapped_column(sa.String(64), default="")
    held_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    """Since the last delivery."""
    retry_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    status: Mapped[int | None]
    """What the receiver answered last."""
    delivered_at: Mapped[datetime | None]
    given_up_in_a_row: Mapped[int] = mapped_column(default=0)
    is_kept_back: Mapped[bool] = mapped_column(default=False)
    """Whether something was not told because `responsible_id` may not see it."""


class WebhookCursor(Table):
    """Up to which place of the audit logs webhooks have been told. One row."""

    __tablename__ = "webhook_cursors"
    audited = False  # It follows from what was told.

    id: Mapped[int] = mapped_column(  # type: ignore[assignment]  # There is one.
        sa.Integer(), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(sa.BigInteger())


class WebhookDelivery(Table):
    """One event on its way to one webhook, and what the receiver said to it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.Index("ix_webhook_deliveries_hook_id_number", "hook_id", "number"),
        sa.Index(
            "ix_webhook_deliveries_waiting",
            *("hook_id", "line", "number"),
            sqlite_where=WAITS,
            postgresql_where=WAITS,
        ),
        # A number that was given out once is never given out again, whatever was deleted.
        {"sqlite_autoincrement": True},
    )
    audited = False  # Bookkeeping; what is given up or sent again is an event of its own.

    id = None  # type: ignore[assignment]  # The number is the key.
    number: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    """In this order they are delivered, within one line."""
    delivery_id: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    hook_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhooks.id", ondelete="CASCADE"))
    line: Mapped[UUID]
    """What has to stay in order: a repository's id, or for a ping the webhook's."""
    path: Mapped[str] = mapped_column(sa.String(140))
    """The repository's when it happened; empty for a ping."""
    event: Mapped[str] = mapped_column(sa.String(64))
    event_id: Mapped[str] = mapped_column(sa.String(64))
    """The same however often, and to however many, the event is told."""
    payload: Mapped[str] = mapped_column(sa.Text())
    """The body of the request, as it is signed."""
    again_of: Mapped[UUID | None]
    """The delivery that somebody asked to send again."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    give_up_at: Mapped[datetime]
    """After this it is not tried again."""

    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    seconds: Mapped[float | None] = mapped_column(sa.Float())
    request_headers: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    status: Mapped[int | None]
    answer_headers: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    answer: Mapped[str] = mapped_column(sa.Text(), default="")
    error: Mapped[str] = mapped_column(sa.Text(), default="")
