"""Who sends a stream: one process at a time.

A sender claims a stream for some seconds, and again while it works. Every note it makes is made
only while the claim is still its own; so there is one sender at a time, and one that was held up
learns that another has taken over before it changes anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditLog
from appliance.db.audit_streams import AuditParked, AuditStream, AuditStreamPosition
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence


@dataclass(frozen=True)
class Claim:
    """A stream that this sender has for itself."""

    stream_id: UUID
    holder: str
    until: datetime
    """When it ends, unless it is renewed."""


@dataclass(frozen=True)
class Due:
    """A stream that has something to send."""

    stream_id: UUID
    owner: UUID | None
    """Its organisation; None for those of the instance."""
    is_proven: bool
    """Whether its receiver took something the last time."""


COVERED = sa.or_(AuditStream.log == "", AuditStream.log == AuditLog.name)
"""That a log is one that a stream covers."""
AT = (AuditStreamPosition.stream_id == AuditStream.id) & (AuditStreamPosition.log_id == AuditLog.id)


def due(work: UnitOfWork, *, now: datetime) -> list[Due]:
    """The streams that have something to send, and that nobody is sending; whose turn it is first.

    Whoever was served last comes last, so that a few busy streams leave room for the others; and
    who does not answer comes after who does.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    behind = (
        sa.select(AuditStream.id)
        .join(AuditLog, COVERED)
        .outerjoin(AuditStreamPosition, AT)
        .where(sa.func.coalesce(AuditStreamPosition.position, 0) < AuditLog.size)
    )
    to_retry = sa.select(AuditParked.stream_id).where(AuditParked.is_to_retry)
    query = sa.select(
        AuditStream.id, AuditStream.organisation_id, AuditStream.failures, AuditStream.delivered_at
    ).where(
        AuditStream.paused_at.is_(None),
        sa.or_(AuditStream.retry_at.is_(None), AuditStream.retry_at <= now),
        sa.or_(AuditStream.held_until.is_(None), AuditStream.held_until <= now),
        sa.or_(AuditStream.id.in_(behind), AuditStream.id.in_(to_retry)),
    )
    delivered_at = AuditStream.delivered_at
    query = query.order_by(
        AuditStream.failures > 0, delivered_at.is_not(None), delivered_at, AuditStream.id
    )
    return [
        Due(row.id, row.organisation_id, row.failures == 0 and row.delivered_at is not None)
        for row in work.session.execute(query)
    ]


def claim(work: UnitOfWork, wanted: Claim, *, now: datetime) -> bool:
    """Take a stream, if nobody has it; gives whether it is ours."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    taken = _change(
        work,
        sa.and_(
            AuditStream.id == wanted.stream_id,
            AuditStream.paused_at.is_(None),
            sa.or_(AuditStream.held_until.is_(None), AuditStream.held_until <= now),
        ),
        holder=wanted.holder,
        held_until=wanted.until,
    )
    if taken:
        _begin_new_logs(work, wanted.stream_id, now)
    return taken


def renew(work: UnitOfWork, claims: Sequence[Claim]) -> None:
    """Let claims go on until their new ends; those that were lost stay lost."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    for each in claims:
        _change(work, ours(each), held_until=each.until)


def release(work: UnitOfWork, claimed: Claim) -> None:
    """Give a stream back."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _change(work, ours(claimed), holder="", held_until=None)


def ours(claimed: Claim) -> sa.ColumnElement[bool]:
    """That a stream is still this sender's."""
    return sa.and_(AuditStream.id == claimed.stream_id, AuditStream.holder == claimed.holder)


@gate.open_to_everyone(because="the verbs of the sender call it, which have asked")
def note(work: UnitOfWork, claimed: Claim, **values: Any) -> None:
    """Write down something about a stream that is ours.

    Errors:
        ConflictError: it is not ours any more.
    """
    if not _change(work, ours(claimed), **values):
        raise ConflictError(sentence("Another process sends this stream now."))


def _change(work: UnitOfWork, where: sa.ColumnElement[bool], **values: Any) -> bool:
    changed = work.session.connection().execute(sa.update(AuditStream).where(where).values(values))
    return changed.rowcount == 1


def _begin_new_logs(work: UnitOfWork, stream_id: UUID, now: datetime) -> None:
    """A log that came after the stream is sent from its beginning."""
    query = (
        sa.select(AuditLog.id)
        .select_from(AuditStream)
        .join(AuditLog, COVERED)
        .outerjoin(AuditStreamPosition, AT)
        .where(AuditStream.id == stream_id, AuditStreamPosition.log_id.is_(None))
    )
    for log_id in work.session.scalars(query).all():
        work.session.add(
            AuditStreamPosition(stream_id=stream_id, log_id=log_id, position=0, moved_at=now)
        )
