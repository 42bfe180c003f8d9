"""Who reads begins nothing on PostgreSQL; who writes begins with the first statement."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from appliance.db.engine import EngineOptions, make_engine, read_only
from appliance.db.postgresql_line import Last, LastError, Line
from tests.peers.postgresql import PostgresqlServer

ONE = sa.select(sa.literal(1))
BROKEN = sa.text("SELECT 1 / 0")
ADD = sa.text("INSERT INTO notes VALUES (:words)")
ALL = sa.text("SELECT words FROM notes")


@pytest.fixture
def engine(postgresql: PostgresqlServer) -> Iterator[sa.Engine]:
    """One connection, used again and again, to a database with a table."""
    engine = make_engine(postgresql.create("lines"), EngineOptions(pool_size=1))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE notes (words text)"))
    yield engine
    engine.dispose()
    postgresql.drop("lines")


def _status(connection: sa.Connection) -> TransactionStatus:
    line = connection.connection.driver_connection
    assert isinstance(line, psycopg.Connection)
    return line.info.transaction_status


def test_reading_begins_nothing_and_cannot_write(engine):
    with read_only(engine).begin() as connection:
        assert connection.execute(ONE).scalar() == 1
        assert _status(connection) is TransactionStatus.IDLE
    with (
        pytest.raises(sa.exc.DBAPIError, match="read-only"),
        read_only(engine).begin() as connection,
    ):
        connection.execute(ADD, {"words": "no"})


@pytest.mark.parametrize(
    "given", [{"words": "one"}, [{"words": "one"}], [{"words": "one"}, {"words": "two"}]]
)
def test_writing_begins_with_the_first_statement_and_ends_as_a_whole(engine, given):
    connection = engine.connect()
    for _ in range(8):  # The driver prepares what it sees again.
        connection.execute(ADD, given)
        assert _status(connection) is TransactionStatus.INTRANS
        connection.rollback()
        assert _status(connection) is TransactionStatus.IDLE
    assert connection.execute(ALL).all() == []
    connection.execute(ADD, given)
    connection.commit()
    wanted = given if isinstance(given, list) else [given]
    assert connection.execute(ALL).mappings().all() == wanted
    connection.close()


def test_a_first_statement_that_fails_leaves_a_connection_that_works(engine):
    for _ in range(8):
        with pytest.raises(sa.exc.DBAPIError, match="division by zero"), engine.begin() as first:
            first.execute(BROKEN)
    with engine.begin() as connection:
        connection.execute(ADD, {"words": "one"})
        with pytest.raises(sa.exc.DBAPIError), connection.begin_nested():
            connection.execute(BROKEN)
    with read_only(engine).connect() as connection:
        assert connection.execute(ALL).scalars().all() == ["one"]


def test_a_transaction_that_asked_nothing_leaves_nothing_begun(engine):
    with engine.begin():
        pass
    line = engine.raw_connection()
    cursor = line.cursor()
    cursor.execute("SELECT 1")
    assert line.driver_connection.info.transaction_status is TransactionStatus.IDLE
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        cursor.execute("INSERT INTO notes VALUES ('no')")
    line.close()


def _add_last(connection: sa.Connection, words: bytes | None, *more: bytes) -> Line:
    line = connection.connection.driver_connection
    assert isinstance(line, Line)
    statement = b"INSERT INTO notes VALUES ($1 || '')"
    line.last = tuple(Last(statement, [each], [0]) for each in (words, *more))
    return line


def test_what_is_written_and_what_is_to_be_written_last_take_one_exchange_each(engine, tmp_path):
    written = tmp_path / "trace"
    for _ in range(8):  # What is prepared once is known then.
        with engine.begin() as connection, written.open("wb") as trace:
            line = _add_last(connection, b"one", b"two")
            line.pgconn.trace(trace.fileno())
            connection.execute(ADD, {"words": "zero"})
            connection.commit()
            line.pgconn.untrace()
        directions = [each.split("\t")[1] for each in written.read_text().splitlines()]
        assert [way for way, _ in itertools.groupby(directions)] == ["F", "B", "F", "B"]
    with read_only(engine).connect() as connection:
        assert connection.execute(ALL).scalars().all() == ["zero", "one", "two"] * 8


def test_what_is_refused_last_takes_everything_with_it_and_the_next_is_written(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE notes ADD CHECK (words <> 'bad')"))
    for words in (b"bad", b"good", b"bad", b"good", b"bad"):
        with engine.connect() as connection:
            connection.execute(ADD, {"words": "first"})
            line = _add_last(connection, words, b"also")
            if words == b"bad":
                with pytest.raises(sa.exc.DBAPIError, match="violates check") as refused:
                    connection.commit()
                assert isinstance(refused.value.orig, LastError)
            else:
                connection.commit()
        assert line.last == ()
        assert line.info.transaction_status is TransactionStatus.IDLE
    with read_only(engine).connect() as connection:
        assert connection.execute(ALL).scalars().all() == ["first", "good", "also"] * 2


def test_only_what_is_last_begins_and_ends_a_transaction_too(engine):
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        connection.rollback()
        connection.begin()
        _add_last(connection, b"alone")
        connection.commit()
        assert _status(connection) is TransactionStatus.IDLE
    with read_only(engine).connect() as connection:
        assert connection.execute(ALL).scalars().all() == ["alone"]


def test_what_the_driver_let_the_server_forget_is_prepared_again(engine):
    for ending in ("commit", "rollback", "commit"):
        with engine.connect() as connection:
            for _ in range(8):  # The driver prepares what it sees again, and forgets all with this.
                connection.execute(ADD, {"words": "many"})
            _add_last(connection, b"last")
            getattr(connection, ending)()
    with read_only(engine).connect() as connection:
        assert connection.execute(ALL).scalars().all() == (["many"] * 8 + ["last"]) * 2
