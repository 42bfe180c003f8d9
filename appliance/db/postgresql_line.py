"""Connections to PostgreSQL that begin a transaction together with its first statement, and end it
together with its last.

The driver would ask for the beginning, wait for the answer, and only then send the statement: two
round trips for what needs one. A line is in autocommit mode and its sessions are read-only, so that
a statement which was not preceded by `BEGIN` can read and nothing else. At the other end the same:
what every change writes last, its events, waits on the line and is sent with the `COMMIT`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import generators
from psycopg.pq import TransactionStatus

from appliance.db.last import Last, NotLastError

if TYPE_CHECKING:
    from psycopg.abc import PQGen

BEGIN = b"BEGIN READ WRITE"
COMMIT = b"COMMIT"


class LastError(NotLastError, psycopg.DatabaseError):
    """The same among the driver's errors."""


class Together(psycopg.Pipeline):
    """Statements that leave in one message, and whose answers are read together.

    The driver's own pipeline sends each by itself, and each wakes the server once.
    """

    _is_whole = False

    def add(self, send: Any, *words: Any) -> None:
        """Send something with the others, of whose answer only a refusal matters."""
        self.command_queue.append(partial(send, *words))
        self.result_queue.append(None)

    def run(self, statements: PQGen[None]) -> PQGen[None]:
        """Take in what these statements send, and exchange it for the answers.

        Errors:
            Error: one was refused; those behind it were passed over.
        """
        yield from self._enter_gen()
        try:
            yield from statements
            yield from self._exit_gen()
        except BaseException as error:
            self._exit(error)
            raise
        self._exit(None)

    def _enqueue_sync(self) -> None:
        super()._enqueue_sync()
        self._is_whole = True

    def _communicate_gen(self) -> PQGen[None]:
        if self._is_whole:
            while self.command_queue:
                self.command_queue.popleft()()  # It is kept until all are there.
            yield from generators.send(self.pgconn)
            yield from self._fetch_gen(flush=False)


class Line(psycopg.Connection[Any]):
    """A connection. Its state is whether the next statement is the first of a transaction, and what
    is to be written at the end of it.
    """

    is_to_begin = False
    last: tuple[Last, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._known: dict[bytes, bytes] = {}
        """Names of last statements that the server has prepared."""
        self._names = 0

    def together(self, statements: Callable[[Together], PQGen[None]]) -> None:
        """Send statements in one message, after the beginning where that is due.

        Errors:
            Error: one was refused; those behind it were passed over.
        """
        with self.lock:
            self._check_connection_ok()
            pipeline = self._pipeline = Together(self)
            try:
                if self.is_to_begin:
                    self.is_to_begin = False
                    pipeline.add(self.pgconn.send_query_params, BEGIN, None)
                self.wait(pipeline.run(statements(pipeline)))
            finally:
                self._pipeline = None

    def commit(self) -> None:
        """Write what was to be written last, and commit, in one round trip.

        Errors:
            LastError: that was refused; the transaction is rolled back.
        """
        last, self.last = self.last, ()
        if not last:
            super().commit()
            return
        known = dict(self._known)
        try:
            self.together(partial(self._ending, last, known))
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            if self.info.transaction_status is TransactionStatus.INERROR:
                # Nobody else does: for SQLAlchemy a transaction that was committed is over.
                self.rollback()
                raise LastError(str(error)) from error
            raise
        self._known = known

    def _ending(
        self, last: Sequence[Last], known: dict[bytes, bytes], pipeline: Together
    ) -> PQGen[None]:
        for each in last:
            if each.statement not in known:
                # A new name each time: whether the server has that of a refused one is not known.
                self._names += 1
                known[each.statement] = b"last_%d" % self._names
                pipeline.add(self.pgconn.send_prepare, known[each.statement], each.statement)
            name = known[each.statement]
            pipeline.add(self.pgconn.send_query_prepared, name, each.values, each.formats)
        # After one that is refused, the server passes over it.
        pipeline.add(self.pgconn.send_query_params, COMMIT, None)
        yield from ()

    def rollback(self) -> None:
        """Forget what was to be written last, and roll back."""
        self.last = ()
        super().rollback()

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        """Let the server forget a prepared statement, or all: the driver wants that now and then,
        after a transaction that was rolled back, and ours go with all others.
        """
        if name is None:
            self._known = {}
        return super()._deallocate(name)


class LineCursor(psycopg.Cursor[Any]):
    """A cursor that sees to it that what is to begin begins."""

    connection: Line

    def execute(self, *args: Any, **options: Any) -> LineCursor:
        """Execute, and begin in the same round trip where that is due."""
        line = self.connection
        if not line.is_to_begin:
            return super().execute(*args, **options)
        line.together(lambda _: self._execute_gen(*args, **options))
        return self

    def executemany(self, *args: Any, **options: Any) -> None:
        """Execute for many values; beginning takes a round trip of its own."""
        line = self.connection
        if line.is_to_begin:
            line.is_to_begin = False
            line.execute(BEGIN)
        super().executemany(*args, **options)
