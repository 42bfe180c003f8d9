"""Entries of a log as they are sent to other systems: with their bodies, values and names."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditBody, AuditLog, AuditValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers
from appliance.domain.audit_formats.entry import IMPERSONATOR, Entry, Meaning, Value
from appliance.domain.events import registry
from appliance.security.sealing import Sealer
from appliance.services.audit_log import known_names
from appliance.services.audit_log import values as audit_values


@gate.open_to_everyone(because="whoever reads a log has asked, and hands in its rows")
def complete(
    work: UnitOfWork, log: AuditLog, leaves: Sequence[Any], *, sealer: Sealer
) -> list[Entry]:
    """Entries of one log; `leaves` are rows with `idx` and `header`, in the order of indexes."""
    if not leaves:
        return []
    indexes = [row.idx for row in leaves]
    bodies = {row.idx: row for row in work.session.scalars(_of(AuditBody, log, indexes))}
    values = _values(work, log, indexes, sealer)
    headers = [audit_headers.members(row.header) for row in leaves]
    said = {idx: audit_headers.body(row.body) for idx, row in bodies.items()}
    acting = {idx: str(body.get(IMPERSONATOR, "")) for idx, body in said.items()}
    pseudonyms = {header["actor"]["ref"] for header in headers} | set(acting.values())
    actors = known_names.of_actors(work, pseudonyms)
    targets = known_names.of_things(work, {header["target"]["ref"] for header in headers})
    return [
        Entry(
            log=log.name,
            origin=log.origin,
            index=row.idx,
            leaf=row.header,
            meaning=meaning(header["action"]),
            body=said.get(row.idx, {}),
            salt=_base64(bodies[row.idx].salt) if row.idx in bodies else None,
            values=values.get(row.idx, ()),
            actor_name=actors.get(header["actor"]["ref"], ""),
            target_name=targets.get(header["target"]["ref"], ""),
            impersonator_name=actors.get(acting.get(row.idx, ""), ""),
        )
        for row, header in zip(leaves, headers, strict=True)
    ]


def meaning(action: str) -> Meaning:
    """What the registry says of an action."""
    known = registry.of(action)
    return Meaning(
        title=known.title,
        severity=int(known.severity),
        ocsf_class=known.ocsf_class,
        ocsf_activity=known.ocsf_activity,
        ecs_categories=known.ecs_categories,
        ecs_types=known.ecs_types,
        cef_id=known.cef_id,
    )


def _of(table: Any, log: AuditLog, indexes: Sequence[int]) -> Any:
    # The range first: a filter lets entries out, but most often those wanted are neighbours.
    query = sa.select(table).where(
        table.log_id == log.id, table.idx >= indexes[0], table.idx <= indexes[-1]
    )
    return query if len(indexes) > indexes[-1] - indexes[0] else query.where(table.idx.in_(indexes))


def _values(
    work: UnitOfWork, log: AuditLog, indexes: Sequence[int], sealer: Sealer
) -> dict[int, list[Value]]:
    found: dict[int, list[Value]] = {}
    rows = work.session.scalars(_of(AuditValue, log, indexes).order_by(AuditValue.number))
    marked = audit_values.unseal(
        work, rows, sealer=sealer, instead_of_damaged=audit_values.UNREADABLE
    )
    for each in marked:
        value = Value(each.field, each.words, _base64(each.salt))
        found.setdefault(each.place.index, []).append(value)
    return found


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
