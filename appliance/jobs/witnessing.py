"""Has the states of the audit logs signed by witnesses, in a thread of the scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from appliance.domain.identity import appliance
from appliance.errors import ApplianceError
from appliance.repeating import repeating
from appliance.services.audit_log import witnessing as audit_witnessing

if TYPE_CHECKING:
    from appliance.db.unit_of_work import Database
    from appliance.services.audit_log.witnessing import Question
    from appliance.settings_sections import Witnesses
    from appliance.wiring import Wiring

log = structlog.get_logger()

EVERY_SECONDS = 2.0
TELL_EVERY_SECONDS = 60.0
MOST_TRIES = 3
"""A witness that names its size is asked again from there; another may have asked in between."""


def witness(database: Database, rules: Witnesses) -> None:
    """Ask every witness whose turn it is, one by one.

    Errors:
        UnavailableError: the database does not answer.
    """
    with database.reading(appliance()) as work:
        questions = audit_witnessing.due(work, now=datetime.now(UTC))
    for question in questions:
        try:
            _ask(database, question, rules)
        except ApplianceError:
            raise
        except Exception:
            # One witness that answers with nonsense keeps nobody from asking the others.
            log.exception("witnesses.stumbled", witness=str(question.witness_id))


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


def _ask(database: Database, question: Question, rules: Witnesses) -> None:
    asked: Question | None = question
    for _ in range(MOST_TRIES):
        if asked is None:
            return
        try:
            answer = audit_witnessing.ask(asked, rules=rules)
        except ApplianceError as error:
            with database.begin(appliance()) as work:
                audit_witnessing.note_failure(work, asked, error, now=datetime.now(UTC))
            return
        with database.begin(appliance()) as work:
            asked = audit_witnessing.note_answer(
                work, asked, answer, rules=rules, now=datetime.now(UTC)
            )


@contextmanager
def witnessing(objects: Wiring) -> Iterator[None]:
    """Have the logs witnessed for the length of the block."""
    database, rules = objects.database, objects.settings.witnesses
    with (
        repeating(_turn(witness, database, rules), name="witnessing", every_seconds=EVERY_SECONDS),
        repeating(
            _turn(tell_of_waiting, database, rules),
            name="witnesses-overdue",
            every_seconds=TELL_EVERY_SECONDS,
        ),
    ):
        yield


def _turn(
    act: Callable[[Database, Witnesses], None], database: Database, rules: Witnesses
) -> Callable[[], None]:
    def turn() -> None:
        try:
            act(database, rules)
        except ApplianceError as error:
            log.warning("witnesses.wait", code=error.code, message=str(error))

    return turn
