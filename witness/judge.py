"""Decides whether a state is signed. Source: c2sp.org/tlog-witness, section add-checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from audit import merkle, note
from witness import request as requests
from witness.keys import Cosigner
from witness.request import Request
from witness.state import Head, State, Turn

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
NOTHING = Head(0, merkle.EMPTY_ROOT)


@dataclass(frozen=True)
class Answer:
    """What the witness says."""

    status: HTTPStatus
    body: str
    type: str = TEXT
    signed: str = ""
    """The checkpoint with the log's and the witness's signatures, where it was signed."""


def answer(state: State, cosigner: Cosigner, data: bytes, *, now: int) -> Answer:
    """What the witness says to a request; when it says yes, that is on the disk already.

    Units: `now` is in seconds since 1970.
    Errors:
        StateError: the state cannot be read or written; nothing was signed.
    """
    try:
        asked = requests.parse(data)
    except requests.MalformedError as error:
        return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
    keys = state.keys_of(asked.state.origin)
    if not keys:
        return Answer(HTTPStatus.NOT_FOUND, "this witness does not know the log\n")
    try:
        signers = note.signed_by(asked.signed, keys)
    except note.NoteError as error:
        return Answer(HTTPStatus.FORBIDDEN, f"{error}\n")
    if not signers:
        return Answer(HTTPStatus.FORBIDDEN, "no key of the log signed this\n")
    # Everything above needs no lock; from here on nobody else decides about any log.
    with state.alone() as turn:
        return _decide(turn, cosigner, asked, data, now)


def _decide(turn: Turn, cosigner: Cosigner, asked: Request, data: bytes, now: int) -> Answer:
    last = turn.head(asked.state.origin) or NOTHING
    if asked.old_size != last.size:
        return Answer(HTTPStatus.CONFLICT, f"{last.size}\n", SIZE)
    why = _objection(last, asked)
    if why:
        turn.keep_evidence(asked.state.origin, now, why, data)
        return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"{why}\n")
    signatures = cosigner.sign(asked.signed.text, now)
    lines = "".join(f"{each}\n" for each in signatures)
    theirs = {(each.name, each.key_id) for each in signatures}
    others = [each for each in asked.signed.signatures if (each.name, each.key_id) not in theirs]
    signed = str(note.Note(asked.signed.text, tuple(others))) + lines
    turn.put_head(asked.state, signed, now)
    return Answer(HTTPStatus.OK, lines, signed=signed)


def _objection(last: Head, asked: Request) -> str:
    """Why a state does not continue the last one; empty if it does."""
    new = asked.state
    if new.size == 0 and new.root != merkle.EMPTY_ROOT:
        return "a log without entries has another root"
    if asked.old_size == 0 and asked.proof:
        return "nothing is to be proven from nothing"
    if asked.old_size == new.size and last.root != new.root:
        return "another root was signed at this size"
    if not merkle.is_consistent(last.size, last.root, new.size, new.root, asked.proof):
        return "the proof does not show that the log only grew"
    return ""
