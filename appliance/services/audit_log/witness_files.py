"""States of the logs on their way to a witness without network, and what comes back from there.

What is carried there is the body of a request as it would be sent; what comes back is the signed
note with the witness's lines under it. Source: c2sp.org/tlog-witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.access import fetch_log, gate
from appliance.db.audit_log import AuditCheckpoint, AuditKey, AuditLog
from appliance.db.audit_witnesses import Witness, WitnessState
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.services.audit_log import cosignatures, witnessing
from audit import note


@dataclass(frozen=True)
class Carried:
    """A file for a witness."""

    log: str
    origin: str
    since: int
    size: int
    data: bytes


@dataclass(frozen=True)
class Brought:
    """What came back."""

    log: str
    size: int
    witnesses: list[str]
    """By the names under which they are known here."""
    is_witnessed: bool
    """Whether enough have signed this state now."""
    is_contradicting: bool
    """Whether they have signed another history than ours, under the key of our log."""


def written(work: UnitOfWork, name: str, *, since: int | None = None, witness: str = "") -> Carried:
    """The newest state of a log, and the proof that it continues what a witness knows.

    Errors:
        HiddenError, RefusedError: there is no such log, or the actor may not read it.
        NotFoundError: there is no such witness.
        InvalidError: the log has never had that size.
    """
    log = fetch_log.audit_log(work, name)
    since = _known_size(work, log, witness) if since is None else since
    if not 0 <= since <= log.size:
        text = sentence("The log has %(size)s entries; it never had that size.", size=log.size)
        raise InvalidError.of("since", text)
    size, _, data = witnessing.written(work, log, since)
    return Carried(log.name, log.origin, since, size, data)


def bring(work: UnitOfWork, data: bytes, *, now: datetime) -> Brought:
    """Keep the signatures of witnesses under a state of a log.

    Errors:
        InvalidError: it is no signed state, or no witness that counts has signed it.
        NotFoundError: there is no such log here, or it was never signed at that size.
    """
    gate.require(work, Permission.AUDIT_WITNESS)
    found, state = _parsed(data)
    log = work.session.scalar(sa.select(AuditLog).where(AuditLog.origin == state.origin))
    if log is None:
        raise NotFoundError(sentence("There is no log %(origin)s here.", origin=state.origin))
    _insist_on_log(work, log, found)
    signed = _signed(work, found)
    ours = work.session.get(AuditCheckpoint, (log.id, state.size))
    if ours is not None and ours.note.startswith(f"{found.text}\n"):
        return _keep(work, log, state.size, signed, now)
    if ours is None and state.size <= log.size:
        raise NotFoundError(
            sentence("The log was never signed at %(size)s entries here.", size=state.size)
        )
    # Our own key has signed it, and it is no state of ours: that is not a mistake of the courier.
    text = f"It has signed another state of {state.size} entries, which the log's key signed too."
    for witness, _ in signed:
        witnessing.contradict(work, witness, log, state.size, text, now=now)
    names = sorted(witness.name for witness, _ in signed)
    return Brought(log.name, state.size, names, is_witnessed=False, is_contradicting=True)


def _keep(
    work: UnitOfWork,
    log: AuditLog,
    size: int,
    signed: Sequence[tuple[Witness, note.Signature]],
    now: datetime,
) -> Brought:
    lines = {}
    for witness, signature in signed:
        lines[cosignatures.name_of(note.Key.parse(witness.vkey))] = str(signature)
        witnessing.note_known(work, witness, log, size, now=now)
    is_witnessed = cosignatures.accept(work, log, size, lines, now=now)
    names = sorted(witness.name for witness, _ in signed)
    work.record(events.AuditCosignatureImported(log=log.name, size=size, witnesses=names))
    return Brought(log.name, size, names, is_witnessed=is_witnessed, is_contradicting=False)


def _parsed(data: bytes) -> tuple[note.Note, note.Checkpoint]:
    try:
        found = note.parse(data)
        return found, note.checkpoint(found.text)
    except note.NoteError as error:
        raise InvalidError.of(
            "note", sentence("This is no signed state of a log: %(why)s.", why=error)
        ) from error


def _insist_on_log(work: UnitOfWork, log: AuditLog, found: note.Note) -> None:
    rows = work.session.scalars(sa.select(AuditKey.vkey).where(AuditKey.log_id == log.id))
    if not _signed_by(found, [note.Key.parse(each) for each in rows]):
        raise InvalidError.of("note", sentence("The log itself has not signed this."))


def _signed(work: UnitOfWork, found: note.Note) -> list[tuple[Witness, note.Signature]]:
    """The witnesses that signed it, each with its line."""
    signed = []
    for witness in work.session.scalars(sa.select(Witness).order_by(Witness.name)).all():
        key = note.Key.parse(witness.vkey)
        if _signed_by(found, [key]):
            signed.append((witness, note.signature_of(found, key)))
    if not signed:
        raise InvalidError.of("note", sentence("No witness that is trusted here has signed this."))
    return signed


def _signed_by(found: note.Note, keys: list[note.Key]) -> bool:
    try:
        return bool(note.signed_by(found, keys))
    except note.BadSignatureError as error:
        raise InvalidError.of(
            "note", sentence("A signature in this is not good: %(why)s.", why=error)
        ) from error


def _known_size(work: UnitOfWork, log: AuditLog, name: str) -> int:
    """The size that a witness is known to have signed last; nothing where none is named."""
    if not name:
        return 0
    witness = work.session.scalar(sa.select(Witness).where(Witness.name == name))
    if witness is None:
        raise NotFoundError(sentence("There is no witness %(name)s.", name=name))
    state = work.session.get(WitnessState, (witness.id, log.id))
    return min(state.known_size, log.size) if state else 0
