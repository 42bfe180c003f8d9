"""Streams of the audit log to other systems: making them, changing them, and parked events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import fetch_stream
from appliance.db.audit_log import INSTANCE_LOG, AuditLog
from appliance.db.audit_streams import AuditParked, AuditStream, AuditStreamPosition
from appliance.db.organisations import Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner
from appliance.domain import events
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import (
    Covers,
    OptionValue,
    Receiver,
    check_actions,
    check_secret,
    checked_options,
)
from appliance.domain.ids import new_id
from appliance.domain.names import fold
from appliance.domain.permissions import Permission
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError, sentence
from appliance.security.sealing import Sealer
from appliance.services.audit_log import targets
from appliance.services.audit_log.claims import COVERED
from appliance.services.second_person import guarded

LONGEST_NAME = 64
MOST = 50
"""Of one organisation, or of the instance."""
START, END = "start", "end"


@dataclass(frozen=True)
class NewStream:
    """A stream as somebody wants it."""

    name: str
    receiver: Receiver
    address: str
    format: Format
    covers: Covers = Covers.INSTANCE
    organisation: str = ""
    """Its name, for a stream of its log."""
    secret: str = ""
    options: Mapping[str, OptionValue] | None = None
    actions: Sequence[str] = ()
    begin: int | str = END
    """From which index of each log: `start`, `end` (what is recorded from now on), or a number."""


@dataclass(frozen=True)
class Changes:
    """What is to be different; None stays."""

    name: str | None = None
    address: str | None = None
    format: Format | None = None
    secret: str | None = None
    options: Mapping[str, OptionValue] | None = None
    actions: Sequence[str] | None = None


def insist_on_permission(work: UnitOfWork, organisation: str = "") -> None:
    """Go on only if the actor may stream this log: before we look up names for them.

    Errors:
        HiddenError, RefusedError: they may not.
    """
    fetch_stream.owner(work, organisation, Permission.AUDIT_STREAM)


def create(work: UnitOfWork, wanted: NewStream, *, sealer: Sealer, now: datetime) -> AuditStream:
    """Make a stream. `audit_targets.check_address` was asked about its address before.

    Errors:
        HiddenError, RefusedError: the actor may not stream this log.
        InvalidError: an option, the secret or an action is wrong.
        ConflictError: the name is taken.
    """
    owner = fetch_stream.owner(work, wanted.organisation, Permission.AUDIT_STREAM)
    _insist_on_scope(wanted, owner)
    _insist_on_room(work, owner)
    check_secret(wanted.receiver, wanted.secret)
    check_actions(wanted.actions)
    stream = AuditStream(
        id=new_id(),
        name=_name(work, wanted.name, owner.id if owner else None),
        organisation_id=owner.id if owner else None,
        covers=wanted.covers,
        log=_log_name(wanted.covers, owner),
        receiver=wanted.receiver,
        address=wanted.address,
        format=wanted.format,
        options=checked_options(wanted.receiver, wanted.options or {}),
        actions=list(wanted.actions),
        secret=None,
        created_at=now,
    )
    stream.secret = _sealed(stream.id, wanted.secret, sealer)
    work.session.add(stream)
    work.session.flush()
    _begin_at(work, stream, wanted.begin, now)
    work.record(
        events.AuditStreamCreated(
            **_about(stream),
            receiver=stream.receiver,
            format=stream.format,
            destination=_destination(stream.address),
        )
    )
    return stream


def change(work: UnitOfWork, stream_id: UUID, changes: Changes, *, sealer: Sealer) -> AuditStream:
    """Change a stream; it goes on where it is. A new address was checked before.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: an option, the secret or an action is wrong.
        ConflictError: the name is taken.
    """
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    _insist_on_new_secret(stream, changes)
    changed = _changed(work, stream, changes)
    for name, value in changed.items():
        setattr(stream, name, value)
    if "address" in changed:
        changed["address"] = _destination(stream.address)
    if changes.secret is not None:
        check_secret(stream.receiver, changes.secret)
        stream.secret = _sealed(stream.id, changes.secret, sealer)
        changed["secret_changed"] = True
    if changed:
        stream.version += 1
        stream.retry_at = None
        work.record(events.AuditStreamChanged(**_about(stream), changed=changed))
    return stream


@guarded(Act.STREAM_PAUSE, states.stream)
def pause(work: UnitOfWork, stream_id: UUID, *, now: datetime) -> AuditStream:
    """Send nothing until it is resumed. The log keeps what comes.

    Errors:
        ConflictError: it is paused already.
    """
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    if stream.paused_at is not None:
        raise ConflictError(sentence("%(name)s is already paused.", name=stream.name))
    stream.paused_at = now
    work.record(events.AuditStreamPaused(**_about(stream)))
    return stream


def resume(work: UnitOfWork, stream_id: UUID) -> AuditStream:
    """Send again, from where it stopped.

    Errors:
        ConflictError: it is not paused.
    """
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    if stream.paused_at is None:
        raise ConflictError(sentence("%(name)s is not paused.", name=stream.name))
    _set_free(stream)
    work.record(events.AuditStreamResumed(**_about(stream)))
    return stream


def replay(
    work: UnitOfWork, stream_id: UUID, begin: int | str, *, log: str = "", now: datetime
) -> AuditStream:
    """Go on from another place: of one log, `instance` or an organisation's, or of all it covers.

    Errors:
        InvalidError: there is no such place.
    """
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    cursors = _begin_at(work, stream, begin, now, only=_called(work, log))
    if log and not cursors:
        raise InvalidError.of("log", sentence("This stream sends no log of that name."))
    stream.version += 1  # What is being sent now must not be noted as sent.
    stream.retry_at = None
    work.record(events.AuditStreamChanged(**_about(stream), changed={"cursors": cursors}))
    return stream


@guarded(Act.STREAM_DELETE, states.stream)
def delete(work: UnitOfWork, stream_id: UUID) -> None:
    """Delete a stream; what it was given in the past stays where it is."""
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    for table in (AuditParked, AuditStreamPosition):
        work.session.execute(sa.delete(table).where(table.stream_id == stream.id))
    work.session.delete(stream)
    work.record(events.AuditStreamDeleted(**_about(stream)))


def plan_test(work: UnitOfWork, stream_id: UUID, *, sealer: Sealer, host: str) -> targets.Plan:
    """What it takes to send a test message, which the caller does after the commit."""
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    work.record(events.AuditStreamTested(**_about(stream)))
    return targets.plan_of(stream, sealer=sealer, host=host)


def receiver_of(work: UnitOfWork, stream_id: UUID) -> Receiver:
    """The kind of a stream's receiver, for whoever may change it."""
    return fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM).receiver


def retry(work: UnitOfWork, stream_id: UUID, event_id: UUID) -> AuditParked:
    """Send a parked event again, as soon as the stream is sent at all.

    Errors:
        HiddenError: there is no such event in this stream.
    """
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    found = _parked(work, stream, event_id)
    found.is_to_retry = True
    _decided(work, stream, found, "retry")
    return found


def skip(work: UnitOfWork, stream_id: UUID, event_id: UUID) -> None:
    """Do without a parked event at this receiver; the log keeps it.

    Errors:
        HiddenError: there is no such event in this stream.
    """
    stream = fetch_stream.stream(work, stream_id, Permission.AUDIT_STREAM)
    found = _parked(work, stream, event_id)
    work.session.delete(found)
    _decided(work, stream, found, "skip")


def _insist_on_scope(wanted: NewStream, owner: Organisation | None) -> None:
    if (owner is not None) is not (wanted.covers is Covers.ORGANISATION):
        raise InvalidError.of(
            "covers", sentence("A stream of an organisation covers its log, and others never do.")
        )
    if owner is not None and wanted.receiver is Receiver.FILE:
        raise RefusedError(
            sentence("Only an administrator lets a stream drop files on the appliance.")
        )


def _insist_on_room(work: UnitOfWork, owner: Organisation | None) -> None:
    query = sa.select(sa.func.count()).select_from(AuditStream)
    its = AuditStream.organisation_id == (owner.id if owner else None)
    if (work.session.scalar(query.where(its)) or 0) >= MOST:
        raise ConflictError(sentence("There are already %(most)s streams.", most=MOST))


def _log_name(covers: Covers, owner: Organisation | None) -> str:
    if owner is not None:
        return str(owner.id)
    return INSTANCE_LOG if covers is Covers.INSTANCE else ""


def _name(work: UnitOfWork, name: str, organisation_id: UUID | None, *, but: str = "") -> str:
    plain = name.strip()
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable():
        raise InvalidError.of(
            "name", sentence("A name has from 1 to %(most)s characters.", most=LONGEST_NAME)
        )
    taken = sa.select(AuditStream.name).where(
        AuditStream.organisation_id == organisation_id
        if organisation_id
        else AuditStream.organisation_id.is_(None)
    )
    others = {fold(each) for each in work.session.scalars(taken) if each != but}
    if fold(plain) in others:
        raise ConflictError(sentence("The stream %(name)s already exists.", name=plain))
    return plain


def _sealed(stream_id: UUID, secret: str, sealer: Sealer) -> bytes | None:
    return sealer.seal(secret.encode(), targets.place_of(stream_id)) if secret else None


def _begin_at(
    work: UnitOfWork, stream: AuditStream, begin: int | str, now: datetime, *, only: str = ""
) -> list[dict[str, Any]]:
    """Set where the stream goes on in each of its logs; gives where."""
    if isinstance(begin, str) and begin not in {START, END}:
        raise InvalidError.of("from", sentence("It is start, end, or an index."))
    query = sa.select(AuditLog).join(AuditStream, COVERED).where(AuditStream.id == stream.id)
    cursors: list[dict[str, Any]] = []
    for log in work.session.scalars(query).all():
        if only and log.name != only:
            continue
        words = {START: log.minimum, END: log.size}
        place = words[begin] if isinstance(begin, str) else begin
        if not log.minimum <= place <= log.size:
            raise InvalidError.of(
                "from",
                sentence(
                    "The log %(log)s has entries from %(first)s to before %(end)s.",
                    log=log.origin,
                    first=log.minimum,
                    end=log.size,
                ),
            )
        work.session.merge(
            AuditStreamPosition(stream_id=stream.id, log_id=log.id, position=place, moved_at=now)
        )
        cursors.append({"log": log.name, "index": place})
    return cursors


def _called(work: UnitOfWork, log: str) -> str:
    """The log of an organisation by its name; all else as it is."""
    known = sa.select(Organisation.id).join(Owner, Owner.id == Organisation.id)
    found = work.session.scalar(known.where(Owner.name_key == fold(log))) if log else None
    return str(found or log)


def _set_free(stream: AuditStream) -> None:
    stream.paused_at = stream.retry_at = None
    stream.stopped_because = stream.error = ""
    stream.failures = stream.parked_in_a_row = 0


def _destination(address: str) -> str:
    """What of an address may be told: some receivers have secrets in their paths."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme else address


def _insist_on_new_secret(stream: AuditStream, changes: Changes) -> None:
    """The secret was given for the receiver that is there now, not for another."""
    is_elsewhere = changes.address is not None and changes.address != stream.address
    if is_elsewhere and stream.secret is not None and changes.secret is None:
        raise InvalidError.of("secret", sentence("A new address needs the receiver's secret."))


def _changed(work: UnitOfWork, stream: AuditStream, changes: Changes) -> dict[str, Any]:
    """What is different, by the name of its column."""
    wanted: dict[str, Any] = {"address": changes.address, "format": changes.format}
    if changes.name is not None and changes.name != stream.name:
        wanted["name"] = _name(work, changes.name, stream.organisation_id, but=stream.name)
    if changes.options is not None:
        wanted["options"] = checked_options(stream.receiver, {**stream.options, **changes.options})
    if changes.actions is not None:
        check_actions(changes.actions)
        wanted["actions"] = list(changes.actions)
    return {
        name: value
        for name, value in wanted.items()
        if value is not None and value != getattr(stream, name)
    }


def _parked(work: UnitOfWork, stream: AuditStream, event_id: UUID) -> AuditParked:
    found = work.session.get(AuditParked, (stream.id, event_id))
    if found is None:
        raise HiddenError(sentence("No such event is parked in this stream."))
    return found


def _decided(work: UnitOfWork, stream: AuditStream, found: AuditParked, decision: str) -> None:
    log = work.session.get_one(AuditLog, found.log_id)
    work.record(
        events.AuditEventUnparked(
            **_about(stream), log=log.name, index=found.idx, decision=decision
        )
    )


def _about(stream: AuditStream) -> dict[str, Any]:
    return {
        "about": stream.id,
        "organisation_id": stream.organisation_id,
        "name": stream.name,
    }
