"""One transaction: an actor, what they change, the events that say so, and the jobs promised."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker

from appliance.db import failures
from appliance.db.audit_log import AuditEvent, AuditPersonalValue
from appliance.db.base import Table
from appliance.db.engine import read_only
from appliance.db.outbox import JobRecord
from appliance.domain import events
from appliance.domain.identity import Actor
from appliance.domain.ids import new_id
from appliance.domain.jobs import RULES, Job
from appliance.errors import (
    HiddenError,
    RefusedError,
    UnauthenticatedError,
    UnrecordedChangeError,
)
from audit.canonical import canonical
from audit.entry import SALT_BYTES, commit_personal

if TYPE_CHECKING:
    from appliance.settings import Settings

INSTANCE_LOG = "instance"
# Written as they are: every request records one, and mapped objects would take twice as long.
ADD_EVENT = sa.insert(AuditEvent.__table__)  # type: ignore[arg-type]  # It is a table.
ADD_VALUES = sa.insert(AuditPersonalValue.__table__)  # type: ignore[arg-type]  # The same.


class UnitOfWork:
    """What a service needs in order to act: a session, an actor, and a place for its events."""

    def __init__(self, session: Session, actor: Actor, rules: Settings) -> None:
        self.session = session
        self.actor = actor
        self.rules = rules
        self.promised: list[UUID] = []
        self._recorded = 0
        self._changed: set[str] = set()
        session.info[UnitOfWork] = self

    def rows(self, statement: sa.Executable, values: dict[str, Any]) -> sa.CursorResult[Any]:
        """Columns, as they are with all changes so far: half the cost of asking the session, for
        questions that every request asks. `statement` is built once, with names for `values`.
        """
        self.session.flush()
        return self.session.connection().execute(statement, values)

    def record(self, event: events.Event) -> None:
        """Say what just happened. It is committed with the change, or not at all."""
        self._recorded += 1
        row, values = _rows(event, self.actor)
        connection = self.session.connection()
        connection.execute(ADD_EVENT, row)
        if values:
            connection.execute(ADD_VALUES, values)

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
        if self._changed and not self._recorded:
            raise UnrecordedChangeError(f"no event describes the change to {sorted(self._changed)}")

    def note_change(self, *tables: str) -> None:
        """Remember that these audited tables were written: an event has to say so."""
        self._changed.update(tables)


class Database:
    """Opens units of work. One for each process; safe to share between threads."""

    def __init__(
        self, engine: sa.Engine, rules: Settings, *, on_promise: Callable[[], None] | None = None
    ) -> None:
        self.engine = engine
        self.rules = rules
        self._on_promise = on_promise
        self._writing = sessionmaker(engine, expire_on_commit=False)
        sa.event.listen(self._writing, "before_flush", _note_flush)
        sa.event.listen(self._writing, "do_orm_execute", _note_statement)
        self._reading = sessionmaker(read_only(engine), expire_on_commit=False)

    @contextmanager
    def begin(self, actor: Actor) -> Generator[UnitOfWork]:
        """Open a unit of work; commit it if the block ends well.

        A refusal undoes the work and is then remembered, in a transaction of its own and in the
        name of whoever the work was for by then. After a commit with promised jobs that may begin
        at once, `on_promise` is called.

        Errors:
            UnavailableError: the database does not answer; nothing was changed.
            ConflictError: somebody else did the same thing at the same moment.
        """
        work = None
        try:
            with failures.translated(), self._writing() as session, session.begin():
                work = UnitOfWork(session, actor, self.rules)
                yield work
                work.close()
            if work.promised and self._on_promise is not None:
                self._on_promise()
        except (RefusedError, HiddenError, UnauthenticatedError) as refusal:
            self._remember(work.actor if work else actor, refusal)
            raise

    @contextmanager
    def reading(self, actor: Actor) -> Generator[UnitOfWork]:
        """Open a transaction in which the database itself refuses to write."""
        work = None
        try:
            with failures.translated(), self._reading() as session, session.begin():
                work = UnitOfWork(session, actor, self.rules)
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

    def _write_down(self, actor: Actor, event: events.Event) -> None:
        with failures.translated(), self._writing() as session, session.begin():
            UnitOfWork(session, actor, self.rules).record(event)


# Listeners of all sessions that write, not of each: adding them costs more than a question.
def _note_flush(session: Session, *_: object) -> None:
    work = session.info.get(UnitOfWork)
    if work is None or not (session.new or session.deleted or session.dirty):
        return
    touched = {*session.new, *session.deleted}
    touched |= {row for row in session.dirty if _says_something(row)}
    work.note_change(
        *(row.__tablename__ for row in touched if isinstance(row, Table) and row.audited)
    )


def _note_statement(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete or state.is_insert):
        return
    work = state.session.info.get(UnitOfWork)
    name = state.statement.table.name  # type: ignore[attr-defined]  # It is one of the three.
    if work is not None and name not in _unaudited():
        work.note_change(name)


def _unaudited() -> frozenset[str]:
    """The names of the tables that keep only bookkeeping."""
    return frozenset(
        str(mapper.local_table.name)  # type: ignore[attr-defined]  # Every class is one table.
        for mapper in Table.registry.mappers
        if not mapper.class_.audited
    )


def _says_something(row: object) -> bool:
    """Whether more than bookkeeping was changed in a row."""
    ignored = row.bookkeeping if isinstance(row, Table) else frozenset()
    attributes = sa.inspect(row).attrs
    return any(
        attribute.history.has_changes() for attribute in attributes if attribute.key not in ignored
    )


def _rows(event: events.Event, actor: Actor) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The event as it is stored: header and body in one row, personal values in rows apart."""
    event_id = new_id()
    body = event.body()
    values = []
    for field, value in event.personal_values().items():
        text = value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "")
        values.append(_apart(body, event_id, field, text, event.person or actor.pseudonym))
    if actor.origin.address:
        values.append(_apart(body, event_id, "address", actor.origin.address, actor.pseudonym))
    row = {
        "event_id": event_id,
        "occurred_at": datetime.now(UTC),
        "log": str(event.organisation_id) if event.organisation_id else INSTANCE_LOG,
        "kind": event.kind,
        "category": event.category,
        "outcome": event.outcome,
        "actor_kind": actor.kind,
        "actor_ref": actor.pseudonym,
        "target_kind": event.target,
        "target_ref": str(event.about) if event.about else "",
        "method": actor.origin.method,
        "credential_ref": str(actor.origin.credential_id or ""),
        "request_id": actor.origin.request_id,
        "body": canonical(body).decode("utf-8"),
    }
    return row, values


def _apart(
    body: dict[str, Any], event_id: UUID, field: str, text: str, person: str
) -> dict[str, Any]:
    """Put a commitment to a personal value into the body; gives the row that keeps the value."""
    salt = secrets.token_bytes(SALT_BYTES)
    body[field] = commit_personal(field, salt, text)
    return {"event_id": event_id, "field": field, "salt": salt, "value": text, "person": person}
