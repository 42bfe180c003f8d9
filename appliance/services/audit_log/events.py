"""Events for people: pseudonyms are names again, personal values are back in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditBody, AuditFinding, AuditLeaf, AuditLog, AuditValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers
from appliance.domain.events import Outcome
from appliance.domain.identity import ActorKind, Method
from appliance.security.sealing import Sealer
from appliance.services.audit_log import former_names, known_names
from appliance.services.audit_log import values as audit_values
from appliance.services.audit_log.former_names import FormerNames
from audit import entry

ERASED = "(erased)"
ADDRESS = "address"


@dataclass(frozen=True)
class ReadableEvent:
    """An event for people."""

    id: UUID
    log: str
    """`instance`, or the id of an organisation."""
    log_name: str
    """The organisation's name; its id if it has none any more."""
    index: int
    occurred_at: datetime
    kind: str
    outcome: Outcome
    actor_kind: ActorKind
    actor_ref: str
    actor: str
    """The actor's name; their pseudonym if they are no user any more."""
    target_kind: str
    target_ref: str
    target: str
    """The name of the thing it is about; its id if it has none, or none any more."""
    method: Method
    token_ref: str
    used_second_factor: bool
    address: str
    request_id: str
    fields: dict[str, Any]
    erased: frozenset[str] = frozenset()
    """The fields of which nothing is left; they read `ERASED`. `address` may be one of them."""
    actor_then: str = ""
    """What the actor was called when it happened, where that is another name."""
    target_then: str = ""


# Another release may know more of both; who does not know them shows what is least.
KINDS = {str(each): each for each in ActorKind}
METHODS = {str(each): each for each in Method}


@gate.open_to_everyone(because="whoever searches has asked for the logs, and hands in places")
def readable(work: UnitOfWork, places: Sequence[int], *, sealer: Sealer) -> list[ReadableEvent]:
    """The events at some places of what can be searched for, in that order."""
    found = {row.place: row for row in work.session.execute(_at(_ROWS, places))}
    rows = [found[place] for place in places if place in found]
    headers: list[dict[str, Any]] = [audit_headers.members(row.header) for row in rows]
    bodies: list[dict[str, Any]] = [audit_headers.body(row.body) for row in rows]
    refs = {header["actor"]["ref"] for header in headers}
    refs |= {str(body["impersonator"]) for body in bodies if "impersonator" in body}
    actors = known_names.of_actors(work, refs)
    mentioned = {header["target"]["ref"] for header in headers} | {row.name for row in rows}
    for body in bodies:
        mentioned |= {str(value) for name, value in body.items() if name.endswith("_id")}
    names = _Names(actors, known_names.of_things(work, mentioned), _former(work, headers, sealer))
    values = _personal_values(work, places, sealer)
    return [
        _event(row, header, names, _said(body, values.get((row.log_id, row.idx), {})))
        for row, header, body in zip(rows, headers, bodies, strict=True)
    ]


@dataclass(frozen=True)
class _Names:
    """What is called how: actors by pseudonym, all else by id; today, and before."""

    actors: dict[str, str]
    things: dict[str, str]
    former: FormerNames


def _former(work: UnitOfWork, headers: Sequence[dict[str, Any]], sealer: Sealer) -> FormerNames:
    moments = [datetime.fromisoformat(header["time"]) for header in headers]
    pseudonyms = {header["actor"]["ref"] for header in headers}
    return former_names.since(work, min(moments, default=None), pseudonyms, sealer=sealer)


_ROWS: Any = (
    sa.select(
        AuditFinding.place,
        AuditLog.name,
        AuditLeaf.log_id,
        AuditLeaf.idx,
        AuditLeaf.header,
        AuditBody.body,
    )
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
_VALUES: Any = sa.select(AuditValue).join_from(
    AuditFinding,
    AuditValue,
    (AuditValue.log_id == AuditFinding.log_id) & (AuditValue.idx == AuditFinding.idx),
)


def _at(query: Any, places: Sequence[int]) -> Any:
    return query.where(AuditFinding.place.in_(places))


@dataclass(frozen=True)
class _Said:
    """What an event says, and what nothing is left of."""

    fields: dict[str, Any]
    erased: frozenset[str]


def _said(body: dict[str, Any], values: dict[str, str]) -> _Said:
    personal = {
        key
        for key, value in body.items()
        if isinstance(value, str) and entry.COMMITMENT.match(value)
    }
    erased = personal - values.keys()
    fields = {
        key: ERASED if key in erased else values[key] if key in personal else value
        for key, value in body.items()
    }
    return _Said(fields, frozenset(erased))


def _event(row: Any, header: dict[str, Any], known: _Names, said: _Said) -> ReadableEvent:
    names, fields = known.things, _with_names(said.fields, known.things)
    actor, target, auth = header["actor"], header["target"], header["auth"]
    moment = datetime.fromisoformat(header["time"])
    if (by := fields.get("impersonator")) in known.actors:
        fields["impersonator_name"] = known.actors[str(by)]
    actor_name = known.actors.get(actor["ref"], actor["ref"])
    target_name = names.get(target["ref"], target["ref"])
    return ReadableEvent(
        id=UUID(header["id"]),
        log=row.name,
        log_name=names.get(row.name, row.name),
        index=row.idx,
        occurred_at=moment,
        kind=header["action"],
        outcome=Outcome(header["outcome"]),
        actor_kind=KINDS.get(actor["type"], ActorKind.STRANGER),
        actor_ref=actor["ref"],
        actor=actor_name,
        actor_then=known.former.at(actor["ref"], actor_name, moment),
        target_kind=target["type"],
        target_ref=target["ref"],
        target=target_name,
        target_then=known.former.at(target["ref"], target_name, moment),
        method=METHODS.get(auth["method"], Method.NONE),
        token_ref=auth["token_ref"],
        used_second_factor=auth["mfa"],
        address=str(fields.pop(ADDRESS, "")),
        request_id=header["request_id"],
        fields=fields,
        erased=said.erased,
    )


def _with_names(fields: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The fields, and beside each known `x_id` its name `x`."""
    named: dict[str, Any] = {}
    for key, value in fields.items():
        named[key] = value
        if key.endswith("_id") and str(value) in names:
            named[key.removesuffix("_id")] = names[str(value)]
    return named


def _personal_values(
    work: UnitOfWork, places: Sequence[int], sealer: Sealer
) -> dict[tuple[int, int], dict[str, str]]:
    rows = work.session.scalars(_at(_VALUES, places))
    values: dict[tuple[int, int], dict[str, str]] = {}
    marked = audit_values.unseal(
        work, rows, sealer=sealer, instead_of_damaged=audit_values.UNREADABLE
    )
    for each in marked:
        of_entry = values.setdefault((each.place.log_id, each.place.index), {})
        of_entry[each.field] = each.words
    return values
