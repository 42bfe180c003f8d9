"""Witnesses of the audit log: whose signatures count, and how they answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import gate
from appliance.db.audit_log import AuditKey, AuditLog
from appliance.db.audit_witnesses import ONLY as ONLY_ROW
from appliance.db.audit_witnesses import Witness, WitnessQuorum, WitnessState
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.domain.second_person import Act
from appliance.domain.witnessing import Quorum
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.security import outgoing
from appliance.services.audit_log import cosignatures
from appliance.services.second_person import guarded
from audit import note

MOST = 30
"""A checkpoint may have 32 signatures, and the log needs two of them."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Progress:
    """How far a witness has come with a log."""

    log: str
    size: int
    known_size: int
    problem: str
    problem_since: datetime | None
    is_contradicting: bool


@dataclass(frozen=True)
class WitnessReport:
    """A witness and how it answers."""

    name: str
    operator: str
    vkey: str
    url: str
    created_at: datetime
    logs: list[Progress]


@dataclass(frozen=True)
class Tally:
    """How the witnesses are, counted."""

    witnesses: int
    contradicting: int
    """Witnesses that hold another history than ours."""
    waiting: int
    """Logs that have waited too long for enough of them."""


@dataclass(frozen=True)
class Wanted:
    """A witness that is to be trusted."""

    name: str
    vkey: str
    url: str = ""
    operator: str = ""


@dataclass(frozen=True)
class LogReport:
    """Up to where a log is witnessed."""

    log: str
    size: int
    witnessed: int
    unwitnessed_since: datetime | None


def listed(work: UnitOfWork) -> list[WitnessReport]:
    """Every witness, by name, and how far it has come with each log."""
    gate.require(work, Permission.AUDIT_READ)
    rows = work.session.execute(
        sa.select(WitnessState, AuditLog.name, AuditLog.size)
        .join(AuditLog, AuditLog.id == WitnessState.log_id)
        .order_by(AuditLog.id)
    ).all()
    witnesses = work.session.scalars(sa.select(Witness).order_by(Witness.name))
    return [
        _report(each, [_progress(row) for row in rows if row[0].witness_id == each.id])
        for each in witnesses
    ]


def logs(work: UnitOfWork) -> list[LogReport]:
    """Every log, and up to where enough witnesses have signed it."""
    gate.require(work, Permission.AUDIT_READ)
    found = work.session.scalars(sa.select(AuditLog).where(AuditLog.size > 0).order_by(AuditLog.id))
    return [
        LogReport(
            each.name,
            each.size,
            cosignatures.witnessed_size(work, each.id),
            cosignatures.unwitnessed_since(work, each.id),
        )
        for each in found.all()
    ]


def quorum(work: UnitOfWork) -> Quorum:
    """Who must have signed a state so that it counts as witnessed."""
    gate.require(work, Permission.AUDIT_READ)
    return cosignatures.quorum(work)


@guarded(Act.WITNESS_TRUST, states.witnesses)
def trust(
    work: UnitOfWork, wanted: Wanted, *, schemes: Collection[str], now: datetime
) -> WitnessReport:
    """Let the signatures of a witness count, and ask it where it has an address.

    Errors:
        InvalidError: the name, the key or the address is none.
        ConflictError: there is one of that name or key, or there are too many.
    """
    gate.require(work, Permission.AUDIT_WITNESS)
    key = _key(work, wanted.vkey)
    wanted = replace(wanted, name=_name(wanted.name), operator=wanted.operator or wanted.name)
    _name(wanted.operator, "operator")
    if wanted.url:
        # Whether we may go there is asked anew each time.
        outgoing.insist_on_url(wanted.url, schemes=schemes)
    there = work.session.scalars(sa.select(Witness)).all()
    _insist_on_room(there, wanted, key)
    witness = Witness(
        name=wanted.name,
        operator=wanted.operator,
        vkey=str(key),
        url=wanted.url.rstrip("/"),
        created_at=now,
    )
    work.session.add(witness)
    work.session.flush()
    work.record(
        events.AuditWitnessTrusted(
            about=witness.id,
            name=witness.name,
            operator=witness.operator,
            vkey=witness.vkey,
            url=witness.url,
        )
    )
    cosignatures.recount(work)
    return _report(witness, [])


@guarded(Act.WITNESS_REMOVE, states.witnesses)
def remove(work: UnitOfWork, name: str) -> None:
    """Let the signatures of a witness count no more. Those that it made are kept.

    Errors:
        NotFoundError: there is none of that name.
    """
    gate.require(work, Permission.AUDIT_WITNESS)
    witness = _witness(work, name)
    work.record(events.AuditWitnessRemoved(about=witness.id, name=witness.name, vkey=witness.vkey))
    work.session.delete(witness)
    cosignatures.recount(work)


@guarded(Act.WITNESS_QUORUM, states.witnesses)
def set_quorum(work: UnitOfWork, needed: int) -> Quorum:
    """Demand the signatures of so many operators; 0 stands for a majority of them.

    Errors:
        InvalidError: there are not so many.
    """
    gate.require(work, Permission.AUDIT_WITNESS)
    there = len(set(work.session.scalars(sa.select(Witness.operator))))
    if not 0 <= needed <= there:
        raise InvalidError.of(
            "needed",
            sentence("There are witnesses of %(there)s operators to choose from.", there=there),
        )
    row = work.session.get(WitnessQuorum, ONLY_ROW)
    before = row.needed if row else 0
    if needed != before:
        row = row or WitnessQuorum(id=ONLY_ROW)
        row.needed = needed
        work.session.add(row)
        work.record(events.AuditQuorumChanged(before=before, after=needed))
    cosignatures.recount(work)
    return cosignatures.quorum(work)


@gate.open_to_everyone(because="the health page has asked")
def condition(work: UnitOfWork, *, overdue_hours: float, now: datetime) -> Tally:
    """How many witnesses there are, and what is wrong with them."""
    witnesses = work.session.scalar(sa.select(sa.func.count()).select_from(Witness)) or 0
    query = sa.select(sa.func.count(WitnessState.witness_id.distinct()))
    contradicting = work.session.scalar(query.where(WitnessState.is_contradicting)) or 0
    limit = now - timedelta(hours=overdue_hours)
    waiting = len(cosignatures.waiting(work, before=limit)) if witnesses else 0
    return Tally(witnesses, contradicting, waiting)


def _witness(work: UnitOfWork, name: str) -> Witness:
    found = work.session.scalar(sa.select(Witness).where(Witness.name == name))
    if found is None:
        raise NotFoundError(sentence("There is no witness %(name)s.", name=name))
    return found


def _key(work: UnitOfWork, vkey: str) -> note.Key:
    try:
        key = note.Key.parse(vkey.strip())
    except note.NoteError as error:
        raise InvalidError.of("vkey", sentence("This is not a verifier key.")) from error
    if not key.name.isprintable():
        raise InvalidError.of("vkey", sentence("This is not a verifier key."))
    if key.kind is note.Kind.ED25519:
        raise InvalidError.of(
            "vkey", sentence("This is the key of a log. `codara witness key` prints that of one.")
        )
    known = work.session.scalars(sa.select(AuditKey.vkey))
    if key.public in {note.Key.parse(each).public for each in known}:
        text = sentence("This is a key of this appliance: that is no second pair of eyes.")
        raise InvalidError.of("vkey", text)
    return key


def _insist_on_room(there: Sequence[Witness], wanted: Wanted, key: note.Key) -> None:
    if any(each.name == wanted.name for each in there):
        raise ConflictError(sentence("The witness %(name)s already exists.", name=wanted.name))
    if any(note.Key.parse(each.vkey).public == key.public for each in there):
        raise ConflictError(sentence("A witness with this key already exists."))
    if len(there) >= MOST:
        raise ConflictError(sentence("There are %(most)s witnesses already.", most=MOST))


def _name(text: str, field: str = "name") -> str:
    if not NAME.fullmatch(text):
        raise InvalidError.of(
            field,
            sentence("1 to 64 small letters, digits, dots, hyphens and underscores, please."),
        )
    return text


def _progress(row: Any) -> Progress:
    state, log, size = row
    return Progress(
        log=log,
        size=size,
        known_size=state.known_size,
        problem=state.problem,
        problem_since=state.problem_since,
        is_contradicting=state.is_contradicting,
    )


def _report(witness: Witness, found: list[Progress]) -> WitnessReport:
    return WitnessReport(
        witness.name, witness.operator, witness.vkey, witness.url, witness.created_at, found
    )
