"""What witnesses have signed of the audit logs, and up to where that is enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditCheckpoint, AuditLog
from appliance.db.audit_witnesses import (
    AuditCosignature,
    Witness,
    WitnessedLog,
    WitnessQuorum,
)
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.witnessing import Quorum
from audit import note

AT_ONCE = 5000
KNOWN = "who has the log has asked"


@dataclass(frozen=True)
class Cosigned:
    """A state of a log that enough witnesses have signed."""

    size: int
    note: str
    """The checkpoint with the log's signatures and those of the witnesses."""


@gate.open_to_everyone(because=KNOWN)
def quorum(work: UnitOfWork) -> Quorum:
    """Who must have signed."""
    wanted = work.session.scalar(sa.select(WitnessQuorum.needed)) or 0
    rows = work.session.execute(sa.select(Witness.vkey, Witness.operator))
    return Quorum.of(wanted, {name_of(note.Key.parse(row.vkey)): row.operator for row in rows})


def name_of(key: note.Key) -> str:
    """How a key is called beside its signatures."""
    return f"{key.name}+{key.id.hex()}"


@gate.open_to_everyone(because=KNOWN)
def witnessed_size(work: UnitOfWork, log_id: int) -> int:
    """Up to where enough witnesses have signed a log; 0 where none have."""
    row = work.session.get(WitnessedLog, log_id)
    return row.size if row else 0


@gate.open_to_everyone(because=KNOWN)
def with_cosignatures(work: UnitOfWork, log_id: int, size: int, signed: str) -> str:
    """The checkpoint of a size, with what witnesses have signed under it."""
    query = sa.select(AuditCosignature.line).where(
        AuditCosignature.log_id == log_id, AuditCosignature.size == size
    )
    lines = work.session.scalars(query.order_by(AuditCosignature.key)).all()
    # A note of ours has two signatures at most; more than a note may have nobody could read.
    room = note.MOST_SIGNATURES - signed.count(f"\n{note.DASH}")
    return signed + "".join(f"{line}\n" for line in lines[:room])


@gate.open_to_everyone(because=KNOWN)
def newest_witnessed(work: UnitOfWork, log_id: int) -> Cosigned | None:
    """The newest state that enough witnesses have signed, if there is one."""
    size = witnessed_size(work, log_id)
    row = work.session.get(AuditCheckpoint, (log_id, size)) if size else None
    if row is None:
        return None
    return Cosigned(size, with_cosignatures(work, log_id, size, row.note))


@gate.open_to_everyone(because=KNOWN)
def unwitnessed_since(work: UnitOfWork, log_id: int) -> datetime | None:
    """When the first state was signed that too few witnesses have signed; None: there is none."""
    query = sa.select(AuditCheckpoint.made_at).where(
        AuditCheckpoint.log_id == log_id,
        AuditCheckpoint.size > witnessed_size(work, log_id),
    )
    return work.session.scalar(query.order_by(AuditCheckpoint.size).limit(1))


@gate.open_to_everyone(because="the health page, or the appliance's own turn, has asked")
def waiting(work: UnitOfWork, *, before: datetime) -> list[int]:
    """The logs with a state from before this time that too few witnesses have signed since."""
    unwitnessed = sa.exists().where(
        AuditCheckpoint.log_id == AuditLog.id,
        AuditCheckpoint.size > sa.func.coalesce(WitnessedLog.size, 0),
        AuditCheckpoint.made_at < before,
    )
    query = (
        sa.select(AuditLog.id)
        .outerjoin(WitnessedLog, WitnessedLog.log_id == AuditLog.id)
        .where(AuditLog.size > 0, unwitnessed)
    )
    return list(work.session.scalars(query.order_by(AuditLog.id)))


@gate.open_to_everyone(because="who asks a witness, or brings its answer, has asked")
def accept(
    work: UnitOfWork, log: AuditLog, size: int, signed: Mapping[str, str], *, now: datetime
) -> bool:
    """Keep good signatures of a state, by key; gives whether the state is witnessed now.

    That a log is witnessed for the first time, or again after too long, is recorded; each further
    time is not: the entry itself would have to be witnessed, and so on.
    """
    # Two witnesses that answer at once: the second to be noted must see the first.
    work.session.refresh(log, with_for_update=True)
    known = _keys_at(work, log.id, size)
    for key, line in signed.items():
        if key not in known:
            work.session.add(
                AuditCosignature(log_id=log.id, size=size, key=key, line=line, received_at=now)
            )
    required, keys = quorum(work), {*known, *signed}
    if not required.is_met(keys):
        return False
    row = _row(work, log.id)
    if row.size == 0 or row.is_overdue:
        work.record(
            events.AuditWitnessed(log=log.name, size=size, witnesses=required.signers(keys))
        )
    row.is_overdue = False
    row.size = max(row.size, size)
    return True


@gate.open_to_everyone(because="who changes the witnesses has asked")
def recount(work: UnitOfWork) -> None:
    """Find out anew up to where each log is witnessed, after the witnesses have changed."""
    work.session.flush()
    required = quorum(work)
    for log_id in work.session.scalars(sa.select(AuditCosignature.log_id).distinct()).all():
        _row(work, log_id).size = _newest_size(work, log_id, required)


@gate.open_to_everyone(because="the appliance's own turn, which has asked")
def is_known_overdue(work: UnitOfWork, log_id: int) -> bool:
    """Whether it was recorded that a log waits too long."""
    row = work.session.get(WitnessedLog, log_id)
    return row is not None and row.is_overdue


@gate.open_to_everyone(because="the appliance's own turn, which has asked")
def note_overdue(work: UnitOfWork, log: AuditLog) -> None:
    """Record that a log has waited too long for witnesses, once for each such time."""
    row = _row(work, log.id)
    if not row.is_overdue:
        row.is_overdue = True
        work.record(events.AuditWitnessFailed(log=log.name, size=log.size, witnessed=row.size))


def _row(work: UnitOfWork, log_id: int) -> WitnessedLog:
    row = work.session.get(WitnessedLog, log_id)
    if row is None:
        row = WitnessedLog(log_id=log_id, size=0, is_overdue=False)
        work.session.add(row)
    return row


def _keys_at(work: UnitOfWork, log_id: int, size: int) -> Sequence[str]:
    query = sa.select(AuditCosignature.key).where(
        AuditCosignature.log_id == log_id, AuditCosignature.size == size
    )
    return work.session.scalars(query).all()


def _newest_size(work: UnitOfWork, log_id: int, required: Quorum) -> int:
    """The newest size that the quorum has signed; 0 if there is none."""
    below: int | None = None
    while True:
        query = sa.select(AuditCosignature.size, AuditCosignature.key).where(
            AuditCosignature.log_id == log_id
        )
        if below is not None:
            query = query.where(AuditCosignature.size < below)
        sizes = query.with_only_columns(AuditCosignature.size).distinct()
        some = work.session.scalars(
            sizes.order_by(AuditCosignature.size.desc()).limit(AT_ONCE)
        ).all()
        if not some:
            return 0
        below = some[-1]
        rows = work.session.execute(
            query.where(AuditCosignature.size >= below).order_by(AuditCosignature.size.desc())
        )
        for size, found in groupby(rows, key=lambda row: int(row.size)):
            if required.is_met(_names(found)):
                return size


def _names(rows: Iterable[Any]) -> set[str]:
    return {row.key for row in rows}
