"""Connections to PostgreSQL that begin a transaction together with its first statement, and end it
together with its last.

The driver would ask for the beginning, wait for the answer, and only then send the statement: two
round trips for what needs one. A line is in autocommit mode and its sessions are read-only, so that
a statement which was not preceded by `BEGIN` can read and nothing else. At the other end the same:
what every change writes last, its events, waits on the line and is sent with the `COMMIT`.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

BEGIN = b"BEGIN READ WRITE"
COMMIT = b"COMMIT"


class LastError(psycopg.DatabaseError):
    """What was to be written last was refused, and nothing was committed; the cause says why."""


class Line(psycopg.Connection[Any]):
    """A connection. Its state is whether the next statement is the first of a transaction, and what
    is to be written at the end of it.
    """

    is_to_begin = False
    last: tuple[tuple[bytes, Any], ...] = ()
    """Statements with their values."""

    def commit(self) -> None:
        """Write what was to be written last, and commit, in one round trip.

        Errors:
            LastError: that was refused; the transaction can only be rolled back.
        """
        last, self.last = self.last, ()
        if not last:
            super().commit()
            return
        begins, self.is_to_begin = self.is_to_begin, False
        try:
            with self.pipeline():
                if begins:
                    self.execute(BEGIN)
                for statement, values in last:
                    self.execute(statement, values)
                # After one that is refused, the server passes over it.
                self.execute(COMMIT)
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            if self.info.transaction_status is TransactionStatus.INERROR:
                raise LastError(str(error)) from error
            raise

    def rollback(self) -> None:
        """Forget what was to be written last, and roll back."""
        self.last = ()
        super().rollback()


class LineCursor(psycopg.Cursor[Any]):
    """A cursor that sees to it that what is to begin begins."""

    connection: Line

    def execute(self, *args: Any, **options: Any) -> LineCursor:
        """Execute, and begin in the same round trip where that is due."""
        line = self.connection
        if not line.is_to_begin:
            return super().execute(*args, **options)
        line.is_to_begin = False
        with line.pipeline():
            line.execute(BEGIN)
            return super().execute(*args, **options)

    def executemany(self, *args: Any, **options: Any) -> None:
        """Execute for many values; beginning takes a round trip of its own."""
        line = self.connection
        if line.is_to_begin:
            line.is_to_begin = False
            line.execute(BEGIN)
        super().executemany(*args, **options)
