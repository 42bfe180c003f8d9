"""Asks witnesses to sign the newest states of the logs, and judges what they answer.

Three steps, because nobody holds a transaction open while a network is slow: `due` says what is to
be asked, `ask` asks, `note_answer` keeps the answer. Source: c2sp.org/tlog-witness.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditCheckpoint, AuditLog
from appliance.db.audit_witnesses import Witness, WitnessState
from appliance.db.unit_of_work import UnitOfWork
from appliance.delivery.exchange import Exchange, Trust
from appliance.domain import events
from appliance.domain.foreign_words import cleaned
from appliance.domain.permissions import Permission
from appliance.errors import ApplianceError, sentence
from appliance.security import outgoing
from appliance.services.audit_log import cosignatures, trees
from audit import merkle, note
from audit.canonical import LARGEST_INTEGER
from witness import request

if TYPE_CHECKING:
    from appliance.delivery.exchange import Answer
    from appliance.settings_sections import Witnesses

AT_ONCE = 20
"""Logs that one witness is asked about, one after the other."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class Question:
    """What a witness is to be asked: whether a state of a log continues what it has signed."""

    witness_id: UUID
    url: str
    vkey: str
    log_id: int
    size: int
    note: str
    request: bytes


def due(work: UnitOfWork, *, but: Collection[UUID] = frozenset(), now: datetime) -> list[Question]:
    """What each witness is to be asked now, but for some; the log that has waited longest first."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(Witness).where(Witness.url != "", Witness.id.not_in(but))
    return [
        _question(work, witness, log, old)
        for witness in work.session.scalars(query.order_by(Witness.name)).all()
        for log, old in _waiting(work, witness, now)
    ]


def ask(question: Question, *, rules: Witnesses) -> Answer:
    """What the witness says, be it yes or no.

    Errors:
        InvalidError: its address leads where we may not go.
        UnavailableError: it does not answer in time.
    """
    place = outgoing.judge(
        f"{question.url}/add-checkpoint",
        schemes=rules.schemes,
        private_allowed=rules.private_addresses,
    )
    exchange = Exchange(place, Trust(rules.authorities_file), rules.seconds)
    return exchange.answer("POST", place.path, headers=TEXT, body=question.request)


def note_answer(
    work: UnitOfWork, question: Question, answer: Answer, *, rules: Witnesses, now: datetime
) -> Question | None:
    """Keep what a witness said; gives what it is to be asked at once, if it knew another size."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    log, state = _log_and_state(work, question, now)
    if state is None:
        return None  # The witness was removed meanwhile.
    if answer.status == HTTPStatus.OK:
        _keep(work, question, answer, log, state, rules, now)
    elif answer.status == HTTPStatus.CONFLICT:
        return _conflict(work, question, answer, log, state, now)
    elif answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        _contradict(work, state, log, question.size, _words(answer), now)
    else:
        text = sentence(
            "It answered with %(status)s: %(words)s", status=answer.status, words=_words(answer)
        )
        _fail(state, text, now)
    return None


def note_wavering(work: UnitOfWork, question: Question, *, now: datetime) -> None:
    """Remember that a witness names another size each time that it is asked."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _, state = _log_and_state(work, question, now)
    if state is not None:
        _fail(state, sentence("It names another size each time."), now)


def note_failure(
    work: UnitOfWork, question: Question, error: ApplianceError, *, now: datetime
) -> None:
    """Remember that a witness could not be asked; it is asked again after a pause that grows."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    _, state = _log_and_state(work, question, now)
    if state is not None:
        _fail(state, error.message, now)


def overdue(work: UnitOfWork, *, rules: Witnesses, now: datetime) -> list[int]:
    """The logs that have waited too long for witnesses, and of which that was not recorded."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if not cosignatures.quorum(work).needed:
        return []
    limit = now - timedelta(hours=rules.overdue_hours)
    late = cosignatures.waiting(work, before=limit)
    return [each for each in late if not cosignatures.is_known_overdue(work, each)]


def note_overdue(work: UnitOfWork, log_ids: list[int]) -> None:
    """Record that these logs have waited too long."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    for log_id in log_ids:
        cosignatures.note_overdue(work, work.session.get_one(AuditLog, log_id))


@gate.open_to_everyone(because="who takes a request for a witness away has asked")
def written(work: UnitOfWork, log: AuditLog, old_size: int) -> tuple[int, str, bytes]:
    """The newest state of a log: its size, its note, and the request to sign it."""
    size = log.size
    signed = work.session.get_one(AuditCheckpoint, (log.id, size)).note
    node = trees.node(work, log.id)
    proof = merkle.consistency_proof(old_size, size, node)
    return size, signed, request.write(old_size, proof, signed)


@gate.open_to_everyone(because="who asks a witness, or brings its answer, has asked")
def contradict(
    work: UnitOfWork, witness: Witness, log: AuditLog, size: int, why: str, *, now: datetime
) -> None:
    """Remember, and record once, that a witness holds another history than ours."""
    state = _state(work, witness.id, log.id, now)
    _contradict(work, state, log, size, why, now)


@gate.open_to_everyone(because="who brings the answer of a witness has asked")
def note_known(
    work: UnitOfWork, witness: Witness, log: AuditLog, size: int, *, now: datetime
) -> None:
    """Remember how far a witness has come with a log."""
    state = _state(work, witness.id, log.id, now)
    state.known_size = max(state.known_size, size)
    state.failures, state.problem, state.problem_since = 0, "", None
    state.is_contradicting = False


def _waiting(work: UnitOfWork, witness: Witness, now: datetime) -> Sequence[Any]:
    """The logs that a witness is to be asked about, each with the size that it is known to know."""
    known = sa.func.coalesce(WitnessState.known_size, 0)
    its = (WitnessState.witness_id == witness.id) & (WitnessState.log_id == AuditLog.id)
    query = (
        sa.select(AuditLog, known)
        .outerjoin(WitnessState, its)
        .where(
            AuditLog.size > known,
            sa.or_(WitnessState.not_before.is_(None), WitnessState.not_before <= now),
        )
        .order_by(sa.func.coalesce(WitnessState.not_before, NEVER), AuditLog.id)
    )
    return work.session.execute(query.limit(AT_ONCE)).all()


def _question(work: UnitOfWork, witness: Witness, log: AuditLog, old_size: int) -> Question:
    size, signed, data = written(work, log, old_size)
    return Question(witness.id, witness.url, witness.vkey, log.id, size, signed, data)


def _keep(
    work: UnitOfWork,
    question: Question,
    answer: Answer,
    log: AuditLog,
    state: WitnessState,
    rules: Witnesses,
    now: datetime,
) -> None:
    key = note.Key.parse(question.vkey)
    try:
        line = _signature(question, answer, key)
    except note.NoteError as error:
        _fail(state, sentence("What it answered is no signature: %(why)s.", why=error), now)
        return
    if not line:
        _fail(state, sentence("It signed with another key than %(name)s.", name=key.name), now)
        return
    cosignatures.accept(work, log, question.size, {cosignatures.name_of(key): line}, now=now)
    note_known(work, work.session.get_one(Witness, state.witness_id), log, question.size, now=now)
    state.not_before = now + timedelta(seconds=rules.every_seconds)


def _signature(question: Question, answer: Answer, key: note.Key) -> str:
    """The line with which a witness signed the very state that it was shown; empty if it did not.

    Errors:
        NoteError: it is no signature, or not one of this state.
    """
    shown = note.parse(question.note.encode())
    found = note.parse(question.note.encode() + answer.body)
    if found.text != shown.text:
        raise note.NoteError("it adds to what it was shown")
    if not note.signed_by(found, [key]):
        return ""
    return str(note.signature_of(found, key))


def _conflict(
    work: UnitOfWork,
    question: Question,
    answer: Answer,
    log: AuditLog,
    state: WitnessState,
    now: datetime,
) -> Question | None:
    said = answer.body.decode("ascii", "replace").removesuffix("\n")
    if not note.SIZE.match(said) or int(said) > LARGEST_INTEGER:
        _fail(state, sentence("It names no size that it knows."), now)
        return None
    size = int(said)
    if size > log.size:
        # Read anew in this transaction: nobody else has made the log grow so far meanwhile.
        text = f"It says that it signed {size} entries of this log; there are only {log.size}."
        _contradict(work, state, log, size, text, now)
        return None
    if size == state.known_size and size == _old_size(question):
        _fail(state, sentence("It refuses the very size that it names."), now)
        return None
    state.known_size = size
    return _question(work, work.session.get_one(Witness, question.witness_id), log, size)


def _old_size(question: Question) -> int:
    return int(question.request.partition(b"\n")[0].removeprefix(request.OLD.encode()))


def _contradict(
    work: UnitOfWork, state: WitnessState, log: AuditLog, size: int, why: str, now: datetime
) -> None:
    if not state.is_contradicting:
        witness = work.session.get_one(Witness, state.witness_id)
        work.record(
            events.AuditWitnessRefused(
                about=witness.id, name=witness.name, log=log.name, size=size, reason=why
            )
        )
    state.is_contradicting = True
    _fail(state, why, now)
    state.not_before = now + LONGEST_PAUSE


def _fail(state: WitnessState, why: str, now: datetime) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(state.failures, 10), LONGEST_PAUSE)
    state.failures += 1
    state.problem_since = state.problem_since or now
    state.problem = why
    state.not_before = now + pause


def _log_and_state(
    work: UnitOfWork, question: Question, now: datetime
) -> tuple[AuditLog, WitnessState | None]:
    log = work.session.get_one(AuditLog, question.log_id)
    if work.session.get(Witness, question.witness_id) is None:
        return log, None
    return log, _state(work, question.witness_id, question.log_id, now)


def _state(work: UnitOfWork, witness_id: UUID, log_id: int, now: datetime) -> WitnessState:
    state = work.session.get(WitnessState, (witness_id, log_id))
    if state is None:
        state = WitnessState(
            witness_id=witness_id,
            log_id=log_id,
            known_size=0,
            failures=0,
            problem="",
            is_contradicting=False,
            not_before=now,
        )
        work.session.add(state)
    return state


def _words(answer: Answer) -> str:
    return cleaned(answer.body)
