"""Erasing what the audit logs keep of a person: the values go, and no entry changes.

In one transaction the person's data key is destroyed and each log says how many values went; from
then on nobody can read them. What the search knows of those entries is taken out after that, step
by step, and goes on where it was cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import log_store
from appliance.db.audit_log import AuditLog, AuditQueued, AuditValue, PersonKey
from appliance.db.audit_removals import AuditErasedValue, AuditErasure
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, sentence
from appliance.security.log_signing import Head
from appliance.services.audit_log import authority, growth, removal, sequencer, trees

if TYPE_CHECKING:
    from appliance.wiring import LogTools

AT_ONCE = 5000
Begins = Callable[[], AbstractContextManager[UnitOfWork]]
"""Opens a unit of work in the name of whoever erases."""


@dataclass(frozen=True)
class Erased:
    """What was erased."""

    values: dict[str, int]
    """How many values, by log."""
    heads: dict[str, Head] = field(default_factory=dict)
    """States that were signed on the way; to be remembered when they are committed."""


def erase(begins: Begins, person: str, *, tools: LogTools, now: datetime) -> Erased:
    """Erase all that the logs keep of a person, whose pseudonym that is.

    Errors:
        NotFoundError: they keep nothing.
        RefusedError: the actor may not.
    """
    with begins() as work:
        done = destroy(work, person, tools=tools, now=now)
    if done.heads:
        tools.heads.remember(done.heads)
    finish(begins, tools=tools, now=now)
    return done


def finish(begins: Begins, *, tools: LogTools, now: datetime) -> None:
    """Let the search forget all that was erased, of whomever."""
    is_unsure = True
    while is_unsure:
        with begins() as work:
            is_unsure = forget_some(work, tools=tools, now=now)


def is_unfinished(work: UnitOfWork) -> bool:
    """Whether the search is still to forget something that was erased."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    unfinished = sa.select(AuditErasure.id).where(AuditErasure.finished_at.is_(None))
    return work.session.scalar(unfinished.limit(1)) is not None


def destroy(work: UnitOfWork, person: str, *, tools: LogTools, now: datetime) -> Erased:
    """Make a person's values unreadable, remove them, and record it in each log concerned.

    Errors:
        NotFoundError: the logs keep nothing of that person.
        DamagedError: a log cannot go on, so that nothing can be allowed in it.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    connection = work.session.connection()
    # Alone, so that nothing of them enters a log, or the search, until this is committed.
    log_store.become_only_writer(connection)
    heads: dict[str, Head] = {}
    while _is_waiting(work, person):
        heads |= sequencer.integrate(work, tools=tools, now=now).heads
    found = work.session.execute(
        sa.select(AuditLog.id, AuditLog.name, sa.func.count().label("number"))
        .join(AuditValue, AuditValue.log_id == AuditLog.id)
        .where(AuditValue.person == person)
        .group_by(AuditLog.id, AuditLog.name)
        .order_by(AuditLog.id)
    ).all()
    key = work.session.get(PersonKey, person, with_for_update=True)
    if not found and (key is None or key.wrapped is None):
        raise NotFoundError(sentence("The audit logs keep nothing personal of %(it)s.", it=person))
    if key is not None:
        key.wrapped, key.destroyed_at = None, now
    totals: dict[str, int] = {}
    for row in found:
        totals[row.name] = totals.get(row.name, 0) + row.number
    logs = growth.newest(work, totals)
    recorded = {name: _record(work, person, log, totals[name], tools) for name, log in logs.items()}
    for row in found:
        _bury(work, person, row.id, recorded[row.name])
    work.session.flush()
    connection.execute(sa.delete(AuditValue).where(AuditValue.person == person))
    return Erased(totals, heads)


def forget_some(
    work: UnitOfWork, *, tools: LogTools, now: datetime, at_once: int = AT_ONCE
) -> bool:
    """Let some entries no longer be found by erased values; gives whether there were any left.

    Nothing is forgotten for an erasure that the log's key did not sign.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(AuditErasure).where(AuditErasure.finished_at.is_(None))
    erasure = work.session.scalars(
        query.order_by(AuditErasure.id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if erasure is None:
        return False
    if not _is_permitted(work, erasure, tools):
        erasure.finished_at = now
        return True
    indexes = work.session.scalars(
        sa.select(AuditErasedValue.idx)
        .where(
            AuditErasedValue.event_id == erasure.event_id,
            AuditErasedValue.log_id == erasure.log_id,
            AuditErasedValue.idx >= erasure.reached,
        )
        .distinct()
        .order_by(AuditErasedValue.idx)
        .limit(at_once)
    ).all()
    removal.forget(work, erasure.log_id, indexes)
    if len(indexes) < at_once:
        erasure.finished_at = now
    else:
        erasure.reached = indexes[-1] + 1
    return True


def _is_permitted(work: UnitOfWork, erasure: AuditErasure, tools: LogTools) -> bool:
    """Whether its event allows it: in the log that grew when it was recorded."""
    name = work.session.get_one(AuditLog, erasure.log_id).name
    logs = work.session.scalars(sa.select(AuditLog.id).where(AuditLog.name == name))
    return any(
        authority.permitted(work, each, erasure.event_id, signer=tools.signer)
        for each in logs.all()
    )


def _is_waiting(work: UnitOfWork, person: str) -> bool:
    """Whether something of a person is on its way into a log."""
    named = AuditQueued.personal.contains(f'"{person}"', autoescape=True)
    return work.session.scalar(sa.select(AuditQueued.position).where(named).limit(1)) is not None


def _record(work: UnitOfWork, person: str, log: AuditLog, number: int, tools: LogTools) -> UUID:
    about = work.session.scalar(sa.select(User.id).where(User.pseudonym == person))
    return work.record(
        events.PrivacyErased(
            organisation_id=trees.organisation_of(log.name), about=about, values=number
        ),
        permit=authority.permit(work, log, tools=tools),
    )


def _bury(work: UnitOfWork, person: str, log_id: int, event_id: UUID) -> None:
    """Leave a tombstone for each value that goes."""
    values = sa.select(
        AuditValue.log_id,
        AuditValue.idx,
        AuditValue.number,
        AuditValue.field,
        sa.literal(event_id, sa.Uuid()),
    ).where(AuditValue.person == person, AuditValue.log_id == log_id)
    columns = ["log_id", "idx", "number", "field", "event_id"]
    work.session.connection().execute(sa.insert(AuditErasedValue).from_select(columns, values))
    work.session.add(AuditErasure(event_id=event_id, log_id=log_id, reached=0))
