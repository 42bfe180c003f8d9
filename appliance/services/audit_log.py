"""What happened lately: the events of the instance, of an organisation, and about oneself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db.audit_log import AuditEvent, AuditPersonalValue
from appliance.db.organisations import Team
from appliance.db.paging import USUAL_LIMIT, Page, only, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.domain.events import Outcome
from appliance.domain.identity import ActorKind, Method
from appliance.domain.permissions import Permission

ERASED = "(erased)"
COMMITMENT = re.compile(r"p1:[A-Za-z0-9_-]{43}")  # What `audit.entry.commit_personal` makes.


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


@dataclass(frozen=True)
class RecentEvent:
    """An event for people: pseudonyms are names again, personal values are back in place."""

    id: UUID
    position: int
    occurred_at: datetime
    kind: str
    outcome: Outcome
    actor_kind: ActorKind
    actor: str
    """The actor's name; their pseudonym if they are no user any more."""
    target_kind: str
    target: str
    """The name of the thing it is about; its id if it has none, or none any more."""
    method: Method
    address: str
    request_id: str
    fields: dict[str, Any]


def recent(
    work: UnitOfWork,
    *,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[RecentEvent]:
    """The events of the whole instance, newest first."""
    gate.require(work, Permission.AUDIT_READ)
    return _page(work, sa.select(AuditEvent), wanted, after, limit)


def recent_in_organisation(
    work: UnitOfWork,
    name: str,
    *,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[RecentEvent]:
    """The events in an organisation's log, newest first."""
    organisation = fetch.organisation(work, name, Permission.AUDIT_READ)
    query = sa.select(AuditEvent).where(AuditEvent.log == str(organisation.id))
    return _page(work, query, wanted, after, limit)


def recent_of_self(
    work: UnitOfWork,
    *,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[RecentEvent]:
    """What one did, and what was done to one's own user; newest first."""
    user = fetch.account(work, None)
    about_me = sa.and_(AuditEvent.target_kind == "user", AuditEvent.target_ref == str(user.id))
    query = sa.select(AuditEvent).where(sa.or_(AuditEvent.actor_ref == user.pseudonym, about_me))
    return _page(work, query, wanted, after, limit)


def _page(
    work: UnitOfWork,
    query: sa.Select[AuditEvent],
    wanted: Filter | None,
    after: str | None,
    limit: int,
) -> Page[RecentEvent]:
    found = page(
        work.session,
        _filtered(query, wanted or Filter()),
        AuditEvent.position,
        make=only,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return Page(_readable(work, found.items), found.next)


def _filtered(query: sa.Select[AuditEvent], wanted: Filter) -> sa.Select[AuditEvent]:
    if wanted.kind:
        column = AuditEvent.kind if "." in wanted.kind else AuditEvent.category
        query = query.where(column == wanted.kind)
    if wanted.outcome is not None:
        query = query.where(AuditEvent.outcome == wanted.outcome)
    if wanted.actor:
        named = sa.select(User.pseudonym).where(User.name == wanted.actor)
        query = query.where(AuditEvent.actor_ref.in_(named))
    if wanted.since is not None:
        query = query.where(AuditEvent.occurred_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.occurred_at < wanted.until)
    return query


def _readable(work: UnitOfWork, rows: list[AuditEvent]) -> list[RecentEvent]:
    actors = _names_of_actors(work, {row.actor_ref for row in rows})
    bodies: list[dict[str, Any]] = [json.loads(row.body) for row in rows]
    mentioned = {row.target_ref for row in rows if row.target_ref}
    for body in bodies:
        mentioned |= {str(value) for name, value in body.items() if name.endswith("_id")}
    names = _names_of_things(work, mentioned)
    values = _personal_values(work, [row.event_id for row in rows])
    return [
        _event(row, actors, names, _fields(body, names, values.get(row.event_id, {})))
        for row, body in zip(rows, bodies, strict=True)
    ]


def _fields(body: dict[str, Any], names: dict[str, str], values: dict[str, str]) -> dict[str, Any]:
    """What an event says: personal values in place, and beside each known `x_id` its name `x`."""
    fields: dict[str, Any] = {}
    for key, value in body.items():
        if isinstance(value, str) and COMMITMENT.fullmatch(value):
            fields[key] = values.get(key, ERASED)
            continue
        fields[key] = value
        if key.endswith("_id") and str(value) in names:
            fields[key.removesuffix("_id")] = names[str(value)]
    return fields


def _event(
    row: AuditEvent, actors: dict[str, str], names: dict[str, str], fields: dict[str, Any]
) -> RecentEvent:
    return RecentEvent(
        id=row.event_id,
        position=row.position,
        occurred_at=row.occurred_at,
        kind=row.kind,
        outcome=row.outcome,
        actor_kind=row.actor_kind,
        actor=actors.get(row.actor_ref, row.actor_ref),
        target_kind=row.target_kind,
        target=names.get(row.target_ref, row.target_ref),
        method=row.method,
        address=str(fields.pop("address", "")),
        request_id=row.request_id,
        fields=fields,
    )


def _names_of_actors(work: UnitOfWork, pseudonyms: Iterable[str]) -> dict[str, str]:
    rows = work.session.execute(
        sa.select(User.pseudonym, User.name).where(User.pseudonym.in_(pseudonyms))
    )
    return {row.pseudonym: row.name for row in rows}


def _names_of_things(work: UnitOfWork, references: Iterable[str]) -> dict[str, str]:
    """The names of the users, organisations, teams and repositories among some ids."""
    ids = [found for reference in references if (found := _uuid(reference))]
    names = {
        str(row.id): row.name
        for table in (Owner, Team)
        for row in work.session.execute(sa.select(table.id, table.name).where(table.id.in_(ids)))
    }
    repositories = work.session.scalars(sa.select(Repository).where(Repository.id.in_(ids)))
    return names | {str(each.id): each.path for each in repositories}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _personal_values(work: UnitOfWork, event_ids: list[UUID]) -> dict[UUID, dict[str, str]]:
    rows = work.session.scalars(
        sa.select(AuditPersonalValue).where(AuditPersonalValue.event_id.in_(event_ids))
    )
    values: dict[UUID, dict[str, str]] = {}
    for row in rows:
        values.setdefault(row.event_id, {})[row.field] = row.value
    return values
