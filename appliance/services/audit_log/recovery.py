"""What is done where a log cannot go on: a successor; and where its key is to change.

Who verifies the successor finds the last signed state of the log before it in its first entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import log_store
from appliance.db.audit_log import INSTANCE_LOG, AuditCheckpoint, AuditLog, AuditQueued
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, DamagedError
from appliance.security.log_signing import Head, public_key
from appliance.services.audit_log import growth, sequencer
from appliance.services.audit_log import keys as audit_keys
from appliance.services.audit_log.sequencer import Integrated
from audit import note

if TYPE_CHECKING:
    from appliance.wiring import LogTools


@dataclass(frozen=True)
class Broken:
    """A log that cannot go on, and why."""

    name: str
    origin: str
    found_size: int
    """Entries in the database."""
    signed_size: int
    """Entries in the last state that was signed."""
    why: str


def broken(work: UnitOfWork, *, tools: LogTools) -> list[Broken]:
    """The logs that cannot go on as they are."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    signed, found, keys = tools.heads.read(), [], audit_keys.signing(work)
    for log in growth.newest(work).values():
        head = signed.get(log.origin)
        try:
            growth.insist_on_signed(work, log, head)
            if log.id in keys:
                tools.signer.insist_on(keys[log.id])
        except DamagedError as error:
            size = head.size if head else log.size
            found.append(Broken(log.name, log.origin, log.size, size, error.message))
    return found


def recover(work: UnitOfWork, *, tools: LogTools, now: datetime) -> Integrated:
    """Begin a successor of each log that cannot go on; the queue then goes into these.

    Errors:
        ConflictError: all logs can go on.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    connection = work.session.connection()
    log_store.become_only_writer(connection)
    names = {each.name for each in broken(work, tools=tools)}
    if not names:
        raise ConflictError("Every audit log is as it was signed. Nothing is to be recovered.")
    signed, growing = tools.heads.read(), []
    for name, log in growth.newest(work, names).items():
        successor = growth.begin(work, name, generation=log.generation + 1, tools=tools, now=now)
        last = _last_note(work, log, signed.get(log.origin), tools, now)
        event_id = work.record(
            events.LogContinued(organisation_id=_organisation_id(name), checkpoint=last),
            permit=tools.signer.permit(successor.origin),
        )
        work.write_events()
        each = growth.growing(work, successor)
        each.append(log_store.take_one(connection, event_id))
        growing.append(each)
    heads = growth.store(work, growing, tools=tools, now=now)
    return Integrated(len(growing), heads)


def rotate_key(work: UnitOfWork, *, tools: LogTools, now: datetime) -> Integrated:
    """Let a new key sign all logs from now on; the present one signs a last time beside it.

    The new key takes its place with `tools.signer.change()`, after the commit. Where that does not
    happen, whoever signs next does it.

    Errors:
        ConflictError: more events are waiting than go into the logs at once.
        RolledBackError, DamagedError: a log cannot go on.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    connection = work.session.connection()
    log_store.become_only_writer(connection)
    logs = growth.newest(work)
    keys = audit_keys.signing(work)
    for log in logs.values():
        if log.id in keys:
            tools.signer.insist_on(keys[log.id])
    drafted = tools.signer.draft()
    waiting = work.session.scalar(sa.select(sa.func.count()).select_from(AuditQueued)) or 0
    if waiting + len(logs) > sequencer.AT_ONCE:
        raise ConflictError(
            "Many events are on their way into the audit log. Try again in a minute."
        )
    if not logs:
        raise ConflictError("There is no audit log yet.")
    for name, log in logs.items():
        work.record(
            events.LogKeyRotated(
                organisation_id=_organisation_id(name),
                old=str(tools.signer.keys(log.origin)[0]),
                new=str(public_key(log.origin, drafted)),
            ),
            permit=tools.signer.permit(log.origin, drafted=drafted),
        )
    work.write_events()
    return sequencer.integrate(work, tools=tools, now=now, drafted=drafted)


def _organisation_id(name: str) -> UUID | None:
    return None if name == INSTANCE_LOG else UUID(name)


def _last_note(
    work: UnitOfWork, log: AuditLog, head: Head | None, tools: LogTools, now: datetime
) -> str:
    """The last signed state of a log: as it was signed, or signed once more as it is remembered."""
    head = head or Head(log.size, log.root)
    kept = work.session.scalar(
        sa.select(AuditCheckpoint.note).where(
            AuditCheckpoint.log_id == log.id, AuditCheckpoint.size == head.size
        )
    )
    state = note.Checkpoint(log.origin, head.size, head.root)
    if kept is not None and note.parse(kept.encode()).text == str(state):
        return kept
    return tools.signer.sign_checkpoint(state, int(now.timestamp()))
