"""Has the states of the audit logs signed by witnesses, in a thread of the scheduler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import structlog

from appliance.domain.identity import appliance
from appliance.errors import ApplianceError
from appliance.repeating import repeating
from appliance.services.audit_log import witnessing as audit_witnessing
from appliance.services.audit_log.witnesses import MOST

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.db.unit_of_work import Database
    from appliance.services.audit_log.witnessing import Question
    from appliance.settings_sections import Witnesses
    from appliance.wiring import Wiring

log = structlog.get_logger()

EVERY_SECONDS = 2.0
TELL_EVERY_SECONDS = 60.0
MOST_TRIES = 3
"""A witness that names its size is asked again from there; another may have asked in between."""


class Asking:
    """Asks witnesses, each in a thread of its own: one that is slow keeps nobody from the others.

    Its state: who is being asked now.
    """

    def __init__(self, database: Database, rules: Witnesses) -> None:
        self._database, self._rules = database, rules
        self._lock = threading.Lock()
        self._asked: set[UUID] = set()
        self._threads = ThreadPoolExecutor(MOST, "witness")

    def look(self) -> None:
        """Begin with every witness whose turn it is, and that is not being asked.

        Errors:
            UnavailableError: the database does not answer.
        """
        with self._lock:
            busy = frozenset(self._asked)
        with self._database.reading(appliance()) as work:
            questions = audit_witnessing.due(work, but=busy, now=datetime.now(UTC))
        for witness_id, some in groupby(questions, key=lambda each: each.witness_id):
            with self._lock:
                self._asked.add(witness_id)
            self._threads.submit(self._ask_all, witness_id, list(some))

    def close(self) -> None:
        """Wait until nobody is asked any more."""
        self._threads.shutdown()

    def _ask_all(self, witness_id: UUID, questions: Sequence[Question]) -> None:
        try:
            for number, question in enumerate(questions):
                if not _ask(self._database, question, self._rules, following=questions[number:]):
                    return
        except ApplianceError as error:
            log.warning("witnesses.wait", code=error.code, message=str(error))
        except Exception:
            log.exception("witnesses.stumbled", witness=str(witness_id))
        finally:
            with self._lock:
                self._asked.discard(witness_id)


def witness(database: Database, rules: Witnesses) -> None:
    """Ask every witness whose turn it is, and wait for their answers.

    Errors:
        UnavailableError: the database does not answer.
    """
    asking = Asking(database, rules)
    try:
        asking.look()
    finally:
        asking.close()


def tell_of_waiting(database: Database, rules: Witnesses) -> None:
    """Record which logs have waited too long for witnesses.

    Errors:
        UnavailableError: the database does not answer.
    """
    with database.reading(appliance()) as work:
        late = audit_witnessing.overdue(work, rules=rules, now=datetime.now(UTC))
    if late:
        with database.begin(appliance()) as work:
            audit_witnessing.note_overdue(work, late)


def _ask(
    database: Database, question: Question, rules: Witnesses, *, following: Sequence[Question]
) -> bool:
    """Ask a witness about one log; whether it answered. What else it was to be asked waits, too."""
    asked: Question | None = question
    for _ in range(MOST_TRIES):
        if asked is None:
            break
        try:
            answer = audit_witnessing.ask(asked, rules=rules)
        except ApplianceError as error:
            with database.begin(appliance()) as work:
                for each in following:
                    audit_witnessing.note_failure(work, each, error, now=datetime.now(UTC))
            return False
        with database.begin(appliance()) as work:
            asked = audit_witnessing.note_answer(
                work, asked, answer, rules=rules, now=datetime.now(UTC)
            )
    if asked is not None:
        with database.begin(appliance()) as work:
            audit_witnessing.note_wavering(work, asked, now=datetime.now(UTC))
    return True


@contextmanager
def witnessing(objects: Wiring) -> Iterator[None]:
    """Have the logs witnessed for the length of the block."""
    database, rules = objects.database, objects.settings.witnesses
    asking = Asking(database, rules)
    try:
        with (
            repeating(_turn(asking.look), name="witnessing", every_seconds=EVERY_SECONDS),
            repeating(
                _turn(partial(tell_of_waiting, database, rules)),
                name="witnesses-overdue",
                every_seconds=TELL_EVERY_SECONDS,
            ),
        ):
            yield
    finally:
        asking.close()


def _turn(act: Callable[[], None]) -> Callable[[], None]:
    def turn() -> None:
        try:
            act()
        except ApplianceError as error:
            log.warning("witnesses.wait", code=error.code, message=str(error))

    return turn
