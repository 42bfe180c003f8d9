"""Events about telling other systems what happens in repositories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event, Outcome

__all__ = [
    "WebhookChanged",
    "WebhookCreated",
    "WebhookDeleted",
    "WebhookDeliveryFailed",
    "WebhookDisabled",
    "WebhookRedelivered",
    "WebhookTested",
]


@dataclass(frozen=True, kw_only=True)
class WebhookCreated(Event):
    """A webhook was created."""

    kind = "webhook.created"
    target = "webhook"
    host: str
    actions: list[str]
    scope: str
    """`repository` or `organisation`."""
    repository_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookChanged(Event):
    """A webhook's address, events or secret were changed, or it was enabled."""

    kind = "webhook.changed"
    target = "webhook"
    host: str
    changed: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WebhookDeleted(Event):
    """A webhook was deleted."""

    kind = "webhook.deleted"
    target = "webhook"
    host: str


@dataclass(frozen=True, kw_only=True)
class WebhookTested(Event):
    """Somebody sent a ping by a webhook."""

    kind = "webhook.tested"
    target = "webhook"
    host: str


@dataclass(frozen=True, kw_only=True)
class WebhookRedelivered(Event):
    """Somebody redelivered deliveries of a webhook."""

    kind = "webhook.redelivered"
    target = "webhook"
    host: str
    deliveries: int


@dataclass(frozen=True, kw_only=True)
class WebhookDeliveryFailed(Event):
    """A delivery was given up."""

    kind = "webhook.delivery_failed"
    target = "webhook"
    outcome = Outcome.FAILED
    host: str
    delivery_id: str
    attempts: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WebhookDisabled(Event):
    """A webhook was disabled, by somebody or after failures."""

    kind = "webhook.disabled"
    target = "webhook"
    host: str
    why: str
