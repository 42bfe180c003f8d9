"""What the sender of a stream asks and notes: what comes next, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditLeaf, AuditLog
from appliance.db.audit_streams import AuditParked, AuditStream, AuditStreamPosition
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers, events
from appliance.domain.audit_formats.entry import Entry
from appliance.domain.audit_streams import Receiver, is_wanted
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, DamagedError, sentence
from appliance.security.sealing import Sealer
from appliance.services.audit_log import claims, targets
from appliance.services.audit_log import entries as audit_entries
from appliance.services.audit_log.claims import Claim
from appliance.services.audit_log.sending import Poisoned
from appliance.services.audit_log.targets import Plan

LOOKED_AT = 2000
"""Entries that are read at once, to find those that a stream wants."""
FIRST_PAUSE_SECONDS = 1.0
FAILURES_UNTIL_SAID = 5
MOST_PARKED_IN_A_ROW = 5
"""So many events put aside with none delivered in between: then a person has to look."""


@dataclass(frozen=True)
class Next:
    """What a stream has to do next in one log: send `entries`, and then it is at `until`."""

    log_id: int
    log: str
    start: int
    until: int
    entries: Sequence[Entry]
    missed: tuple[int, int] | None = None
    """From where to where entries were pruned before they were sent."""


def plan(work: UnitOfWork, claimed: Claim, *, sealer: Sealer, host: str) -> Plan | None:
    """All there is to know of a stream to send; None if it is not ours, or paused.

    Errors:
        DamagedError: its secret cannot be unsealed.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    stream = work.session.scalar(
        sa.select(AuditStream).where(claims.ours(claimed), AuditStream.paused_at.is_(None))
    )
    if stream is None:
        return None
    recent = _recent(work, stream, sealer) if stream.receiver is Receiver.SYSLOG else ()
    return targets.plan_of(stream, sealer=sealer, host=host, recent=recent)


def next_entries(work: UnitOfWork, claimed: Claim, *, sealer: Sealer) -> Next | None:
    """What comes next, in the log that waits longest; None when all is sent.

    Errors:
        DamagedError: the log has a gap. Nothing after it is sent.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    stream = work.session.get(AuditStream, claimed.stream_id)
    row = work.session.execute(
        sa.select(AuditLog, AuditStreamPosition.position)
        .select_from(AuditStreamPosition)
        .join(AuditLog, AuditLog.id == AuditStreamPosition.log_id)
        .where(
            AuditStreamPosition.stream_id == claimed.stream_id,
            AuditStreamPosition.position < AuditLog.size,
        )
        .order_by(AuditStreamPosition.moved_at, AuditLog.generation, AuditLog.id)
        .limit(1)
    ).first()
    if stream is None or row is None:
        return None
    log, position = row
    start = max(position, log.minimum)
    leaves = _leaves(work, log, start, min(log.size, start + LOOKED_AT))
    at_once = int(stream.options["batch"])
    wanted = [each for each in leaves if is_wanted(_action(each.header), stream.actions)][:at_once]
    until = wanted[-1].idx + 1 if len(wanted) == at_once else start + len(leaves)
    return Next(
        log_id=log.id,
        log=log.name,
        start=position,
        until=until,
        entries=audit_entries.complete(work, log, wanted, sealer=sealer),
        missed=(position, start) if start > position else None,
    )


def advance(
    work: UnitOfWork, claimed: Claim, done: Next, until: int, *, taken: int, now: datetime
) -> None:
    """Note that all before `until` was delivered, or not wanted.

    Errors:
        ConflictError: the claim was lost, or somebody set the stream to another place.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if taken:
        claims.note(
            work,
            claimed,
            failures=0,
            retry_at=None,
            error="",
            delivered_at=now,
            number=AuditStream.number + 1,
            parked_in_a_row=0,
        )
    _move(work, claimed, done, until, now)


def note_missed(work: UnitOfWork, claimed: Claim, found: Next, *, now: datetime) -> None:
    """Note that entries were pruned before they were sent, and go on after them.

    Errors:
        ConflictError: the claim was lost, or somebody set the stream to another place.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if found.missed is None:
        return
    first, end = found.missed
    _move(work, claimed, found, end, now)
    stream = work.session.get_one(AuditStream, claimed.stream_id)
    work.record(events.AuditStreamMissed(**_about(stream), log=found.log, first=first, end=end))


def park(work: UnitOfWork, claimed: Claim, done: Next, poison: Poisoned, *, now: datetime) -> bool:
    """Put one event aside; gives whether the stream goes on: after several in a row it stops.

    Errors:
        ConflictError: the claim was lost, or somebody set the stream to another place.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    entry = poison.entry
    claims.note(work, claimed, parked_in_a_row=AuditStream.parked_in_a_row + 1)
    _move(work, claimed, done, entry.index + 1, now)
    stream = work.session.get_one(AuditStream, claimed.stream_id, populate_existing=True)
    work.session.merge(
        AuditParked(
            stream_id=stream.id,
            event_id=UUID(entry.id),
            log_id=done.log_id,
            idx=entry.index,
            action=entry.action,
            reason=str(poison.reason),
            parked_at=now,
            is_to_retry=False,
        )
    )
    # The receiver's own words may repeat what is personal; they stand in a row that can go.
    work.record(
        events.AuditEventParked(
            **_about(stream), log=entry.log, index=entry.index, reason="rejected"
        )
    )
    if stream.parked_in_a_row >= MOST_PARKED_IN_A_ROW:
        stream.paused_at = now
        stream.stopped_because = str(
            sentence(
                "The receiver rejected %(number)s events, one after the other.",
                number=stream.parked_in_a_row,
            )
        )
        work.record(events.AuditStreamFailed(**_about(stream), reason="stopped"))
    return stream.paused_at is None


def note_failure(
    work: UnitOfWork,
    claimed: Claim,
    reason: str,
    *,
    longest_pause_seconds: float,
    jitter: float,
    now: datetime,
) -> None:
    """Note that the receiver did not take anything, and when to try again.

    `jitter` is from 0 to 1, by chance: streams that failed together do not come back together.

    Errors:
        ConflictError: the claim was lost.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    stream = work.session.get_one(AuditStream, claimed.stream_id)
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(stream.failures, 30), longest_pause_seconds)
    failures = stream.failures + 1
    claims.note(
        work,
        claimed,
        failures=failures,
        error=str(reason),
        retry_at=now + timedelta(seconds=pause * (0.5 + jitter / 2)),
    )
    if failures == FAILURES_UNTIL_SAID:
        work.record(events.AuditStreamFailed(**_about(stream), reason="unavailable"))


def to_retry(work: UnitOfWork, claimed: Claim, *, sealer: Sealer) -> list[Next]:
    """The events that were put aside and are to be sent again, each by itself."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = (
        sa.select(AuditLog, AuditLeaf.idx, AuditLeaf.header)
        .join(AuditParked, AuditParked.log_id == AuditLog.id)
        .join(AuditLeaf, (AuditLeaf.log_id == AuditLog.id) & (AuditLeaf.idx == AuditParked.idx))
        .where(AuditParked.stream_id == claimed.stream_id, AuditParked.is_to_retry)
        .order_by(AuditLog.id, AuditLeaf.idx)
    )
    return [
        Next(
            row[0].id,
            row[0].name,
            row.idx,
            row.idx + 1,
            audit_entries.complete(work, row[0], [row], sealer=sealer),
        )
        for row in work.session.execute(query)
    ]


def note_retried(
    work: UnitOfWork, claimed: Claim, entry: Entry, *, reason: str, now: datetime
) -> None:
    """Note what came of an event that was sent again; it is gone where there is no `reason`.

    Errors:
        ConflictError: the claim was lost.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    claims.note(work, claimed, delivered_at=now)
    its = (
        AuditParked.stream_id == claimed.stream_id,
        AuditParked.event_id == UUID(entry.id),
    )
    connection = work.session.connection()
    if reason:
        again = sa.update(AuditParked).where(*its).values(is_to_retry=False, reason=str(reason))
        connection.execute(again)
    else:
        connection.execute(sa.delete(AuditParked).where(*its))


def _move(work: UnitOfWork, claimed: Claim, done: Next, until: int, now: datetime) -> None:
    """From where it was read, so that nobody's decision to send again is overwritten."""
    claims.note(work, claimed, holder=claimed.holder)
    position = AuditStreamPosition
    moved = work.session.connection().execute(
        sa.update(position)
        .where(
            position.stream_id == claimed.stream_id,
            position.log_id == done.log_id,
            position.position <= until,
            position.position >= done.start,
        )
        .values(position=until, moved_at=now)
    )
    if moved.rowcount != 1:
        raise ConflictError(sentence("The stream was set to another place meanwhile."))


def _leaves(work: UnitOfWork, log: AuditLog, start: int, end: int) -> list[Any]:
    query = sa.select(AuditLeaf.idx, AuditLeaf.header).where(
        AuditLeaf.log_id == log.id, AuditLeaf.idx >= start, AuditLeaf.idx < end
    )
    leaves = list(work.session.execute(query.order_by(AuditLeaf.idx)))
    if [each.idx for each in leaves] != list(range(start, end)):
        raise DamagedError(
            sentence("The log %(log)s lacks entries after %(index)s.", log=log.origin, index=start)
        )
    return leaves


def _action(header: str) -> str:
    return str(audit_headers.members(header)["action"])


def _recent(work: UnitOfWork, stream: AuditStream, sealer: Sealer) -> list[Entry]:
    """The last entries of each log that were sent already."""
    most = int(stream.options["again"])
    query = (
        sa.select(AuditLog, AuditStreamPosition.position)
        .select_from(AuditStreamPosition)
        .join(AuditLog, AuditLog.id == AuditStreamPosition.log_id)
        .where(AuditStreamPosition.stream_id == stream.id)
        .order_by(AuditStreamPosition.moved_at, AuditLog.id)
    )
    recent: list[Entry] = []
    for log, position in work.session.execute(query).all():
        start = max(log.minimum, position - most)
        leaves = [
            each
            for each in _leaves(work, log, start, max(start, position))
            if is_wanted(_action(each.header), stream.actions)
        ]
        recent += audit_entries.complete(work, log, leaves, sealer=sealer)
    return recent[-most:] if most else []


def _about(stream: AuditStream) -> dict[str, Any]:
    return {
        "about": stream.id,
        "organisation_id": stream.organisation_id,
        "name": stream.name,
    }
