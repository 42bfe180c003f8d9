"""Who delivers to a webhook: one process at a time, so that what has an order keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.webhooks import Webhook, WebhookDelivery
from appliance.domain.permissions import Permission
from appliance.domain.webhooks import DeliveryState
from appliance.errors import ConflictError, sentence
from appliance.services.audit_log.claims import Claim, Due


def due(work: UnitOfWork, *, now: datetime) -> list[Due]:
    """The webhooks that something is to be delivered to now, and that nobody delivers to; whoever
    was served last, or does not answer, comes last.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    waiting = sa.select(WebhookDelivery.hook_id).where(
        WebhookDelivery.state == DeliveryState.WAITING,
        sa.or_(WebhookDelivery.retry_at.is_(None), WebhookDelivery.retry_at <= now),
    )
    query = sa.select(
        *(Webhook.id, Webhook.organisation_id, Webhook.repository_id),
        *(Webhook.failures, Webhook.delivered_at),
    ).where(
        Webhook.is_active,
        sa.or_(Webhook.retry_at.is_(None), Webhook.retry_at <= now),
        _is_free(now),
        Webhook.id.in_(waiting),
    )
    order = Webhook.failures > 0, Webhook.delivered_at.is_not(None), Webhook.delivered_at
    return [
        Due(
            row.id,
            row.organisation_id or row.repository_id,
            row.failures == 0 and row.delivered_at is not None,
        )
        for row in work.session.execute(query.order_by(*order, Webhook.id))
    ]


def claim(work: UnitOfWork, wanted: Claim, *, now: datetime) -> bool:
    """Take a webhook, if nobody has it; gives whether it is ours."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    free = Webhook.id == wanted.stream_id, Webhook.is_active, _is_free(now)
    return _change(work, sa.and_(*free), holder=wanted.holder, held_until=wanted.until)


def renew(work: UnitOfWork, claims: Sequence[Claim]) -> None:
    """Let claims go on until their new ends; those that were lost stay lost."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    for each in claims:
        _change(work, _ours(each), held_until=each.until)


def release(work: UnitOfWork, claimed: Claim) -> None:
    """Give a webhook back."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _change(work, _ours(claimed), holder="", held_until=None)


@gate.open_to_everyone(because="the verbs of the sender call it, which have asked")
def held(work: UnitOfWork, claimed: Claim) -> Webhook:
    """The webhook, for whoever changes it.

    Errors:
        ConflictError: it is not ours any more.
    """
    if not _change(work, _ours(claimed), holder=claimed.holder):
        raise ConflictError(sentence("Another process delivers to this webhook now."))
    return work.session.get_one(Webhook, claimed.stream_id, populate_existing=True)


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(Webhook.held_until.is_(None), Webhook.held_until <= now)


def _ours(claimed: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(Webhook.id == claimed.stream_id, Webhook.holder == claimed.holder)


def _change(work: UnitOfWork, where: sa.ColumnElement[bool], **values: Any) -> bool:
    changed = work.session.connection().execute(sa.update(Webhook).where(where).values(values))
    return changed.rowcount == 1
