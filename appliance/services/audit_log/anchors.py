"""Time stamps of somebody else's clock under the states of the audit logs (RFC 3161).

What is stamped is the signed note of a state as the log signed it, without lines of witnesses:
these come later, and are no part of what the authority saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch_log, gate
from appliance.db.audit_log import INSTANCE_LOG, AuditCheckpoint, AuditLog
from appliance.db.audit_witnesses import AuditAnchor
from appliance.db.unit_of_work import UnitOfWork
from appliance.delivery.exchange import Exchange, Trust
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    InvalidError,
    SettingsError,
    UnavailableError,
    sentence,
)
from appliance.security import outgoing, time_stamps

if TYPE_CHECKING:
    from cryptography import x509

    from appliance.settings_sections import Witnesses

A_DAY = timedelta(days=1)
MOST_LOOKED_AT = 200_000
AT_ONCE = 2000


@dataclass(frozen=True)
class Unstamped:
    """A state that is to be stamped."""

    log: str
    log_id: int
    size: int
    note: str


@dataclass(frozen=True)
class Anchor:
    """A time stamp that is kept, and what it is about."""

    log: str
    size: int
    authority: str
    stamped_at: datetime
    token: bytes
    note: str

    @property
    def name(self) -> str:
        """What it is called beside others, in an export and elsewhere."""
        return f"{self.log}-{self.size}"


def newest(work: UnitOfWork, name: str) -> Unstamped:
    """The newest signed state of a log.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `fetch_log.audit_log`.
    """
    return _newest(work, fetch_log.audit_log(work, name))


def due(work: UnitOfWork, *, now: datetime) -> list[Unstamped]:
    """The newest states of the logs that have grown since they were stamped a day ago or longer."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    stamped: dict[int, tuple[int, datetime]] = {
        row.log_id: (row.size, row.at)
        for row in work.session.execute(
            sa.select(
                AuditAnchor.log_id,
                sa.func.max(AuditAnchor.size).label("size"),
                sa.func.max(AuditAnchor.received_at).label("at"),
            ).group_by(AuditAnchor.log_id)
        )
    }
    found = []
    for log in work.session.scalars(sa.select(AuditLog).where(AuditLog.size > 0)).all():
        size, at = stamped.get(log.id, (0, None))
        # An hour less than a day, so that what is done daily does not wander through the day.
        if log.size > size and (at is None or at <= now - A_DAY + timedelta(hours=1)):
            found.append(_newest(work, log))
    return found


def ask(url: str, wanted: Unstamped, *, rules: Witnesses) -> time_stamps.Stamp:
    """The stamp that an authority gives, checked as far as that is possible here.

    Errors:
        InvalidError: the address leads where we may not go, or the answer is no stamp of this.
        UnavailableError: it does not answer in time, or not with a stamp.
        DamagedError: the stamp is by an authority that is not trusted.
    """
    place = outgoing.judge(url, schemes=rules.schemes, private_allowed=rules.private_addresses)
    asked = time_stamps.question(wanted.note.encode())
    headers = {"Content-Type": time_stamps.REQUEST_TYPE, "Accept": time_stamps.ANSWER_TYPE}
    answer = Exchange(place, Trust(rules.authorities_file), rules.seconds).answer(
        "POST", place.path, headers=headers, body=asked.data
    )
    if answer.status != HTTPStatus.OK:
        text = sentence("%(host)s answered with %(status)s.", host=place.host, status=answer.status)
        raise UnavailableError(text)
    stamp = time_stamps.read(answer.body)
    if stamp.nonce != asked.nonce:
        raise InvalidError.of("token", sentence("The stamp is the answer to another request."))
    check(stamp, wanted.note, rules=rules)
    return stamp


def check(stamp: time_stamps.Stamp, signed: str, *, rules: Witnesses) -> None:
    """Go on only if a stamp is about this state, and by a trusted authority where some are named.

    Errors:
        InvalidError: it is about something else.
        DamagedError: it is by somebody else.
        SettingsError: the file of trusted authorities cannot be read.
    """
    if stamp.digest != time_stamps.sha256(signed.encode()):
        raise InvalidError.of("token", sentence("The stamp is not about this state of the log."))
    if rules.time_stamp_roots_file:
        time_stamps.insist(stamp, signed.encode(), _trusted(rules.time_stamp_roots_file))


def keep(
    work: UnitOfWork, log_id: int, size: int, stamp: time_stamps.Stamp, *, now: datetime
) -> Anchor:
    """Keep a stamp that was checked.

    Errors:
        ConflictError: this authority has stamped this state already.
    """
    gate.require(work, Permission.AUDIT_WITNESS)
    log = work.session.get_one(AuditLog, log_id)
    authority = stamp.authority
    if work.session.get(AuditAnchor, (log_id, size, authority)) is not None:
        raise ConflictError(sentence("This authority has stamped this state already."))
    work.session.add(
        AuditAnchor(
            log_id=log_id,
            size=size,
            authority=authority,
            token=stamp.data,
            stamped_at=stamp.at,
            received_at=now,
        )
    )
    # Into the instance's log, so that those of organisations rest when nobody works.
    work.record(events.AuditStamped(log=log.name, size=size, authority=authority))
    signed = work.session.get_one(AuditCheckpoint, (log_id, size)).note
    return Anchor(log.name, size, authority, stamp.at, stamp.data, signed)


def insist_on_stamping(work: UnitOfWork) -> None:
    """Go on only if the actor may have states stamped.

    Errors:
        RefusedError: they may not.
    """
    gate.require(work, Permission.AUDIT_WITNESS)


def question(wanted: Unstamped) -> bytes:
    """What to ask an authority about a state, as RFC 3161 writes it."""
    return time_stamps.question(wanted.note.encode()).data


def read(data: bytes) -> time_stamps.Stamp:
    """What an authority's answer says.

    Errors:
        InvalidError: it is none.
    """
    return time_stamps.read(data)


def about(work: UnitOfWork, name: str, stamp: time_stamps.Stamp) -> Unstamped:
    """The state of a log that a stamp is about; newer ones are looked at first.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `fetch_log.audit_log`.
        InvalidError: it is about none of the states that are looked at.
    """
    log = fetch_log.audit_log(work, name)
    for size, signed in _states(work, log):
        if time_stamps.sha256(signed.encode()) == stamp.digest:
            return Unstamped(log.name, log.id, size, signed)
    raise InvalidError.of("token", sentence("The stamp is about no state of this log."))


def listed(work: UnitOfWork, name: str = INSTANCE_LOG) -> list[Anchor]:
    """The stamps of a log, newest first.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `fetch_log.audit_log`.
    """
    log = fetch_log.audit_log(work, name)
    return within(work, log.id, 0, log.size)[::-1]


@gate.open_to_everyone(because="who plans an export of the log has asked")
def within(work: UnitOfWork, log_id: int, first: int, last: int) -> list[Anchor]:
    """The stamps of a log's states from one size to another, both included, by size."""
    rows = work.session.execute(
        sa.select(AuditAnchor, AuditLog.name, AuditCheckpoint.note)
        .join(AuditLog, AuditLog.id == AuditAnchor.log_id)
        .join(
            AuditCheckpoint,
            (AuditCheckpoint.log_id == AuditAnchor.log_id)
            & (AuditCheckpoint.size == AuditAnchor.size),
        )
        .where(AuditAnchor.log_id == log_id, AuditAnchor.size >= first, AuditAnchor.size <= last)
        .order_by(AuditAnchor.size, AuditAnchor.received_at)
    )
    return [
        Anchor(log, each.size, each.authority, each.stamped_at, bytes(each.token), signed)
        for each, log, signed in rows
    ]


@gate.open_to_everyone(because="who plans an export of the log has asked")
def files(work: UnitOfWork, log_id: int, first: int, last: int) -> list[tuple[str, bytes]]:
    """The files of an export about these stamps: each token, and the note that it is about."""
    found: dict[str, bytes] = {}
    for number, each in enumerate(within(work, log_id, first, last)):
        place = f"anchors/{each.name}"
        other = f"-{number}.again" if f"{place}.tsr" in found else ""
        found[f"{place}{other}.tsr"] = each.token
        found[f"{place}.note"] = each.note.encode()
    return sorted(found.items())


def _newest(work: UnitOfWork, log: AuditLog) -> Unstamped:
    row = work.session.get_one(AuditCheckpoint, (log.id, log.size))
    return Unstamped(log.name, log.id, row.size, row.note)


def _states(work: UnitOfWork, log: AuditLog) -> Iterator[tuple[int, str]]:
    below, looked_at = log.size + 1, 0
    while looked_at < MOST_LOOKED_AT:
        query = sa.select(AuditCheckpoint.size, AuditCheckpoint.note).where(
            AuditCheckpoint.log_id == log.id, AuditCheckpoint.size < below
        )
        rows = work.session.execute(
            query.order_by(AuditCheckpoint.size.desc()).limit(AT_ONCE)
        ).all()
        if not rows:
            return
        yield from ((row.size, row.note) for row in rows)
        below, looked_at = rows[-1].size, looked_at + len(rows)


def _trusted(file: str) -> list[x509.Certificate]:
    try:
        return time_stamps.roots(Path(file).read_bytes())
    except (OSError, InvalidError) as error:
        raise SettingsError(
            sentence("The certificates in %(file)s cannot be read.", file=file)
        ) from error
