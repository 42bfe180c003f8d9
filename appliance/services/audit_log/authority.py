"""What a log allows, signed by the log's key; and whether an entry allows what it says.

Everything in the queue gets its place in a log, whoever put it there. Nothing is taken away, by us
or in a verifier's eyes, for an entry that the key in our folder did not sign.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import (
    AuditBody,
    AuditFinding,
    AuditKey,
    AuditLeaf,
    AuditLog,
    AuditQueued,
)
from appliance.errors import sentence
from appliance.security.log_checking import is_signed_text
from appliance.services.audit_log import growth, keys
from audit import entry, note, permissions
from audit.permissions import Permissions
from audit.signatures import Signatures
from audit.trust import LogKey, Trust

CONTINUED = "log.continued"
LATEST = 50
"""Of the entries that allow something, so many are looked at for an alarm."""

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from uuid import UUID

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.security.log_signing import LogSigner, Permit
    from appliance.wiring import LogTools
    from audit.heartbeats import Heartbeats

    Opens = Callable[[], AbstractContextManager[UnitOfWork]]


@gate.open_to_everyone(because="whoever allows something has asked")
def permit(work: UnitOfWork, log: AuditLog, *, tools: LogTools) -> Permit:
    """Signs what an event of a log allows.

    Errors:
        DamagedError: the log cannot go on as it is; what is allowed would not get into it.
    """
    growth.insist_on_signed(work, log, tools.heads.read().get(log.origin))
    present = keys.signing(work).get(log.id)
    if present is not None:
        tools.signer.insist_on(present)
    return tools.signer.permit(log.origin)


@gate.open_to_everyone(because="whoever removes, exports or checks has asked")
def signatures() -> Signatures:
    """Checks signatures as verifiers do, and quicker."""
    return Signatures(is_signed_text)


@gate.open_to_everyone(because="whoever removes, exports or checks has asked")
def judge(
    work: UnitOfWork,
    log_id: int,
    *,
    signer: LogSigner,
    say: Callable[[str], None] = lambda _text: None,
    checks: Signatures | None = None,
) -> Permissions:
    """Judges the entries of a log as verifiers do, by the keys that our own key vouches for."""
    checks = checks or signatures()
    trusted = _trust_of(work, work.session.get_one(AuditLog, log_id), signer, checks)
    (origin,) = trusted.logs
    return Permissions(
        origin, trusted.permitting_keys_of, checks, say=say, note_void=lambda _text: None
    )


@gate.open_to_everyone(because="who hands keys out has asked")
def vouched_for(work: UnitOfWork, log: AuditLog, *, signer: LogSigner) -> frozenset[str]:
    """The keys of a log, as verifiers write them, that the keys in our folder vouch for."""
    trusted = _trust_of(work, log, signer, signatures())
    before = {str(each.key) for each in trusted.logs[log.origin]}
    return frozenset(before | {str(each) for each in signer.keys(log.origin)})


@gate.open_to_everyone(because="whoever checks has asked")
def take_note(
    judging: Permissions, beats: Heartbeats, index: int, action: str, body: dict[str, Any]
) -> None:
    """Take note that a log continues another, by its first entry."""
    if action == CONTINUED and index == 0:
        state = note.checkpoint(note.parse(str(body.get("checkpoint")).encode()).text)
        judging.goes_on(state.origin, state.size)
        beats.goes_on()


@gate.open_to_everyone(because="whoever removes, exports or checks has asked")
def permitted(
    work: UnitOfWork, log_id: int, event_id: UUID, *, signer: LogSigner
) -> dict[str, Any] | None:
    """What the entry of an event says, if it is in this log, or waits for it, and allows that."""
    judging = judge(work, log_id, signer=signer)
    row = work.session.execute(_entries(log_id).where(AuditLeaf.event_id == event_id)).one_or_none()
    if row is None:
        log = work.session.get_one(AuditLog, log_id)
        queued = AuditQueued.event_id == event_id, AuditQueued.log == log.name
        row = work.session.execute(_waiting(log.size).where(*queued)).one_or_none()
    return what_it_allows(judging, row) if row is not None else None


@gate.open_to_everyone(because="whoever exports or checks has asked")
def allowed(
    work: UnitOfWork, log_id: int, action: str, *, signer: LogSigner
) -> list[tuple[int, dict[str, Any]]]:
    """The entries of an action that allow what they say, with their bodies, by index."""
    judging = judge(work, log_id, signer=signer)
    rows = work.session.execute(_of_permissions(log_id, action).order_by(AuditLeaf.idx))
    said = ((row.idx, what_it_allows(judging, row)) for row in rows)
    return [(index, body) for index, body in said if body is not None]


@gate.open_to_everyone(because="whoever exports has asked")
def is_believed(opens: Opens, log_id: int, index: int, *, signer: LogSigner) -> bool:
    """Whether the entry at an index allows what it says."""
    with opens() as work:
        row = work.session.execute(_entries(log_id).where(AuditLeaf.idx == index)).one_or_none()
        return row is not None and bool(what_it_allows(judge(work, log_id, signer=signer), row))


@gate.open_to_everyone(because="who asks how the logs are has asked")
def alarm(work: UnitOfWork, *, signer: LogSigner, log_id: int | None = None) -> str:
    """What is to be said of entries that say to allow something and do not; mostly nothing.

    Cheap enough to be asked often: only the newest are looked at, of one log or of all.
    """
    newest = sa.select(AuditFinding.log_id).where(AuditFinding.action.in_(permissions.ACTIONS))
    if log_id is not None:
        newest = newest.where(AuditFinding.log_id == log_id)
    logs = set(work.session.scalars(newest.order_by(AuditFinding.place.desc()).limit(LATEST)))
    for each in sorted(logs):
        for index in doubted(work, each, signer=signer, newest=LATEST):
            origin = work.session.get_one(AuditLog, each).origin
            return sentence(
                "Entry %(index)s of the audit log %(origin)s says that it allows something, and "
                "the log's key did not sign that. Somebody else has written to the database.",
                index=index,
                origin=origin,
            )
    return ""


@gate.open_to_everyone(because="who asks how the logs are has asked")
def doubted(
    work: UnitOfWork, log_id: int, *, signer: LogSigner, newest: int | None = None
) -> list[int]:
    """The entries that say to allow something and do not: all, or of the newest so many."""
    judging = judge(work, log_id, signer=signer)
    found = _of_permissions(log_id).order_by(AuditLeaf.idx.desc()).limit(newest)
    # Twice the same is told by the second: they are looked at in their order.
    rows = work.session.execute(found).all()[::-1]
    return [row.idx for row in rows if what_it_allows(judging, row) is None]


def what_it_allows(judging: Permissions, row: Any) -> dict[str, Any] | None:
    """The body of an entry (`idx`, `header`, `salt`, `body`), if it allows what it says."""
    try:
        header = entry.read(row.header.encode()).members
        body = json.loads(row.body) if row.body else None
    except ValueError:
        return None
    if body is None or entry.commit_text(row.salt, row.body.encode()) != header["b"]:
        return None
    return body if judging.allows(row.idx, header, body) else None


def _trust_of(work: UnitOfWork, log: AuditLog, signer: LogSigner, checks: Signatures) -> Trust:
    """The keys that are believed in a log.

    The tables may say anything. The key in our folder is believed; so is one before it, if both
    signed the entry with which it took over; and so on.
    """
    rows = work.session.scalars(sa.select(AuditKey).where(AuditKey.log_id == log.id))
    noted = {each.vkey: each for each in rows}
    believed = [str(signer.keys(log.origin)[0])]
    changes = _changes(work, log)
    while (change := changes.pop(believed[-1], None)) is not None:
        header, said = change
        if not _is_change(log.origin, header, said, checks):
            break
        believed.append(said["old"])
    keys = tuple(_log_key(vkey, noted.get(vkey)) for vkey in believed)
    return Trust({log.origin: keys}, {}, {}, 0, frozenset())


def _changes(work: UnitOfWork, log: AuditLog) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By the new key: header and body of the entry that tells of a change of keys."""
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    said = _of_permissions(log.id, permissions.ROTATED).order_by(AuditLeaf.idx)
    unsorted = _entries(log.id).where(
        AuditLeaf.idx >= log.searchable,
        AuditLeaf.header.startswith(f'{{"action":"{permissions.ROTATED}"', autoescape=True),
    )
    for query in (said, unsorted):
        for row in work.session.execute(query):
            body = json.loads(row.body or "{}")
            if {"old", "new"} <= body.keys():
                found.setdefault(str(body["new"]), (json.loads(row.header), body))
    return found


def _is_change(
    origin: str, header: dict[str, Any], body: dict[str, Any], checks: Signatures
) -> bool:
    """Whether both keys, the one that went and the one that came, signed this."""
    text = permissions.signed_text(origin, header, body)
    pairs = (("old", permissions.SIGNATURE), ("new", permissions.BY_NEW))
    try:
        signed = [
            (note.Key.parse(str(body[who])).public, permissions.signature_of(body, name))
            for who, name in pairs
        ]
    except note.NoteError:
        return False
    return all(data and checks.is_good([public], text, data) for public, data in signed)


def _log_key(vkey: str, noted: AuditKey | None) -> LogKey:
    first, until = (noted.from_size, noted.until_size) if noted else (0, None)
    return LogKey(note.Key.parse(vkey), first, until, is_required=False)


def _entries(log_id: int) -> Any:
    with_body = (AuditBody.log_id == AuditLeaf.log_id) & (AuditBody.idx == AuditLeaf.idx)
    columns = AuditLeaf.idx, AuditLeaf.header, AuditBody.salt, AuditBody.body
    return (
        sa.select(*columns)
        .join(AuditBody, with_body, isouter=True)
        .where(AuditLeaf.log_id == log_id)
    )


def _waiting(size: int) -> Any:
    index = sa.literal(size).label("idx")
    return sa.select(index, AuditQueued.header, AuditQueued.salt, AuditQueued.body)


def _of_permissions(log_id: int, *actions: str) -> Any:
    found = (AuditFinding.log_id == AuditLeaf.log_id) & (AuditFinding.idx == AuditLeaf.idx)
    which = AuditFinding.action.in_(actions or permissions.ACTIONS)
    return _entries(log_id).join(AuditFinding, found).where(which)
