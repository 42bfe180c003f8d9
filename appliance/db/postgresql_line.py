"""Connections to PostgreSQL that begin a transaction together with its first statement.

The driver would ask for the beginning, wait for the answer, and only then send the statement: two
round trips for what needs one. A line is in autocommit mode and its sessions are read-only, so that
a statement which was not preceded by `BEGIN` can read and nothing else.
"""

from __future__ import annotations

from typing import Any

import psycopg

BEGIN = b"BEGIN READ WRITE"


class Line(psycopg.Connection[Any]):
    """A connection. Its state is whether the next statement is the first of a transaction."""

    is_to_begin = False


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
