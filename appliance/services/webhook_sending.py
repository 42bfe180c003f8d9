"""What is to be sent to a webhook next, and what came of it.

Of one repository the oldest event comes first, and none overtakes it: while it is tried again,
those after it wait. What is about another repository does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.webhooks import Webhook, WebhookDelivery
from appliance.domain import events, webhook_events
from appliance.domain.permissions import Permission
from appliance.domain.webhooks import DeliveryState, next_try
from appliance.errors import sentence
from appliance.services import webhook_claims
from appliance.services.audit_log.claims import Claim
from appliance.services.webhook_targets import FORMER, SECRET, Outcome, Parcel, about, kept_at

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer

AT_ONCE = 50
AFTER_FAILURES = "after_failures"


@dataclass(frozen=True)
class Try:
    """One try, when it ended, how long it took; `jitter` is from 0 to 1, by chance."""

    outcome: Outcome
    seconds: float
    jitter: float
    now: datetime


@dataclass(frozen=True)
class Noted:
    """How far a delivery is after a try."""

    state: DeliveryState
    goes_on: bool
    """Whether there is any use in sending the next: the webhook is on, and somebody answered."""


def parcels(work: UnitOfWork, claimed: Claim, *, sealer: Sealer, now: datetime) -> list[Parcel]:
    """What comes next, in its order; nothing where the webhook is off or not ours.

    Errors:
        DamagedError: its secret cannot be unsealed.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    hook = work.session.get(Webhook, claimed.stream_id)
    if hook is None or not hook.is_active or hook.holder != claimed.holder:
        return []
    waiting = WebhookDelivery.hook_id == hook.id, WebhookDelivery.state == DeliveryState.WAITING
    resting = sa.select(WebhookDelivery.line).where(*waiting, WebhookDelivery.retry_at > now)
    query = (
        sa.select(WebhookDelivery)
        .where(*waiting, WebhookDelivery.line.not_in(resting))
        .order_by(WebhookDelivery.number)
        .limit(AT_ONCE)
    )
    secrets = _secrets(hook, sealer, now)
    return [_parcel(hook, each, secrets) for each in work.session.scalars(query)]


def note(work: UnitOfWork, claimed: Claim, parcel: Parcel, tried: Try) -> Noted:
    """Write down what came of a try; gives how far the delivery is then.

    Errors:
        ConflictError: the claim was lost; somebody else sends it again.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    hook = webhook_claims.held(work, claimed)
    found = work.session.get_one(WebhookDelivery, parcel.number)
    _remember(found, tried)
    hook.status, hook.error = tried.outcome.status, tried.outcome.error
    if tried.outcome.is_taken:
        found.state, found.retry_at = DeliveryState.DELIVERED, None
        hook.failures = hook.given_up_in_a_row = 0
        hook.retry_at, hook.delivered_at = None, tried.now
        return Noted(found.state, hook.is_active)
    hook.failures += 1
    if tried.now >= found.give_up_at:
        _give_up(work, hook, found, tried)
        return Noted(found.state, hook.is_active)
    found.retry_at = next_try(found.attempts, jitter=tried.jitter, now=tried.now)
    is_there = tried.outcome.status is not None
    if not is_there:
        # Nobody is there: the events of other repositories need not be tried one by one.
        hook.retry_at = found.retry_at
    return Noted(found.state, is_there and hook.is_active)


def _remember(found: WebhookDelivery, tried: Try) -> None:
    outcome = tried.outcome
    found.attempts += 1
    found.tried_at, found.seconds = tried.now, round(tried.seconds, 3)
    found.request_headers, found.answer_headers = outcome.headers, outcome.answer_headers
    found.status, found.answer, found.error = outcome.status, outcome.answer, outcome.error


def _give_up(work: UnitOfWork, hook: Webhook, found: WebhookDelivery, tried: Try) -> None:
    found.state, found.retry_at = DeliveryState.GIVEN_UP, None
    hook.retry_at = None
    if found.event == webhook_events.PING:
        return
    owner = _owner(work, hook)
    hook.given_up_in_a_row += 1
    work.record(
        events.WebhookDeliveryFailed(
            **about(owner, hook),
            delivery_id=str(found.delivery_id),
            attempts=found.attempts,
            reason=tried.outcome.reason,
        )
    )
    if hook.given_up_in_a_row < work.rules.webhooks.disable_after:
        return
    hook.is_active = False
    hook.off_because = sentence(
        "%(number)s deliveries were given up, one after the other.",
        number=hook.given_up_in_a_row,
    )
    work.record(events.WebhookDisabled(**about(owner, hook), why=AFTER_FAILURES))


def _owner(work: UnitOfWork, hook: Webhook) -> Repository | Organisation:
    if hook.repository_id is not None:
        return work.session.get_one(Repository, hook.repository_id)
    return work.session.get_one(Organisation, hook.organisation_id)


def _secrets(hook: Webhook, sealer: Sealer, now: datetime) -> list[str]:
    found = [sealer.unseal(hook.secret, kept_at(hook.id, SECRET)).decode()]
    if hook.former_secret is not None and hook.former_until is not None and hook.former_until > now:
        found.append(sealer.unseal(hook.former_secret, kept_at(hook.id, FORMER)).decode())
    return found


def _parcel(hook: Webhook, found: WebhookDelivery, secrets: list[str]) -> Parcel:
    return Parcel(
        number=found.number,
        line=found.line,
        delivery_id=str(found.delivery_id),
        hook_id=str(hook.id),
        event=found.event,
        event_id=found.event_id,
        payload=found.payload,
        again_of=str(found.again_of or ""),
        address=hook.address,
        attempts=found.attempts,
        secrets=secrets,
    )
