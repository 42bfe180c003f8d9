"""From what happened to what is to be delivered: each event to each webhook that wants it, once.

The audit logs are the buffer: an event is in them with the change itself. Here the place up to
which webhooks were told moves on in the same transaction as the deliveries are written, so that a
process that is killed in the middle leaves nothing out and writes nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, grants
from appliance.db.conversations import Conversation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.db.webhooks import Webhook, WebhookCursor, WebhookDelivery
from appliance.domain.chat_messages import CHATS, message
from appliance.domain.permissions import Permission
from appliance.domain.webhooks import is_wanted
from appliance.errors import ConflictError
from appliance.services import repository_facts
from appliance.services.repository_facts import Told

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer

ONLY = 1
"""The key of the one cursor."""


def is_behind(work: UnitOfWork) -> bool:
    """Whether there may be something to tell: asked without writing, because it is asked often."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    is_any = work.session.scalar(sa.select(Webhook.id).where(Webhook.is_active).limit(1))
    return is_any is not None and _place(work) < repository_facts.newest(work)


def take(work: UnitOfWork, *, sealer: Sealer, url: str, now: datetime) -> int:
    """Write what is to be delivered of the next events; gives how many deliveries those are.

    Errors:
        ConflictError: somebody else did the same; nothing was done.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    hooks = work.session.scalars(sa.select(Webhook).where(Webhook.is_active)).all()
    if not hooks:
        return 0
    place = _place(work)
    start = max(place, min(each.start for each in hooks))
    facts = repository_facts.after(work, start, sealer=sealer, url=url)
    sights = _Sights(work)
    made = [
        _delivery(work, hook, told, now)
        for told in facts.told
        for hook in _interested(hooks, told)
        if sights.may_see(hook, told.repository)
    ]
    work.session.add_all(made)
    _move(work, place, facts.until)
    return len(made)


class _Sights:
    """Who of those that answer for webhooks may see what. Its state: what was asked already."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._known: dict[tuple[UUID | None, UUID], bool] = {}

    def may_see(self, hook: Webhook, repository: Repository) -> bool:
        """Whether who answers for a webhook may read a repository; it is noted where not."""
        key = hook.responsible_id, repository.id
        if key not in self._known:
            self._known[key] = self._ask(hook.responsible_id, repository)
        if not self._known[key] and not hook.is_kept_back:
            hook.is_kept_back = True
        return self._known[key]

    def _ask(self, user_id: UUID | None, repository: Repository) -> bool:
        user = self._work.session.get(User, user_id) if user_id else None
        if user is None or user.state is not UserState.ACTIVE:
            return False
        found = grants.reasons(
            self._work, repository, user_id=user.id, instance_role=user.instance_role
        )
        return bool(found)


def _interested(hooks: Sequence[Webhook], told: Told) -> Iterator[Webhook]:
    repository = told.repository
    for hook in hooks:
        is_its = hook.repository_id == repository.id or (
            hook.organisation_id is not None and hook.organisation_id == repository.organisation_id
        )
        is_later = told.place > hook.start and told.happened_at >= hook.created_at
        if is_its and is_later and is_wanted(told.name, hook.events):
            yield hook


def _delivery(work: UnitOfWork, hook: Webhook, told: Told, now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        hook_id=hook.id,
        line=told.repository.id,
        path=told.repository.path,
        event=told.name,
        event_id=told.id,
        payload=json.dumps(_payload(work, hook, told)),
        created_at=now,
        give_up_at=now + timedelta(hours=work.rules.webhooks.retry_hours),
    )


def _payload(work: UnitOfWork, hook: Webhook, told: Told) -> dict[str, Any]:
    """What the receiver understands."""
    if hook.format not in CHATS:
        return told.payload
    query = sa.select(Conversation.title).where(
        Conversation.repository_id == told.repository.id,
        Conversation.number == told.payload["data"].get("number"),
    )
    return message(hook.format, told.payload, title=work.session.scalar(query) or "")


def _place(work: UnitOfWork) -> int:
    return work.session.scalar(sa.select(WebhookCursor.place)) or 0


def _move(work: UnitOfWork, before: int, until: int) -> None:
    """From where it was read, so that no two processes tell the same."""
    moved = work.session.connection().execute(
        sa.update(WebhookCursor)
        .where(WebhookCursor.id == ONLY, WebhookCursor.place == before)
        .values(place=max(before, until))
    )
    if moved.rowcount != 1:
        raise ConflictError("Somebody else does the same at the same moment.")
