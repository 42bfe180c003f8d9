"""What happened lately: the events of the instance, of an organisation, and about oneself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db.audit_log import AuditBody, AuditFinding, AuditLeaf, AuditLog, AuditValue
from appliance.db.organisations import Team
from appliance.db.paging import USUAL_LIMIT, Page, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.domain.events import Outcome
from appliance.domain.identity import ActorKind, Method
from appliance.domain.permissions import Permission
from appliance.security.sealing import Sealer
from appliance.services import audit_values
from audit import entry

ERASED = "(erased)"


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
    log: str
    index: int
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
    query = _EVENTS.where(AuditLog.name == str(organisation.id))
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


_EVENTS: Any = (
    sa.select(AuditLog.name, AuditLeaf.log_id, AuditLeaf.idx, AuditLeaf.header, AuditBody.body)
    .join_from(
        AuditFinding,
        AuditLeaf,
        (AuditLeaf.log_id == AuditFinding.log_id) & (AuditLeaf.idx == AuditFinding.idx),
    )
    .join(AuditLog, AuditLog.id == AuditFinding.log_id)
    .join(
        AuditBody,
        (AuditBody.log_id == AuditFinding.log_id) & (AuditBody.idx == AuditFinding.idx),
        isouter=True,
    )
)


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
        AuditLeaf.event_id,
        make=lambda row: row,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return Page(_readable(work, found.items, sealer), found.next)


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


def _readable(work: UnitOfWork, rows: list[Any], sealer: Sealer) -> list[RecentEvent]:
    headers: list[dict[str, Any]] = [json.loads(row.header) for row in rows]
    bodies: list[dict[str, Any]] = [json.loads(row.body or "{}") for row in rows]
    actors = _names_of_actors(work, {header["actor"]["ref"] for header in headers})
    mentioned = {header["target"]["ref"] for header in headers} - {""}
    for body in bodies:
        mentioned |= {str(value) for name, value in body.items() if name.endswith("_id")}
    names = _names_of_things(work, mentioned)
    values = _personal_values(work, [(row.log_id, row.idx) for row in rows], sealer)
    return [
        _event(row, header, actors, names, _fields(body, names, values.get(row[1:3], {})))
        for row, header, body in zip(rows, headers, bodies, strict=True)
    ]


def _fields(body: dict[str, Any], names: dict[str, str], values: dict[str, str]) -> dict[str, Any]:
    """What an event says: personal values in place, and beside each known `x_id` its name `x`."""
    fields: dict[str, Any] = {}
    for key, value in body.items():
        if isinstance(value, str) and entry.COMMITMENT.match(value):
            fields[key] = values.get(key, ERASED)
            continue
        fields[key] = value
        if key.endswith("_id") and str(value) in names:
            fields[key.removesuffix("_id")] = names[str(value)]
    return fields


def _event(
    row: Any,
    header: dict[str, Any],
    actors: dict[str, str],
    names: dict[str, str],
    fields: dict[str, Any],
) -> RecentEvent:
    return RecentEvent(
        id=UUID(header["id"]),
        log=row.name,
        index=row.idx,
        occurred_at=datetime.fromisoformat(header["time"]),
        kind=header["action"],
        outcome=Outcome(header["outcome"]),
        actor_kind=ActorKind(header["actor"]["type"]),
        actor=actors.get(header["actor"]["ref"], header["actor"]["ref"]),
        target_kind=header["target"]["type"],
        target=names.get(header["target"]["ref"], header["target"]["ref"]),
        method=Method(header["auth"]["method"]),
        address=str(fields.pop("address", "")),
        request_id=header["request_id"],
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


def _personal_values(
    work: UnitOfWork, places: list[tuple[int, int]], sealer: Sealer
) -> dict[tuple[int, int], dict[str, str]]:
    query = sa.select(AuditValue).where(sa.tuple_(AuditValue.log_id, AuditValue.idx).in_(places))
    values: dict[tuple[int, int], dict[str, str]] = {}
    for each in audit_values.unseal(work, work.session.scalars(query), sealer=sealer):
        of_entry = values.setdefault((each.place.log_id, each.place.index), {})
        of_entry[each.field] = each.words
    return values
