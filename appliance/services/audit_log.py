"""What happened lately: the events of the instance, of an organisation, and about oneself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db.audit_log import AuditFinding, AuditLog
from appliance.db.paging import USUAL_LIMIT, Page, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.events import Outcome
from appliance.domain.permissions import Permission
from appliance.security.sealing import Sealer
from appliance.services.audit_events import ERASED, readable
from appliance.services.audit_events import ReadableEvent as RecentEvent

__all__ = ["ERASED", "Filter", "RecentEvent", "recent", "recent_in_organisation", "recent_of_self"]


@dataclass(frozen=True)
class Filter:
    """Which events are wanted; empty fields want all."""

    kind: str = ""
    """A whole kind (`repo.archived`) or a category (`repo`)."""
    outcome: Outcome | None = None
    actor: str = ""
    """The name of a user."""
    since: datetime | None = None
    until: datetime | None = None


def recent(
    work: UnitOfWork,
    *,
    sealer: Sealer,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[RecentEvent]:
    """The events of the whole instance, newest first."""
    gate.require(work, Permission.AUDIT_READ)
    return _page(work, _EVENTS, wanted, after, limit, sealer)


def recent_in_organisation(
    work: UnitOfWork,
    name: str,
    *,
    sealer: Sealer,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[RecentEvent]:
    """The events in an organisation's log, newest first."""
    organisation = fetch.organisation(work, name, Permission.AUDIT_READ)
    logs = sa.select(AuditLog.id).where(AuditLog.name == str(organisation.id))
    query = _EVENTS.where(AuditFinding.log_id.in_(logs))
    return _page(work, query, wanted, after, limit, sealer)


def recent_of_self(
    work: UnitOfWork,
    *,
    sealer: Sealer,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[RecentEvent]:
    """What one did, and what was done to one's own user; newest first."""
    user = fetch.account(work, None)
    about_me = sa.and_(AuditFinding.target_type == "user", AuditFinding.target_ref == str(user.id))
    query = _EVENTS.where(sa.or_(AuditFinding.actor_ref == user.pseudonym, about_me))
    return _page(work, query, wanted, after, limit, sealer)


_EVENTS: Any = sa.select(AuditFinding.place)


def _page(
    work: UnitOfWork,
    query: sa.Select[Any],
    wanted: Filter | None,
    after: str | None,
    limit: int,
    sealer: Sealer,
) -> Page[RecentEvent]:
    found = page(
        work.session,
        _filtered(query, wanted or Filter()),
        AuditFinding.occurred_at,
        AuditFinding.place,
        make=lambda row: row[0],
        after=after,
        limit=limit,
        newest_first=True,
    )
    return Page(readable(work, found.items, sealer=sealer), found.next)


def _filtered(query: sa.Select[Any], wanted: Filter) -> sa.Select[Any]:
    if wanted.kind:
        column = AuditFinding.action if "." in wanted.kind else AuditFinding.category
        query = query.where(column == wanted.kind)
    if wanted.outcome is not None:
        query = query.where(AuditFinding.outcome == wanted.outcome)
    if wanted.actor:
        named = sa.select(User.pseudonym).where(User.name == wanted.actor)
        query = query.where(AuditFinding.actor_ref.in_(named))
    if wanted.since is not None:
        query = query.where(AuditFinding.occurred_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditFinding.occurred_at < wanted.until)
    return query
