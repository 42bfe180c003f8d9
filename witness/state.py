"""What the witness remembers, in one SQLite file: whose logs it knows, and what it signed last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit import note

WAIT_SECONDS = 10.0
MOST_EVIDENCE = 1000
"""For each log: who holds the key of a log must not be able to fill the disk."""
LATER_VERSION = "It was written by a later version of this program."
SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE logs (
    origin TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey)
) WITHOUT ROWID;
CREATE TABLE heads (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,
    signed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, seen_at INTEGER NOT NULL, why TEXT NOT NULL,
    request BLOB NOT NULL, UNIQUE (origin, request)
);
CREATE TRIGGER heads_only_grow BEFORE UPDATE ON heads
    WHEN NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
    BEGIN SELECT RAISE(ABORT, 'a witness never goes back'); END;
"""


class StateError(Exception):
    """The file cannot be used, or not now."""


@dataclass(frozen=True)
class Head:
    """The last state of a log that was signed here."""

    size: int
    root: bytes
    note: str = ""
    """The checkpoint with the signatures of the log and of this witness."""


class State:
    """The file. Each use opens it anew, so that threads and processes can share it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with _translated(file), closing(self._open()) as connection:
            # Two programs that start at once must not both make the tables.
            connection.execute("BEGIN IMMEDIATE")
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found > SCHEMA_VERSION:
                raise StateError(f"{file} cannot be used. {LATER_VERSION}")
            if not found:
                for statement in filter(str.strip, SCHEMA.split(";\n")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")

    @contextmanager
    def alone(self) -> Iterator[Turn]:
        """Read and write while nobody else does. What the block wrote lasts when it has ended.

        Errors:
            StateError: the file cannot be used, or others hold it for too long.
        """
        with _translated(self.file), closing(self._open()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield Turn(connection)
            connection.execute("COMMIT")

    def keys_of(self, origin: str) -> list[note.Key]:
        """The keys that may sign for a log; none where it is not known here."""
        with _translated(self.file), closing(self._open()) as connection:
            return _keys_of(connection, origin)

    def logs(self) -> list[tuple[str, list[note.Key], Head | None]]:
        """The logs that are known here, their keys, and what was signed last of each."""
        with _translated(self.file), closing(self._open()) as connection:
            rows = connection.execute("SELECT DISTINCT origin FROM logs ORDER BY origin").fetchall()
            return [
                (row[0], _keys_of(connection, row[0]), _head(connection, row[0])) for row in rows
            ]

    def head(self, origin: str) -> Head | None:
        """What was signed last of a log."""
        with _translated(self.file), closing(self._open()) as connection:
            return _head(connection, origin)

    def add_log(self, key: note.Key) -> None:
        """Believe a key that it signs for the log that is named like it."""
        with self.alone() as turn:
            turn.add_log(key)

    def remove_log(self, origin: str) -> bool:
        """Sign nothing of a log any more; what was signed last is kept. Whether it was known."""
        with self.alone() as turn:
            return turn.remove_log(origin)

    def evidence(self) -> list[tuple[str, int, str, bytes]]:
        """What logs signed and this witness could not follow: origin, when, why, the request."""
        with _translated(self.file), closing(self._open()) as connection:
            query = "SELECT origin, seen_at, why, request FROM evidence ORDER BY id"
            return connection.execute(query).fetchall()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, timeout=WAIT_SECONDS, isolation_level=None)
        # What was answered must not be forgotten when the power fails.
        connection.execute("PRAGMA synchronous = FULL")
        return connection


class Turn:
    """A transaction in which nobody else writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def head(self, origin: str) -> Head | None:
        """What was signed last of a log."""
        return _head(self._connection, origin)

    def put_head(self, state: note.Checkpoint, signed: str, at: int) -> None:
        """Remember a newer state."""
        self._connection.execute(
            "INSERT INTO heads VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET "
            "size = excluded.size, root = excluded.root, note = excluded.note, "
            "signed_at = excluded.signed_at",
            (state.origin, state.size, state.root, signed, at),
        )

    def add_log(self, key: note.Key) -> None:
        """As `State.add_log`."""
        values = (key.name, str(key))
        self._connection.execute("INSERT OR IGNORE INTO logs VALUES (?, ?)", values)

    def remove_log(self, origin: str) -> bool:
        """As `State.remove_log`."""
        done = self._connection.execute("DELETE FROM logs WHERE origin = ?", (origin,))
        return done.rowcount > 0

    def keep_evidence(self, origin: str, at: int, why: str, request: bytes) -> None:
        """Keep what a log signed and cannot be followed."""
        query = "SELECT count(*) FROM evidence WHERE origin = ?"
        (kept,) = self._connection.execute(query, (origin,)).fetchone()
        if kept < MOST_EVIDENCE:
            self._connection.execute(
                "INSERT OR IGNORE INTO evidence (origin, seen_at, why, request) "
                "VALUES (?, ?, ?, ?)",
                (origin, at, why, request),
            )


def _keys_of(connection: sqlite3.Connection, origin: str) -> list[note.Key]:
    rows = connection.execute("SELECT vkey FROM logs WHERE origin = ? ORDER BY vkey", (origin,))
    return [note.Key.parse(row[0]) for row in rows]


def _head(connection: sqlite3.Connection, origin: str) -> Head | None:
    query = "SELECT size, root, note FROM heads WHERE origin = ?"
    row = connection.execute(query, (origin,)).fetchone()
    return Head(row[0], row[1], row[2]) if row else None


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(f"{file} cannot be used: {error}.") from error
