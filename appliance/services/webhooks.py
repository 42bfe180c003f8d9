"""Webhooks: who is told what happens in a repository, or in those of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_hook
from appliance.access.fetch_hook import Place
from appliance.db.audit_log import AuditFinding
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.db.webhooks import Webhook, WebhookDelivery
from appliance.domain import events
from appliance.domain.chat_messages import WebhookFormat
from appliance.domain.ids import new_id
from appliance.domain.webhooks import (
    LONGEST_OVERLAP_HOURS,
    USUAL_OVERLAP_HOURS,
    DeliveryState,
    check_events,
    check_secret,
    new_secret,
)
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services import webhook_targets
from appliance.services.webhook_targets import FORMER, SECRET, about

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer

MOST = 50
"""Of one repository, or of one organisation."""
BY_SOMEBODY = "by_somebody"


@dataclass(frozen=True)
class NewWebhook:
    """A webhook as somebody wants it; without a secret it gets one that nobody guesses."""

    address: str
    events: Sequence[str]
    secret: str = ""
    is_active: bool = True
    format: WebhookFormat = WebhookFormat.CODARA


@dataclass(frozen=True)
class Changes:
    """What is to be different; None stays. An old secret signs too, for so many hours."""

    address: str | None = None
    events: Sequence[str] | None = None
    is_active: bool | None = None
    secret: str | None = None
    overlap_hours: float = USUAL_OVERLAP_HOURS
    format: WebhookFormat | None = None


@dataclass(frozen=True)
class Listed:
    """A webhook, and what of it is not in its row."""

    hook: Webhook
    responsible: str
    """The name of who made it, or changed it last; empty where they are gone."""
    waiting: int
    """Deliveries that are to be made."""

    @property
    def state(self) -> str:
        """`off`, `failing`, `new` or `good`."""
        if not self.hook.is_active:
            return "off"
        if self.hook.failures:
            return "failing"
        return "good" if self.hook.delivered_at else "new"


def insist_on_permission(work: UnitOfWork, place: str) -> None:
    """Go on only if the actor manages webhooks there: before we look up names for them.

    Errors:
        HiddenError, RefusedError: they do not.
    """
    fetch_hook.place(work, place)


def listed(work: UnitOfWork, place: str) -> list[Listed]:
    """The webhooks of a repository or an organisation, in the order in which they were made."""
    owner = fetch_hook.place(work, place)
    query = sa.select(Webhook).where(_of(owner)).order_by(Webhook.id)
    return [_listed(work, each) for each in work.session.scalars(query).all()]


def show(work: UnitOfWork, place: str, hook_id: UUID) -> Listed:
    """One webhook.

    Errors:
        HiddenError, RefusedError: there is none, or none for this actor.
    """
    _, hook = fetch_hook.hook(work, place, hook_id)
    return _listed(work, hook)


def create(
    work: UnitOfWork, place: str, wanted: NewWebhook, *, sealer: Sealer, now: datetime
) -> tuple[Webhook, str]:
    """Make a webhook, and give its secret. `webhook_targets.check_address` was asked before.

    Errors:
        HiddenError, RefusedError: the actor manages no webhooks there.
        InvalidError: there is no such event, or the secret is weak.
        ConflictError: there are many already.
    """
    owner = fetch_hook.place(work, place)
    _insist_on_room(work, owner)
    secret = wanted.secret or new_secret()
    check_secret(secret)
    hook = Webhook(
        id=new_id(),
        repository_id=owner.id if isinstance(owner, Repository) else None,
        organisation_id=owner.id if isinstance(owner, Organisation) else None,
        address=wanted.address,
        events=check_events(wanted.events),
        is_active=wanted.is_active,
        format=wanted.format,
        responsible_id=work.actor.id,
        created_at=now,
        start=work.session.scalar(sa.select(sa.func.max(AuditFinding.place))) or 0,
    )
    hook.secret = sealer.seal(secret.encode(), webhook_targets.kept_at(hook.id, SECRET))
    work.session.add(hook)
    work.record(
        events.WebhookCreated(
            **about(owner, hook),
            actions=hook.events,
            scope="repository" if isinstance(owner, Repository) else "organisation",
            repository_id=str(hook.repository_id) if hook.repository_id else None,
        )
    )
    return hook, secret


def change(
    work: UnitOfWork,
    place: str,
    hook_id: UUID,
    changes: Changes,
    *,
    sealer: Sealer,
    now: datetime,
) -> Webhook:
    """Change a webhook; whoever does answers for it from then on. A new address was checked before.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: there is no such event, the secret is weak, or the overlap too long.
    """
    owner, hook = fetch_hook.hook(work, place, hook_id)
    changed = _changed(hook, changes)
    is_switched_off = changed.get("is_active") is False
    if "address" in changed:
        changed["address"] = about(owner, hook)["host"]
    if changes.secret is not None:
        _exchange_secret(hook, changes, sealer, now)
        changed["secret_changed"] = True
    hook.responsible_id = work.actor.id
    hook.is_kept_back = False
    if changed.get("is_active") or "address" in changed:
        _begin_anew(hook)
    if is_switched_off:
        del changed["is_active"]
        work.record(events.WebhookDisabled(**about(owner, hook), why=BY_SOMEBODY))
    if changed or not is_switched_off:
        work.record(events.WebhookChanged(**about(owner, hook), changed=changed))
    return hook


def delete(work: UnitOfWork, place: str, hook_id: UUID) -> None:
    """Delete a webhook, and the list of its deliveries."""
    owner, hook = fetch_hook.hook(work, place, hook_id)
    work.session.execute(sa.delete(WebhookDelivery).where(WebhookDelivery.hook_id == hook.id))
    work.session.delete(hook)
    work.record(events.WebhookDeleted(**about(owner, hook)))


def _insist_on_room(work: UnitOfWork, owner: Place) -> None:
    count = sa.select(sa.func.count()).select_from(Webhook).where(_of(owner))
    if (work.session.scalar(count) or 0) >= MOST:
        raise ConflictError(sentence("There are already %(most)s webhooks.", most=MOST))


def _of(owner: Place) -> sa.ColumnElement[bool]:
    if isinstance(owner, Repository):
        return Webhook.repository_id == owner.id
    return Webhook.organisation_id == owner.id


def _listed(work: UnitOfWork, hook: Webhook) -> Listed:
    user = work.session.get(User, hook.responsible_id) if hook.responsible_id else None
    waiting = sa.select(sa.func.count()).where(
        WebhookDelivery.hook_id == hook.id, WebhookDelivery.state == DeliveryState.WAITING
    )
    return Listed(hook, user.name if user else "", work.session.scalar(waiting) or 0)


def _changed(hook: Webhook, changes: Changes) -> dict[str, Any]:
    """Set what is different; gives it, as it may be told."""
    wanted = {
        "address": changes.address,
        "events": None if changes.events is None else check_events(changes.events),
        "is_active": changes.is_active,
        "format": changes.format,
    }
    changed: dict[str, Any] = {}
    for name, value in wanted.items():
        if value is not None and value != getattr(hook, name):
            setattr(hook, name, value)
            changed[name] = value
    return changed


def _exchange_secret(hook: Webhook, changes: Changes, sealer: Sealer, now: datetime) -> None:
    if not 0 <= changes.overlap_hours <= LONGEST_OVERLAP_HOURS:
        raise InvalidError.of(
            "overlap_hours",
            sentence("Both secrets count for at most %(most)s hours.", most=LONGEST_OVERLAP_HOURS),
        )
    secret = changes.secret or ""
    check_secret(secret)
    former = sealer.unseal(hook.secret, webhook_targets.kept_at(hook.id, SECRET))
    has_overlap = changes.overlap_hours > 0
    place = webhook_targets.kept_at(hook.id, FORMER)
    hook.former_secret = sealer.seal(former, place) if has_overlap else None
    hook.former_until = now + timedelta(hours=changes.overlap_hours) if has_overlap else None
    hook.secret = sealer.seal(secret.encode(), webhook_targets.kept_at(hook.id, SECRET))


def _begin_anew(hook: Webhook) -> None:
    hook.failures = hook.given_up_in_a_row = 0
    hook.retry_at = None
    hook.off_because = hook.error = ""
