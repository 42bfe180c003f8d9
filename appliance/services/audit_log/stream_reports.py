"""How streams of the audit log are: where they stand, what waits, what was not taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_stream, gate
from appliance.db.audit_log import AuditLeaf, AuditLog
from appliance.db.audit_streams import AuditParked, AuditStream, AuditStreamPosition
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner
from appliance.domain import audit_headers
from appliance.domain.permissions import Permission
from appliance.services.audit_log.claims import AT, COVERED
from appliance.services.audit_log.delivery import FAILURES_UNTIL_SAID


@dataclass(frozen=True)
class Place:
    """How far a stream is in one log."""

    log: str
    origin: str
    position: int
    size: int


@dataclass(frozen=True)
class StreamReport:
    """A stream, and how it is."""

    stream: AuditStream
    organisation: str
    """Its name; empty for a stream of the instance."""
    state: str
    """`paused`, `stopped`, `failing`, `delivering` or `up_to_date`."""
    lag_events: int
    """Entries that were not looked at yet."""
    lag_seconds: float
    """Since when the oldest of them waits."""
    parked: int
    places: tuple[Place, ...]


def list_streams(work: UnitOfWork, *, organisation: str = "", now: datetime) -> list[StreamReport]:
    """The streams of an organisation's log, or those of the instance, by name."""
    owner = fetch_stream.owner(work, organisation, Permission.AUDIT_READ)
    query = sa.select(AuditStream)
    if owner is not None:
        query = query.where(AuditStream.organisation_id == owner.id)
    else:
        query = query.where(AuditStream.organisation_id.is_(None))
    streams = work.session.scalars(query.order_by(AuditStream.name)).all()
    return [_report(work, each, now) for each in streams]


def show(work: UnitOfWork, stream_id: UUID, *, now: datetime) -> StreamReport:
    """One stream.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _report(work, fetch_stream.stream(work, stream_id, Permission.AUDIT_READ), now)


def parked(work: UnitOfWork, stream_id: UUID) -> list[AuditParked]:
    """The events that its receiver would not take, oldest first."""
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_READ)
    query = sa.select(AuditParked).where(AuditParked.stream_id == stream.id)
    return list(work.session.scalars(query.order_by(AuditParked.parked_at, AuditParked.idx)))


@dataclass(frozen=True)
class Troubles:
    """What of all streams wants a person's attention."""

    parked: int
    failing: int
    stopped: int


def troubles(work: UnitOfWork) -> Troubles:
    """How many events are parked, and how many streams are not delivered."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    count = sa.func.count()
    parked_events = sa.select(count).select_from(AuditParked)
    failing = sa.select(count).where(AuditStream.failures >= FAILURES_UNTIL_SAID)
    stopped = sa.select(count).where(AuditStream.stopped_because != "")
    return Troubles(
        work.session.scalar(parked_events) or 0,
        work.session.scalar(failing.where(AuditStream.paused_at.is_(None))) or 0,
        work.session.scalar(stopped) or 0,
    )


def _report(work: UnitOfWork, stream: AuditStream, now: datetime) -> StreamReport:
    position = sa.func.coalesce(AuditStreamPosition.position, 0)
    rows = work.session.execute(
        sa.select(AuditLog, position.label("position"))
        .select_from(AuditStream)
        .join(AuditLog, COVERED)
        .outerjoin(AuditStreamPosition, AT)
        .where(AuditStream.id == stream.id)
        .order_by(AuditLog.name, AuditLog.generation)
    ).all()
    places = tuple(Place(row[0].name, row[0].origin, row.position, row[0].size) for row in rows)
    waiting = [
        _waits_since(work, row[0], row.position) for row in rows if row.position < row[0].size
    ]
    since = min((each for each in waiting if each is not None), default=None)
    lag = sum(each.size - each.position for each in places)
    return StreamReport(
        stream=stream,
        organisation=_name_of(work, stream),
        state=_state(stream, lag),
        lag_events=lag,
        lag_seconds=max(0.0, (now - since).total_seconds()) if since else 0.0,
        parked=work.session.scalar(
            sa.select(sa.func.count())
            .select_from(AuditParked)
            .where(AuditParked.stream_id == stream.id)
        )
        or 0,
        places=places,
    )


def _waits_since(work: UnitOfWork, log: AuditLog, position: int) -> datetime | None:
    header = work.session.scalar(
        sa.select(AuditLeaf.header)
        .where(AuditLeaf.log_id == log.id, AuditLeaf.idx >= position)
        .order_by(AuditLeaf.idx)
        .limit(1)
    )
    if header is None:
        return None
    return datetime.fromisoformat(audit_headers.members(header)["time"]).astimezone(UTC)


def _name_of(work: UnitOfWork, stream: AuditStream) -> str:
    if stream.organisation_id is None:
        return ""
    owner = work.session.get(Owner, stream.organisation_id)
    return owner.name if owner else ""


def _state(stream: AuditStream, lag: int) -> str:
    if stream.paused_at is not None:
        return "stopped" if stream.stopped_because else "paused"
    if stream.failures:
        return "failing"
    return "delivering" if lag else "up_to_date"
