"""Where a whole directory waits on disk while it is compared with what is known here.

A file without a name, which is gone when the process is, however it ends. What it holds of a
directory of any size is not held in memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

TABLES = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    (
        "CREATE TABLE people (number INTEGER PRIMARY KEY, subject TEXT UNIQUE, dn TEXT, said TEXT,"
        " former TEXT, name TEXT, is_twice INTEGER DEFAULT 0)"
    ),
    "CREATE INDEX people_former ON people (former) WHERE former <> ''",
    "CREATE TABLE members (member TEXT, above TEXT)",
    "CREATE TABLE steps (number INTEGER PRIMARY KEY, kind TEXT, step TEXT)",
)
INDEX = "CREATE INDEX IF NOT EXISTS members_member ON members (member)"


@dataclass(frozen=True)
class Row:
    """A person as they were read."""

    number: int
    subject: str
    dn: str
    """Plain, as groups name them."""
    said: dict[str, Any]
    is_twice: bool
    """Whether two entries say that they are them."""


class Spool:
    """What was read of one directory, and what is to follow from it."""

    def __init__(self, folder: Path) -> None:
        with NamedTemporaryFile(dir=folder, prefix="directory-") as file:
            self._file = sqlite3.connect(file.name, isolation_level=None)
            for each in TABLES:
                self._file.execute(each)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def clear(self) -> None:
        """Forget everything: it is read anew."""
        for table in ("people", "members", "steps"):
            self._file.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words.

    def add_people(self, rows: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
        """Keep subjects with their plain DNs and what was said of them."""
        written = [
            (subject, dn, json.dumps(said), said["former_subject"], said["name"])
            for subject, dn, said in rows
        ]
        with self._together():
            self._file.executemany(
                "INSERT INTO people (subject, dn, said, former, name) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (subject) DO UPDATE SET is_twice = 1",
                written,
            )

    def add_members(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep who is directly in which group, both by plain DN."""
        with self._together():
            self._file.executemany("INSERT INTO members VALUES (?, ?)", rows)

    def ready(self) -> None:
        """All was read: from now on it is asked."""
        self._file.execute(INDEX)

    def above(self, member: str) -> list[str]:
        """The groups that somebody or some group is directly in."""
        query = "SELECT above FROM members WHERE member = ?"
        return [row[0] for row in self._file.execute(query, (member,))]

    def people(self, after: int, limit: int) -> list[Row]:
        """Some people, in the order in which they were read."""
        query = "SELECT number, subject, dn, said, is_twice FROM people WHERE number > ?"
        found = self._file.execute(f"{query} ORDER BY number LIMIT ?", (after, limit))
        return [
            Row(number, subject, dn, json.loads(said), bool(is_twice))
            for number, subject, dn, said, is_twice in found
        ]

    def count(self) -> int:
        """How many people were read."""
        found: int = self._file.execute("SELECT count(*) FROM people").fetchone()[0]
        return found

    def knows(self, subjects: Sequence[str]) -> set[str]:
        """Those of these subjects that were read."""
        marks = ", ".join("?" * len(subjects))
        query = f"SELECT subject FROM people WHERE subject IN ({marks})"  # noqa: S608 - marks only.
        return {row[0] for row in self._file.execute(query, list(subjects))}

    def knows_formerly(self, subjects: Sequence[str]) -> set[tuple[str, str]]:
        """Of those that earlier releases called so, what they were called, and their names."""
        marks = ", ".join("?" * len(subjects))
        query = f"SELECT former, name FROM people WHERE former <> '' AND former IN ({marks})"  # noqa: S608 - marks only.
        return set(self._file.execute(query, list(subjects)).fetchall())

    def add_steps(self, steps: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Keep what is to follow, by its kind."""
        written = [(kind, json.dumps(step)) for kind, step in steps]
        with self._together():
            self._file.executemany("INSERT INTO steps (kind, step) VALUES (?, ?)", written)

    def steps(self, *, kind: str = "", size: int) -> Iterator[list[dict[str, Any]]]:
        """What is to follow, some at a time, all or of one kind; each names its `number` and
        `kind`.
        """
        after = 0
        query = "SELECT number, kind, step FROM steps WHERE number > ? AND (? = '' OR kind = ?)"
        while True:
            values = (after, kind, kind, size)
            found = self._file.execute(f"{query} ORDER BY number LIMIT ?", values).fetchall()
            if not found:
                return
            after = found[-1][0]
            yield [{**json.loads(step), "number": number, "kind": of} for number, of, step in found]

    def replace_step(self, number: int, kind: str, step: dict[str, Any] | None) -> None:
        """Let something else follow, or nothing."""
        if step is None:
            self._file.execute("DELETE FROM steps WHERE number = ?", (number,))
            return
        values = (kind, json.dumps(step), number)
        self._file.execute("UPDATE steps SET kind = ?, step = ? WHERE number = ?", values)

    def counts(self) -> dict[str, int]:
        """How much is to follow, by kind."""
        return dict(self._file.execute("SELECT kind, count(*) FROM steps GROUP BY kind").fetchall())

    def _together(self) -> sqlite3.Connection:
        self._file.execute("BEGIN")
        return self._file
