"""Statements and templates are compiled once in a process, not once for each test.

Every test has an engine and an application of its own, which know nothing of what others have
compiled: that was most of what a test took. In the product one of each serves a process, which has
all in its memory soon.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

MOST = 4000


class Compiled(BytecodeCache):
    """Templates as some application of this process has compiled them, by their text."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was compiled of this name; it is believed only if the text is the same."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class Remembering(DefaultDialect):
    """A dialect that is the same as another that was made of the same; see Dialect.engine_created
    for how its engines come to have one memory.
    """

    _compiled: ClassVar[LRUCache[Any, Any]] = LRUCache(MOST)

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self._made_of = (type(self), *sorted((name, str(value)) for name, value in words.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remembering) and self._made_of == other._made_of

    def __hash__(self) -> int:
        return hash(self._made_of)

    @classmethod
    def engine_created(cls, engine: sa.Engine) -> None:
        """Let it look into the memory of all."""
        engine.update_execution_options(compiled_cache=cls._compiled)


class Sqlite(Remembering, SQLiteDialect_pysqlite):
    """SQLite, as the product speaks it."""

    supports_statement_cache = True


class Postgresql(Remembering, PGDialect_psycopg):
    """PostgreSQL, as the product speaks it."""

    supports_statement_cache = True


def remember() -> None:
    """Let all engines of this process that are made from now on have one memory."""
    registry.register("sqlite", __name__, Sqlite.__name__)
    registry.register("postgresql.psycopg", __name__, Postgresql.__name__)
