"""What is known of one event beside what it says: its entry as it was hashed, and who vouches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_log, gate
from appliance.db.audit_log import AuditBody, AuditCheckpoint, AuditLog
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers
from appliance.domain.permissions import Permission
from appliance.errors import ApplianceError

if TYPE_CHECKING:
    from appliance.services.audit_log.events import ReadableEvent


@dataclass(frozen=True)
class Details:
    """An entry, and how far it has come."""

    leaf: str
    """Canonical JSON, byte by byte as it was hashed."""
    is_pruned: bool
    """Whether it had details that were removed from the log since."""
    signed: int | None
    """The smallest signed state that holds it; none while it waits for one."""
    signed_at: datetime | None
    newest: int | None
    """The newest signed state."""


def of(work: UnitOfWork, event_id: UUID) -> Details:
    """What is known of an event.

    Errors:
        HiddenError: there is none, it is on its way into its log, or it is none for this actor.
    """
    log, leaf = fetch_log.event(work, event_id)
    first = _signed(work, log, leaf.idx, AuditCheckpoint.size)
    newest = _signed(work, log, leaf.idx, AuditCheckpoint.size.desc())
    body = work.session.get(AuditBody, (log.id, leaf.idx))
    return Details(
        leaf=leaf.header,
        is_pruned=body is None and audit_headers.members(leaf.header)["b"] is not None,
        signed=first.size if first else None,
        signed_at=first.made_at if first else None,
        newest=newest.size if newest else None,
    )


@gate.open_to_everyone(because="fetch answers for what is looked up")
def page_of_target(work: UnitOfWork, event: ReadableEvent) -> str:
    """The name under which the thing that an event is about has a page that the actor may see.

    Empty where it has none.
    """
    return _if(lambda: LOOKS[event.target_kind](work, event.target), event.target_kind in LOOKS)


@gate.open_to_everyone(because="fetch answers for what is looked up")
def page_of_actor(work: UnitOfWork, event: ReadableEvent) -> str:
    """The same of who did it."""
    return _if(lambda: _user(work, event.actor), event.actor != event.actor_ref)


def _if(look: Callable[[], str], is_known: bool) -> str:  # noqa: FBT001 - private, and one sentence.
    if not is_known:
        return ""
    try:
        return look()
    except ApplianceError:
        return ""


def _repository(work: UnitOfWork, name: str) -> str:
    return fetch.repository(work, name, Permission.REPOSITORY_READ).path


def _user(work: UnitOfWork, name: str) -> str:
    return fetch.user(work, name, Permission.USERS_READ).name


def _organisation(work: UnitOfWork, name: str) -> str:
    return fetch.organisation(work, name, Permission.ORGANISATION_READ).name


LOOKS = {"repo": _repository, "user": _user, "org": _organisation}


def _signed(work: UnitOfWork, log: AuditLog, index: int, order: Any) -> AuditCheckpoint | None:
    query = sa.select(AuditCheckpoint).where(
        AuditCheckpoint.log_id == log.id, AuditCheckpoint.size > index
    )
    return work.session.scalars(query.order_by(order)).first()
