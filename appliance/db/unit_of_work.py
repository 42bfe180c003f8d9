"""One transaction: an actor, what they change, the events that say so, and the jobs promised."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker

from appliance.db import failures, recording
from appliance.db.audit_log import AuditLeaf
from appliance.db.base import Table, is_audited, says_something
from appliance.db.engine import is_sqlite, read_only
from appliance.db.last import NotLastError
from appliance.db.once import READING
from appliance.db.outbox import JobRecord
from appliance.db.recording import Ending, Recorded, Source
from appliance.domain import events
from appliance.domain.identity import Actor
from appliance.domain.ids import new_id
from appliance.domain.jobs import RULES, Job
from appliance.errors import (
    HiddenError,
    RefusedError,
    SecondPersonNeededError,
    UnauthenticatedError,
    UnavailableError,
    UnrecordedChangeError,
    sentence,
)
from appliance.interruption import shield

if TYPE_CHECKING:
    from appliance.settings import Settings

log = structlog.get_logger()
LOOK_AGAIN_SECONDS = 0.02
BEST_EFFORT = "best_effort"
"""The setting `audit.reads` under which reading goes on although it cannot be recorded."""
UNRECORDABLE = sentence(
    "The audit log cannot record this now. Nothing was changed. Tell an administrator."
)


class UnitOfWork:
    """What a service needs in order to act: a session, an actor, and a place for its events."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        rules: Settings,
        source: Source,
        *,
        is_reading: bool = False,
    ) -> None:
        self.session = session
        self.actor = actor
        self.rules = rules
        self.begun_at = datetime.now(UTC)
        """Decides about what ends by itself, such as a grant: nobody can forget to hand it in."""
        self.promised: list[UUID] = []
        self.recorded: list[Recorded] = []
        self.is_confirmed = False  # Whether a second person has confirmed what is done.
        self._source = source
        self._is_reading = is_reading
        self._unwritten: list[dict[str, Any]] = []
        """Rows of the queue; they are written at the end, with the commit."""
        self._changed: set[str] = set()
        self._reads = 0
        session.info[UnitOfWork] = self

    def rows(self, statement: sa.Executable, values: dict[str, Any]) -> sa.CursorResult[Any]:
        """Columns, as they are with all changes so far: half the cost of asking the session, for
        questions that every request asks. `statement` is built once, with names for `values`.
        """
        self.session.flush()
        return self.session.connection().execute(statement, values)

    def record(self, event: events.Event, *, permit: recording.Permit | None = None) -> UUID:
        """Say what just happened. It is committed with the change, or not at all.

        Gives the event's id, under which the audit log will show it. What was only read may go on
        without its event, where the setting `audit.reads` says so. With `permit`, an event that
        allows something is signed.

        Errors:
            UnavailableError: the log does not take it; nothing is changed.
        """
        recorded = recording.prepare(event, self.actor, self._source, permit)
        if event.is_read and self.rules.audit.reads == BEST_EFFORT:
            self._reads += 1
            self._try_to_add(recorded, event)
        else:
            self.recorded.append(recorded)
            self._unwritten.append(recorded.row)
            if self._is_reading:
                self.write_events()  # The database says no.
        return recorded.id

    def write_events(self) -> None:
        """Write now what was recorded so far, for who looks at the queue in the same transaction.

        Errors:
            UnavailableError: the log does not take it; nothing is changed.
        """
        rows, self._unwritten = self._unwritten, []
        if rows:
            self._add(*rows)

    @property
    def may_go_unrecorded(self) -> bool:
        """Whether all it did is reading, whose events are wanted but not insisted on."""
        is_only_reading = not self._changed and not self.promised
        return is_only_reading and self._reads > 0 and len(self.recorded) <= self._reads

    def _add(self, *rows: dict[str, Any]) -> None:
        try:
            recording.add(self.session.connection(), rows)
        except OperationalError:
            raise  # The database does not answer or has no room: it says so itself.
        except DBAPIError as error:
            if failures.wrote_while_reading(error):
                raise
            raise UnavailableError(UNRECORDABLE) from error

    def _try_to_add(self, recorded: Recorded, event: events.Event) -> None:
        self.session.flush()  # What fails there is not for us to pass over.
        try:
            with self.session.begin_nested():
                self.session.connection().execute(recording.ADD, recorded.row)
        except SQLAlchemyError as error:
            number = (recorded.boot, recorded.log, recorded.number)
            self._source.finish([number], Ending.UNDONE)
            note_unrecorded(event.kind, error)
        else:
            self.recorded.append(recorded)

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Write what somebody else may be writing at this very moment. Then the block alone is
        undone, and another way can be tried. Events are recorded after it, not in it.

        Errors:
            ConflictError: somebody did.
        """
        self.session.flush()  # What fails there is not for us to pass over.
        with failures.translated(), self.session.begin_nested():
            yield

    def insist_on_log(self) -> None:
        """Go on only if the audit log takes events: for what cannot be undone once it happened.

        Errors:
            UnavailableError: it takes none.
        """
        row = recording.prepare_nothing()
        self.session.flush()
        attempt = self.session.begin_nested()
        try:
            self._add(row)
        finally:
            attempt.rollback()

    def later(
        self,
        job: Job,
        *,
        about: UUID | None = None,
        not_before: datetime | None = None,
        **arguments: Any,
    ) -> UUID:
        """Promise a job: it starts after this is committed, or never. Gives the job's id.

        `arguments` are JSON values: ids as text, not objects.
        """
        record = JobRecord(
            id=new_id(),
            job=job,
            arguments=arguments,
            about=about,
            promised_by=self.actor.id,
            not_before=not_before,
            attempts_left=RULES[job].attempts,
            created_at=datetime.now(UTC),
        )
        self.session.add(record)
        if not_before is None:
            self.promised.append(record.id)
        return record.id

    def close(self) -> None:
        """Check the books before the commit."""
        self.session.flush()
        if self._changed and not self.recorded:
            raise UnrecordedChangeError(f"no event describes the change to {sorted(self._changed)}")
        if not self._unwritten:
            return
        connection = self.session.connection()
        if is_sqlite(connection):
            self.write_events()
        else:
            recording.add_last(connection, self._unwritten)

    def note_alone(self, act: str) -> None:
        """Say that somebody at the console did alone what needs two people."""
        self.record(events.SecondPersonBypassed(act=act, reason=self.actor.alone))

    def note_change(self, *tables: str) -> None:
        """Remember that these audited tables were written: an event has to say so."""
        self._changed.update(tables)


class Database:
    """Opens units of work. One for each process; safe to share between threads."""

    def __init__(
        self,
        engine: sa.Engine,
        rules: Settings,
        *,
        on_promise: Callable[[], None] | None = None,
        on_proposal: Callable[[UnitOfWork, SecondPersonNeededError], None] | None = None,
    ) -> None:
        self.engine = engine
        self.rules = rules
        self.source = Source()
        self._on_promise = on_promise
        self._on_proposal = on_proposal
        self._writing = sessionmaker(engine, expire_on_commit=False)
        sa.event.listen(self._writing, "before_flush", _note_flush)
        sa.event.listen(self._writing, "do_orm_execute", _note_statement)
        self._reading = sessionmaker(read_only(engine), expire_on_commit=False)

    def prepare(self) -> None:
        """Find out how the tables hang together, which otherwise happens at the first question."""
        Table.registry.configure()

    @contextmanager
    def begin(self, actor: Actor) -> Generator[UnitOfWork]:
        """Open a unit of work; commit it if the block ends well.

        A refusal undoes the work and is then remembered, in a transaction of its own and in the
        name of whoever the work was for by then. After a commit with promised jobs that may begin
        at once, `on_promise` is called. An act that needs a second person is undone and kept.

        Errors:
            UnavailableError: the database does not answer; nothing was changed.
            ConflictError: somebody else did the same thing at the same moment.
        """
        with shield:
            yield from self._begin(actor)

    def _begin(self, actor: Actor) -> Generator[UnitOfWork]:
        work, is_done = None, False
        try:
            with failures.translated(), self._writing() as session, self._counted(session):
                work = UnitOfWork(session, actor, self.rules, self.source)
                yield work
                is_done = True
            if work.promised and self._on_promise is not None:
                self._on_promise()
            self._await_log(work.recorded)
        except SecondPersonNeededError as needed:
            self._keep(work.actor if work else actor, needed)
            raise
        except UnavailableError as error:
            if work is None or not (is_done and work.may_go_unrecorded):
                raise
            note_unrecorded(" ".join(each.action for each in work.recorded), error)
        except (RefusedError, HiddenError, UnauthenticatedError) as refusal:
            self._remember(work.actor if work else actor, refusal)
            raise

    @contextmanager
    def reading(self, actor: Actor) -> Generator[UnitOfWork]:
        """Open a transaction in which the database itself refuses to write."""
        with shield:
            yield from self._read(actor)

    def _read(self, actor: Actor) -> Generator[UnitOfWork]:
        work = None
        try:
            with failures.translated(), self._reading() as session, session.begin():
                session.info[READING] = {}
                work = UnitOfWork(session, actor, self.rules, self.source, is_reading=True)
                yield work
        except (RefusedError, HiddenError, UnauthenticatedError) as refusal:
            self._remember(work.actor if work else actor, refusal)
            raise

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Errors:
            UnavailableError: there is none.
        """
        with failures.translated(), self.engine.connect() as connection:
            connection.execute(sa.select(1))

    def _remember(
        self, actor: Actor, refusal: RefusedError | HiddenError | UnauthenticatedError
    ) -> None:
        if isinstance(refusal, UnauthenticatedError):
            if isinstance(refusal.event, events.Event):
                self._write_down(actor, refusal.event)
            return
        # A stranger could fill the log at will; the access log has their requests anyway.
        if not actor.is_signed_in:
            return
        self._write_down(actor, events.AccessRefused(reason=refusal.code, attempt=str(refusal)))

    def _keep(self, actor: Actor, needed: SecondPersonNeededError) -> None:
        assert self._on_proposal is not None  # noqa: S101 - else no verb needs a second person.
        with failures.translated(), self._writing() as session, self._counted(session):
            self._on_proposal(UnitOfWork(session, actor, self.rules, self.source), needed)

    def _write_down(self, actor: Actor, event: events.Event) -> None:
        with failures.translated(), self._writing() as session, self._counted(session):
            UnitOfWork(session, actor, self.rules, self.source).record(event)

    @contextmanager
    def _counted(self, session: Session) -> Generator[None]:
        """A transaction whose end is noted for each event that it recorded."""
        ending = Ending.UNDONE
        try:
            with session.begin():
                yield
                _work_of(session).close()
                ending = Ending.UNKNOWN
            ending = Ending.COMMITTED
        except DBAPIError as error:
            if not isinstance(error.orig, NotLastError):
                raise
            ending = Ending.UNDONE
            raise UnavailableError(UNRECORDABLE) from error
        finally:
            work = session.info.get(UnitOfWork)
            if work is not None and work.recorded:
                numbers = [(each.boot, each.log, each.number) for each in work.recorded]
                self.source.finish(numbers, ending)

    def _await_log(self, recorded: list[Recorded]) -> None:
        """Wait until what must not be deniable is in a signed state of the log, but not for ever:
        it is committed already, and a sequencer that stands still is said on the health page.
        """
        waiting = [each.id for each in recorded if each.is_awaited]
        if not waiting:
            return
        patience = time.monotonic() + self.rules.audit.wait_seconds
        query = sa.select(sa.func.count()).where(AuditLeaf.event_id.in_(waiting))
        with suppress(UnavailableError):
            while time.monotonic() < patience:
                with failures.translated(), self._reading() as session:
                    if session.scalar(query) == len(waiting):
                        return
                time.sleep(LOOK_AGAIN_SECONDS)


def note_unrecorded(action: str, error: Exception) -> None:
    """Say in the log of the process that something was read, and the audit log does not know."""
    log.error("audit.read_unrecorded", action=action, error=type(error).__name__)


def _work_of(session: Session) -> UnitOfWork:
    work: UnitOfWork = session.info[UnitOfWork]
    return work


# Listeners of all sessions that write, not of each: adding them costs more than a question.
def _note_flush(session: Session, *_: object) -> None:
    work = session.info.get(UnitOfWork)
    if work is None or not (session.new or session.deleted or session.dirty):
        return
    touched = {*session.new, *session.deleted}
    touched |= {row for row in session.dirty if says_something(row)}
    work.note_change(
        *(row.__tablename__ for row in touched if isinstance(row, Table) and row.audited)
    )


def _note_statement(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete or state.is_insert):
        return
    work = state.session.info.get(UnitOfWork)
    name = state.statement.table.name  # type: ignore[attr-defined]  # It is one of the three.
    if work is not None and is_audited(name):
        work.note_change(name)
