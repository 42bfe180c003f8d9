"""SQLite or PostgreSQL: pools, time-outs, locks and read-only transactions."""

from __future__ import annotations

import math
import select
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from appliance.late import Late

if TYPE_CHECKING:
    import psycopg

    from appliance.db import postgresql_line
else:
    psycopg = Late("psycopg")
    postgresql_line = Late("appliance.db.postgresql_line")

SQLITE_OPCODES_BETWEEN_CHECKS = 20_000
POSTGRESQL_TRUSTED_SECONDS = 10.0
"""So long a silent connection is taken for alive; what lies between may forget it unsaid."""


@dataclass(frozen=True)
class EngineOptions:
    """How a database is spoken to. Times in seconds."""

    statement_timeout_seconds: float = 15
    lock_timeout_seconds: float = 4
    pool_size: int = 8


def make_engine(url: str, options: EngineOptions | None = None) -> sa.Engine:
    """An engine for a SQLAlchemy address; `sqlite:///FILE` or `postgresql+psycopg://...`."""
    options = options or EngineOptions()
    if url.startswith("sqlite"):
        return _sqlite(url, options)
    return _postgresql(url, options)


def sqlite_url(file: Path) -> str:
    """The address of a SQLite file."""
    return f"sqlite:///{file}"


def is_sqlite(bind: sa.Engine | sa.Connection) -> bool:
    """Whether this is SQLite; everything else is PostgreSQL."""
    return bind.dialect.name == "sqlite"


def read_only(engine: sa.Engine) -> sa.Engine:
    """The same engine, whose transactions the database itself keeps from writing."""
    return engine.execution_options(codara_read_only=True)


def _postgresql(url: str, options: EngineOptions) -> sa.Engine:
    settings = (
        f"-c statement_timeout={int(options.statement_timeout_seconds * 1000)} "
        f"-c lock_timeout={int(options.lock_timeout_seconds * 1000)} "
        f"-c idle_in_transaction_session_timeout=60000 -c timezone=UTC "
        # What may write says so at the beginning of a transaction; see postgresql_line.py.
        f"-c default_transaction_read_only=on"
    )
    engine = sa.create_engine(
        url,
        pool_size=options.pool_size,
        max_overflow=options.pool_size,
        pool_timeout=options.lock_timeout_seconds,
        pool_recycle=1800,
        connect_args={"options": settings, "connect_timeout": 5, "application_name": "codara"},
    )

    @sa.event.listens_for(engine, "do_connect")
    def _connect(
        dialect: sa.Dialect, record: ConnectionPoolEntry, words: Any, given: Any
    ) -> DBAPIConnection:
        del dialect, record
        given |= {"autocommit": True, "cursor_factory": postgresql_line.LineCursor}
        line = postgresql_line.Line.connect(*words, **given)
        return cast("DBAPIConnection", line)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # Who only reads needs no transaction: each statement would have its own view of the data
        # in there too, as READ COMMITTED is, and its two ends would cost a round trip each.
        reading = connection.get_execution_options().get("codara_read_only", False)
        line = cast("postgresql_line.Line", connection.connection.driver_connection)
        line.is_to_begin = not reading

    @sa.event.listens_for(engine, "checkin")
    def _note_rest(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        if connection is not None:
            line = cast("postgresql_line.Line", connection)
            line.is_to_begin, line.last = False, ()  # Nothing was asked of this transaction.
        record.info["resting_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _insist_on_life(
        connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection
    ) -> None:
        # A server that ends says so on the line, and a look at it costs nothing. Asking each time,
        # as `pool_pre_ping` does, would cost every transaction a round trip.
        del proxy
        rest = time.monotonic() - record.info.get("resting_since", math.inf)
        if _has_word(cast("psycopg.Connection", connection)) or rest > POSTGRESQL_TRUSTED_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except psycopg.Error as error:
                raise sa.exc.InvalidatePoolError("the database has gone") from error

    return engine


def _has_word(connection: psycopg.Connection) -> bool:
    """Whether the server has said something unasked, or hung up."""
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    return bool(line.poll(0))


def _sqlite(url: str, options: EngineOptions) -> sa.Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": options.lock_timeout_seconds, "check_same_thread": False},
        pool_size=options.pool_size,
        max_overflow=options.pool_size * 4,
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - for the type checker.
        # We begin transactions ourselves; the driver would begin them late and deferred.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # An acknowledged push survives a power cut.
            "foreign_keys = ON",
            "temp_store = MEMORY",
            "cache_size = -8000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        record.info["deadline"] = None

        def is_late() -> int:
            deadline = record.info["deadline"]
            return int(deadline is not None and time.monotonic() > deadline)

        connection.set_progress_handler(is_late, SQLITE_OPCODES_BETWEEN_CHECKS)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.info["deadline"] = None
        reading = connection.get_execution_options().get("codara_read_only", False)
        if connection.info.get("query_only") != reading:
            connection.exec_driver_sql(f"PRAGMA query_only = {int(reading)}")
            connection.info["query_only"] = reading
        # A writer takes its lock at once: two readers that both want to write would deadlock.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _start_clock(connection: sa.Connection, *_: Any) -> None:
        # It runs on while rows are fetched, because SQLite finds them only then.
        connection.info["deadline"] = time.monotonic() + options.statement_timeout_seconds

    return engine
