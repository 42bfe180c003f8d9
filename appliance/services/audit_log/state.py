"""How far an audit log has come, said honestly: queued, in the log, signed; and by which keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch_log, gate, grants, log_reach, unseen
from appliance.access.log_reach import Reach
from appliance.db.audit_log import (
    INSTANCE_LOG,
    AuditCheckpoint,
    AuditFinding,
    AuditKey,
    AuditLog,
    AuditQueued,
)
from appliance.db.organisations import Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers, events
from appliance.domain.permissions import Permission
from appliance.errors import ApplianceError
from appliance.services.audit_log import authority, cosignatures, growth
from appliance.services.audit_log.trees import organisation_of
from audit import note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from appliance.wiring import LogTools

MOST_COUNTED = 10_000
"""Beyond that, how many wait makes no difference any more."""


@dataclass(frozen=True)
class Room:
    """A log as somebody stands before it: whose it is, and what they may do with it."""

    log: str
    organisation: Organisation | None
    reach: Reach
    allowed: frozenset[Permission]

    @property
    def owner(self) -> str:
        """The name of the organisation; empty for the instance, or where it is gone."""
        return self.organisation.name if self.organisation else ""


@dataclass(frozen=True)
class State:
    """How far a log has come."""

    origin: str
    size: int
    """So many events are in it."""
    signed: int
    """The size of the newest signed state."""
    signed_at: datetime | None
    waiting: int
    """So many are on their way into it; no more than `MOST_COUNTED` are counted."""
    waiting_since: datetime | None
    witnessed: int | None = None
    """The largest state that enough witnesses have signed; None where none is configured."""
    problem: str = ""
    """Why nothing is signed, and what to do; empty while all is well."""
    searchable: int = 0
    """So many of its events can be found."""
    alarm: str = ""
    """What of its entries was not written by this appliance; empty while all is well."""

    @property
    def is_all_signed(self) -> bool:
        """Whether the newest signed state holds every event that is in the log."""
        return self.signed == self.size

    @property
    def is_counted_whole(self) -> bool:
        """Whether no more wait than were counted."""
        return self.waiting < MOST_COUNTED


@dataclass(frozen=True)
class SigningKey:
    """A key that signs a log, or has."""

    vkey: str
    id: str
    kind: str
    from_size: int
    until_size: int | None


@dataclass(frozen=True)
class Tree:
    """What an auditor compares: one log as it was signed last."""

    origin: str
    generation: int
    size: int
    root: bytes
    checkpoint: str
    checkpoint_at: datetime | None
    keys: list[SigningKey]
    minimum: int
    minimum_bodies: int


@dataclass(frozen=True)
class Check:
    """The last time that a log was compared with its signed states."""

    at: datetime
    is_good: bool


CHECKS = (events.AuditVerified.kind, events.AuditFoundBroken.kind)


def room(work: UnitOfWork, asked: str) -> Room:
    """Before which log somebody stands: `instance`, or an organisation's by name or id.

    Errors:
        HiddenError, RefusedError: there is none, or the actor may not read it.
    """
    name, part = fetch_log.reach(work, asked)
    organisation_id = organisation_of(name)
    if organisation_id is None:
        return Room(name, None, part, grants.on_instance(work.actor))
    found = work.session.get(Organisation, organisation_id)
    return Room(name, found, part, unseen.on_organisation(work, found))


def state(work: UnitOfWork, asked: str, *, tools: LogTools, now: datetime) -> State:
    """How far a log has come. What is not known is not said to be well.

    Who was given a period of it learns its signed states, which belong to every proof, and nothing
    of what is on its way.

    Errors:
        HiddenError, RefusedError: as for `room`.
    """
    name, part = fetch_log.reach(work, asked)
    waiting, since = _waiting(work, name, now) if part.is_whole else (0, None)
    log = _newest(work, name)
    if log is None:
        return State("", 0, 0, None, waiting, since)
    signed = _checkpoint(work, log)
    known = log.size if part.is_whole or signed is None else signed.size
    return State(
        origin=log.origin,
        size=known,
        signed=signed.size if signed else 0,
        signed_at=signed.made_at if signed else None,
        waiting=waiting,
        waiting_since=since,
        witnessed=_witnessed(work, log),
        problem=_problem(work, log, tools),
        searchable=min(log.searchable, known),
        alarm=authority.alarm(work, signer=tools.signer, log_id=log.id) if part.is_whole else "",
    )


def trees(work: UnitOfWork, asked: str) -> list[Tree]:
    """Every generation of a log, the one that grows first.

    Errors:
        HiddenError, RefusedError: as for `room`.
    """
    name = fetch_log.name_of(work, asked)
    query = sa.select(AuditLog).where(AuditLog.name == name)
    found = work.session.scalars(query.order_by(AuditLog.generation.desc())).all()
    return [_tree(work, log) for log in found]


def last_check(work: UnitOfWork, asked: str) -> Check | None:
    """When a log was last compared with its signed states, as the log itself says.

    Errors:
        HiddenError, RefusedError: as for `room`.
    """
    name, part = fetch_log.reach(work, asked)
    query = (
        sa.select(AuditFinding.occurred_at, AuditFinding.action)
        .join(AuditLog, AuditLog.id == AuditFinding.log_id)
        .where(AuditLog.name == name, AuditFinding.action.in_(CHECKS))
        .order_by(AuditFinding.occurred_at.desc())
        .limit(1)
    )
    found = work.session.execute(query).one_or_none()
    if found is None or not part.holds(found[0]):
        return None
    return Check(found[0], found[1] == CHECKS[0])


def note_look(work: UnitOfWork, asked: str) -> None:
    """Record that somebody looked at the state of a log.

    Errors:
        HiddenError, RefusedError: as for `room`.
    """
    name = fetch_log.name_of(work, asked)
    log = _newest(work, name)
    work.record(
        events.AuditStateRead(
            organisation_id=organisation_of(name), log=name, size=log.size if log else 0
        )
    )


@gate.open_to_everyone(because="it gives what the actor was given, and nothing else")
def readable(work: UnitOfWork) -> list[Room]:
    """The logs that somebody may read: the instance's first, then organisations by name."""
    allowed = grants.on_instance(work.actor)
    names = set(log_reach.logs(work))
    if Permission.AUDIT_READ in allowed:
        names |= {INSTANCE_LOG, *work.session.scalars(sa.select(AuditLog.name).distinct())}
    names |= {str(each) for each in fetch_log.of_roles(work)}
    return sorted(_rooms(work, names), key=lambda each: (each.log != INSTANCE_LOG, each.owner))


def _rooms(work: UnitOfWork, names: Iterable[str]) -> list[Room]:
    rooms = []
    for name in sorted(names):
        try:
            rooms.append(room(work, name))
        except ApplianceError:
            continue  # What was given of a log that is gone by now.
    return rooms


def _newest(work: UnitOfWork, name: str) -> AuditLog | None:
    query = sa.select(AuditLog).where(AuditLog.name == name)
    return work.session.scalars(query.order_by(AuditLog.generation.desc())).first()


def _checkpoint(work: UnitOfWork, log: AuditLog) -> AuditCheckpoint | None:
    query = sa.select(AuditCheckpoint).where(AuditCheckpoint.log_id == log.id)
    return work.session.scalars(query.order_by(AuditCheckpoint.size.desc())).first()


def _waiting(work: UnitOfWork, name: str, now: datetime) -> tuple[int, datetime | None]:
    """How many are queued for a log; the time is of the first, as its header says it."""
    some = sa.select(AuditQueued.position).where(AuditQueued.log == name).limit(MOST_COUNTED)
    count = work.session.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
    if not count:
        return 0, None
    first = sa.select(AuditQueued.header).where(AuditQueued.log == name)
    header = work.session.scalar(first.order_by(AuditQueued.position).limit(1))
    return count, min(now, _time_of(header)) if header else now


def _time_of(header: str) -> datetime:
    return datetime.fromisoformat(audit_headers.members(header)["time"])


def _witnessed(work: UnitOfWork, log: AuditLog) -> int | None:
    if not cosignatures.quorum(work).operators:
        return None
    return cosignatures.witnessed_size(work, log.id)


def _problem(work: UnitOfWork, log: AuditLog, tools: LogTools) -> str:
    """Why the next state would not be signed; the sequencer asks the same before it signs."""
    try:
        growth.insist_on_signed(work, log, tools.heads.read().get(log.origin))
    except ApplianceError as error:
        return str(error)
    return ""


def _tree(work: UnitOfWork, log: AuditLog) -> Tree:
    signed = _checkpoint(work, log)
    rows = work.session.scalars(
        sa.select(AuditKey).where(AuditKey.log_id == log.id).order_by(AuditKey.from_size)
    )
    return Tree(
        origin=log.origin,
        generation=log.generation,
        size=log.size,
        root=log.root,
        checkpoint=signed.note if signed else "",
        checkpoint_at=signed.made_at if signed else None,
        keys=[_key(row) for row in rows],
        minimum=log.minimum,
        minimum_bodies=log.minimum_bodies,
    )


def _key(row: AuditKey) -> SigningKey:
    key = note.Key.parse(row.vkey)
    kind = "Ed25519" if key.kind is note.Kind.ED25519 else "ML-DSA-44"
    return SigningKey(row.vkey, key.id.hex(), kind, row.from_size, row.until_size)
