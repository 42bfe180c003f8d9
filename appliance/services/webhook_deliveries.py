"""What was delivered to a webhook, with request and answer; trying it out, and sending again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_hook, gate
from appliance.access.fetch_hook import Place
from appliance.db.paging import USUAL_LIMIT, Page, only, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.webhooks import Webhook, WebhookDelivery
from appliance.domain import events, webhook_events
from appliance.domain.chat_messages import CHATS, message
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.domain.webhooks import MOST_AGAIN, DeliveryState
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services.repository_facts import described
from appliance.services.webhook_targets import about

KEPT_AT_ONCE = 1000


@dataclass(frozen=True)
class Wanted:
    """Which deliveries of a list; None: whatever."""

    state: DeliveryState | None = None
    event: str = ""


def listed(
    work: UnitOfWork,
    place: str,
    hook_id: UUID,
    wanted: Wanted = Wanted(),
    *,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[WebhookDelivery]:
    """Deliveries, the newest first."""
    _, hook = fetch_hook.hook(work, place, hook_id)
    query = sa.select(WebhookDelivery).where(WebhookDelivery.hook_id == hook.id)
    if wanted.state is not None:
        query = query.where(WebhookDelivery.state == wanted.state)
    if wanted.event:
        query = query.where(WebhookDelivery.event == wanted.event)
    return page(
        work.session,
        query,
        WebhookDelivery.number,
        make=only,
        after=after,
        limit=limit,
        newest_first=True,
    )


def show(work: UnitOfWork, place: str, hook_id: UUID, number: int) -> WebhookDelivery:
    """One delivery.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    _, hook = fetch_hook.hook(work, place, hook_id)
    return fetch_hook.delivery(work, hook, number)


def ping(
    work: UnitOfWork, place: str, hook_id: UUID, *, url: str, now: datetime
) -> WebhookDelivery:
    """Have a ping sent, once, to see whether the receiver hears.

    Errors:
        ConflictError: the webhook is off.
    """
    owner, hook = fetch_hook.hook(work, place, hook_id)
    _insist_on_active(hook)
    identifier = str(new_id())
    payload: dict[str, Any] = {
        "version": webhook_events.VERSION,
        "id": identifier,
        "event": webhook_events.PING,
        "happened_at": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "repository": described(owner, url) if isinstance(owner, Repository) else None,
        "actor": {"type": str(work.actor.kind), "name": work.actor.label},
        "data": {"hook": str(hook.id)},
    }
    made = WebhookDelivery(
        hook_id=hook.id,
        line=hook.id,
        path="",
        event=webhook_events.PING,
        event_id=identifier,
        payload=json.dumps(message(hook.format, payload) if hook.format in CHATS else payload),
        created_at=now,
        give_up_at=now,
    )
    work.session.add(made)
    work.session.flush()
    hook.retry_at = None
    work.record(events.WebhookTested(**about(owner, hook)))
    return made


def redeliver(
    work: UnitOfWork, place: str, hook_id: UUID, number: int, *, now: datetime
) -> WebhookDelivery:
    """Send one again, whatever became of it, after what waits already.

    Errors:
        ConflictError: it waits still, or the webhook is off.
    """
    owner, hook = fetch_hook.hook(work, place, hook_id)
    found = fetch_hook.delivery(work, hook, number)
    _insist_on_active(hook)
    if found.state is DeliveryState.WAITING:
        raise ConflictError(sentence("It is already waiting to be delivered."))
    made = _again(work, found, now)
    work.session.flush()
    _note(work, owner, hook, 1)
    return made


def redeliver_range(
    work: UnitOfWork,
    place: str,
    hook_id: UUID,
    *,
    since: datetime,
    until: datetime,
    only_given_up: bool,
    now: datetime,
) -> int:
    """Send again what was made between two moments, in its order; gives how many that are.

    What was sent again itself is left out: its first delivery is among them.

    Errors:
        InvalidError: the moments are the wrong way round, or there are too many at once.
        ConflictError: the webhook is off.
    """
    owner, hook = fetch_hook.hook(work, place, hook_id)
    _insist_on_active(hook)
    if since >= until:
        raise InvalidError.of("until", sentence("The end lies before the beginning."))
    query = sa.select(WebhookDelivery).where(
        WebhookDelivery.hook_id == hook.id,
        WebhookDelivery.created_at >= since,
        WebhookDelivery.created_at < until,
        WebhookDelivery.again_of.is_(None),
        WebhookDelivery.event != webhook_events.PING,
        WebhookDelivery.state != DeliveryState.WAITING,
    )
    if only_given_up:
        query = query.where(WebhookDelivery.state == DeliveryState.GIVEN_UP)
    ordered = query.order_by(WebhookDelivery.number).limit(MOST_AGAIN + 1)
    found = work.session.scalars(ordered).all()
    if len(found) > MOST_AGAIN:
        raise InvalidError.of(
            "until", sentence("At most %(most)s are sent again at once.", most=MOST_AGAIN)
        )
    for each in found:
        _again(work, each, now)
    _note(work, owner, hook, len(found))
    return len(found)


def forget_old(work: UnitOfWork, *, before: datetime) -> int:
    """Let go of deliveries that were made before a moment, and are not to be tried any more."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    off = sa.select(Webhook.id).where(Webhook.is_active.is_(False))
    old = (
        sa.select(WebhookDelivery.number)
        .where(
            WebhookDelivery.created_at < before,
            sa.or_(
                WebhookDelivery.state != DeliveryState.WAITING, WebhookDelivery.hook_id.in_(off)
            ),
        )
        .limit(KEPT_AT_ONCE)
    )
    numbers = work.session.scalars(old).all()
    gone = sa.delete(WebhookDelivery).where(WebhookDelivery.number.in_(numbers))
    work.session.connection().execute(gone)
    return len(numbers)


def _again(work: UnitOfWork, found: WebhookDelivery, now: datetime) -> WebhookDelivery:
    made = WebhookDelivery(
        **{
            name: getattr(found, name)
            for name in ("hook_id", "line", "path", "event", "event_id", "payload")
        },
        again_of=found.delivery_id,
        created_at=now,
        give_up_at=now + timedelta(hours=work.rules.webhooks.retry_hours),
    )
    work.session.add(made)
    return made


def _insist_on_active(hook: Webhook) -> None:
    if not hook.is_active:
        raise ConflictError(sentence("The webhook is disabled. Enable it first."))


def _note(work: UnitOfWork, owner: Place, hook: Webhook, number: int) -> None:
    hook.retry_at = None
    work.record(events.WebhookRedelivered(**about(owner, hook), deliveries=number))
