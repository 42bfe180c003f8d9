"""From the queue into the logs.

There is one writer at a time. Rows leave the queue and enter their log in one transaction, and a
log grows only from the size it was read at, so that two writers cannot make two histories of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import log_store
from appliance.db.audit_log import AuditLog, AuditQueued
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.security.log_signing import Head
from appliance.services.audit_log import growth, set_aside

if TYPE_CHECKING:
    from appliance.security.signing import SigningKey
    from appliance.wiring import LogTools

AT_ONCE = 5000


@dataclass(frozen=True)
class Integrated:
    """What one turn did."""

    events: int
    """Rows that left the queue."""
    heads: dict[str, Head] = field(default_factory=dict)
    """The signed states, by origin; to be remembered when they are committed."""
    set_aside: int = 0
    """Rows among these that were no events."""


def is_anything_waiting(work: UnitOfWork) -> bool:
    """Whether there are events in the queue: asked without writing, because it is asked often."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return work.session.scalar(sa.select(AuditQueued.position).limit(1)) is not None


def check(work: UnitOfWork, *, tools: LogTools) -> None:
    """Compare every log that grows with what was signed last; a writer that was cut off may have
    signed what it could not remember any more, and that is remembered now.

    Errors:
        RolledBackError: the database was put back.
        DamagedError: the database contradicts itself.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _insist(work, growth.newest(work), tools)


def integrate(
    work: UnitOfWork,
    *,
    tools: LogTools,
    now: datetime,
    at_once: int = AT_ONCE,
    drafted: SigningKey | None = None,
) -> Integrated:
    """Take the oldest events from the queue into their logs, and sign what these are then.

    With `drafted`, the key that signs is exchanged for this one.

    Errors:
        RolledBackError: the database was put back; nothing is signed, and the queue waits.
        DamagedError: the database contradicts itself, or the key is not here; the same.
        ConflictError: another writer was quicker; nothing was done.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    connection = work.session.connection()
    if not log_store.is_only_writer(connection):
        return Integrated(0)
    rows = log_store.take(connection, at_once)
    if not rows:
        return Integrated(0)
    fitting, misfits = set_aside.sorted_out(rows)
    set_aside.keep(work, misfits, sealer=tools.sealer, now=now)
    growing = _logs(work, {row.log for row in fitting}, tools, now)
    for row in fitting:
        growing[row.log].append(row)
    heads = growth.store(work, list(growing.values()), tools=tools, now=now, drafted=drafted)
    return Integrated(len(rows), heads, len(misfits))


def _logs(
    work: UnitOfWork, names: Iterable[str], tools: LogTools, now: datetime
) -> dict[str, growth.Growing]:
    newest = growth.newest(work, names)
    _insist(work, newest, tools)
    for name in sorted(set(names) - newest.keys()):
        newest[name] = growth.begin(work, name, tools=tools, now=now)
    return {name: growth.growing(work, log) for name, log in newest.items()}


def _insist(work: UnitOfWork, logs: Mapping[str, AuditLog], tools: LogTools) -> None:
    signed, unremembered = tools.heads.read(), {}
    for log in logs.values():
        head = growth.insist_on_signed(work, log, signed.get(log.origin))
        if head is not None:
            unremembered[log.origin] = head
    if unremembered:
        # Committed by a writer that was cut off. A disk that cannot take it stops us here.
        tools.heads.remember(unremembered)
