"""Rows of the queue that are no events: set aside, said in the log, kept for whoever looks into it.

The appliance writes none. One comes from somebody who has the database, and is evidence of that.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from appliance.access import gate
from appliance.db.audit_log import AuditBody, AuditFinding, AuditLeaf, AuditLog
from appliance.db.audit_set_aside import AuditSetAside
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events, queued_events
from appliance.domain.permissions import Permission
from appliance.domain.queued_events import MisfitError, Queued
from appliance.errors import DamagedError
from appliance.security import sealing
from appliance.services.audit_log.trees import organisation_of
from audit import entry
from audit.canonical import canonical

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer

log = structlog.get_logger()
LONGEST_REASON = 300


@dataclass(frozen=True)
class Misfit:
    """A row that is no event, and why it is none."""

    row: Queued
    why: str


@dataclass(frozen=True)
class State:
    """What was set aside so far."""

    count: int
    unseen: int
    """Since the queue and the logs were compared last."""


@gate.open_to_everyone(because="the sequencer calls it, which has asked")
def sorted_out(rows: Sequence[Queued]) -> tuple[list[Queued], list[Misfit]]:
    """The rows that are events, and those that are none."""
    fitting, misfits, seen = [], [], set()
    for row in rows:
        try:
            queued_events.insist_it_fits(row)
        except MisfitError as error:
            misfits.append(Misfit(row, str(error)[:LONGEST_REASON]))
            continue
        if row.event_id in seen:
            misfits.append(Misfit(row, "an event with this id stands before it in the queue"))
            continue
        seen.add(row.event_id)
        fitting.append(row)
    return fitting, misfits


@gate.open_to_everyone(because="the sequencer calls it, which has asked")
def keep(work: UnitOfWork, misfits: Sequence[Misfit], *, sealer: Sealer, now: datetime) -> None:
    """Keep what is no event, all of it, and record that: in its log if there is such a log."""
    if not misfits:
        return
    logs = set(work.session.scalars(sa.select(AuditLog.name).distinct()))
    for each in misfits:
        salt, content = os.urandom(entry.SALT_BYTES), queued_events.spelled(each.row)
        named = each.row.log if isinstance(each.row.log, str) and each.row.log in logs else ""
        why = each.why.encode("ascii", "backslashreplace").decode("ascii").replace("\x00", "")
        event_id = work.record(
            events.AuditRowSetAside(
                organisation_id=organisation_of(named),
                position=each.row.position,
                why=why,
                content=entry.commit_text(salt, content),
            )
        )
        row = AuditSetAside(
            event_id=event_id,
            position=each.row.position,
            why=why,
            sealed=sealer.seal(salt + content, _place(event_id)),
            set_aside_at=now,
        )
        work.session.add(row)
        log.error("audit.row_set_aside", position=each.row.position, why=why)


def state(work: UnitOfWork) -> State:
    """How many rows were set aside, and how many since somebody compared everything last."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    seen = sa.select(sa.func.max(AuditFinding.occurred_at)).where(
        AuditFinding.action == events.AuditReconciled.kind
    )
    seen_at = work.session.scalar(seen)
    query = sa.select(sa.func.count()).select_from(AuditSetAside)
    unseen = query if seen_at is None else query.where(AuditSetAside.set_aside_at > seen_at)
    count = work.session.scalar(query) or 0
    return State(count, count and (work.session.scalar(unseen) or 0))


@gate.open_to_everyone(because="who checks a log has asked for it")
def problems(work: UnitOfWork, log_id: int, *, sealer: Sealer) -> tuple[list[str], list[str]]:
    """What a log says was set aside: what of that was changed since; and what is as it was.

    It is read from the entries, all of them: what is made for searching proves nothing.
    """
    bad, good = [], []
    beginning = f'{{"action":"{events.AuditRowSetAside.kind}",'
    query = (
        sa.select(AuditLeaf.idx, AuditLeaf.event_id, AuditBody.body, AuditSetAside)
        .join(
            AuditBody,
            sa.and_(AuditBody.log_id == AuditLeaf.log_id, AuditBody.idx == AuditLeaf.idx),
            isouter=True,
        )
        .join(AuditSetAside, AuditSetAside.event_id == AuditLeaf.event_id, isouter=True)
        .where(AuditLeaf.log_id == log_id)
        .where(AuditLeaf.header.startswith(beginning, autoescape=True))
        .order_by(AuditLeaf.idx)
    )
    rows: Any = work.session.execute(query)
    for index, event_id, body, row in rows:
        if row is None:
            bad.append(f"entry {index} says that a row was set aside, and it is not there")
        elif body is not None and not _is_kept(row, event_id, body, sealer):
            bad.append(f"entry {index} says that a row was set aside, and another is there")
        else:
            good.append(f"entry {index}: row {row.position} of the queue was no event: {row.why}")
    return bad, good


def _is_kept(row: AuditSetAside, event_id: object, body: str, sealer: Sealer) -> bool:
    try:
        opened = sealer.unseal(row.sealed, _place(event_id))
    except DamagedError:
        return False
    salt, content = opened[: entry.SALT_BYTES], opened[entry.SALT_BYTES :]
    said = {"content": entry.commit_text(salt, content), "position": row.position, "why": row.why}
    return canonical(said).decode() == body


def _place(event_id: object) -> sealing.Place:
    return sealing.Place(AuditSetAside.__tablename__, "sealed", str(event_id))
