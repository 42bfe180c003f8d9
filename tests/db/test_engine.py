"""Both databases keep time, wait for locks only so long, and let readers read only."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from appliance.db.audit_log import AuditBody, AuditLeaf
from appliance.db.engine import EngineOptions, is_sqlite, make_engine
from appliance.db.unit_of_work import Database
from appliance.db.users import Owner, User
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.errors import UnavailableError
from tests.world import NOON

# Counting so far takes every machine longer than the limit, and it is one statement on both.
NUMBERS = sa.select(sa.literal(1).label("x")).cte("numbers", recursive=True)
NUMBERS = NUMBERS.union_all(sa.select(NUMBERS.c.x + 1).where(NUMBERS.c.x < 2_000_000_000))
ENDLESS = {
    "one row at the end": sa.select(sa.func.count()).select_from(NUMBERS),
    "a few rows at once": sa.select(NUMBERS.c.x).where(NUMBERS.c.x < 3),
}


@pytest.fixture
def impatient(world):
    """The same database, with little patience for statements and locks."""
    options = EngineOptions(statement_timeout_seconds=0.2, lock_timeout_seconds=0.2, pool_size=1)
    engine = make_engine(
        world.wiring.database.engine.url.render_as_string(hide_password=False), options
    )
    yield Database(engine, world.settings)
    engine.dispose()


@pytest.mark.parametrize("statement", ENDLESS)
@pytest.mark.parametrize("opens", ["begin", "reading"])
def test_a_statement_has_so_long_and_the_connection_lives_on(impatient, opens, statement):
    with pytest.raises(UnavailableError), getattr(impatient, opens)(appliance()) as work:
        work.session.execute(ENDLESS[statement]).all()
    with impatient.reading(appliance()) as work:
        assert work.session.scalar(sa.select(sa.literal(1))) == 1


def paint(work, theme):
    work.session.execute(sa.update(User).values(theme=theme))
    work.record(events.UserReinstated())


def test_a_lock_is_waited_for_only_so_long(world, impatient):
    world.user("writer")
    with world.begin(appliance()) as first:
        paint(first, "dark")
        with pytest.raises(UnavailableError), impatient.begin(appliance()) as second:
            paint(second, "light")
        with impatient.reading(appliance()) as reader:
            assert reader.session.scalar(sa.select(User.theme)) == "auto"
    assert world.one(sa.select(User.theme)) == "dark"


def test_writers_that_read_first_do_not_lose_each_others_change(world):
    world.user("writer")
    rounds, start = 5, threading.Barrier(2)

    def append():
        start.wait()
        for _ in range(rounds):
            with world.begin(appliance()) as work:
                query = sa.select(User).with_for_update()
                user = work.session.scalar(query)
                user.display_name += "x"
                work.record(events.UserReinstated())

    threads = [threading.Thread(target=append) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.one(sa.select(User.display_name)) == "x" * 2 * rounds


@pytest.mark.parametrize(
    "write",
    [
        lambda work: work.session.execute(sa.update(User).values(theme="dark")),
        lambda work: work.session.execute(sa.delete(User)),
        lambda work: (work.record(events.UserReinstated()), work.session.flush()),
    ],
)
def test_who_reads_cannot_write(world, write):
    actor = world.user("writer")
    with pytest.raises(DBAPIError), world.reading(actor) as work:
        write(work)
    assert world.one(sa.select(User.theme)) == "auto"
    with world.begin(actor) as work:  # The same connection, and it writes again.
        work.session.scalar(sa.select(User)).theme = "dark"
        work.record(events.UserReinstated())
    assert world.events() == ["user.reinstated"]


@pytest.mark.promise("P18")
@pytest.mark.parametrize("verb", ["update", "delete", "truncate", "replace"])
def test_nothing_changes_or_removes_an_event(world, verb):
    actor = world.user("writer")
    with world.begin(actor) as work:
        work.record(events.UserReinstated(about=actor.id))
        work.record(events.AccessRefused(reason="refused", attempt="a"))
    engine = world.wiring.database.engine
    if verb == "truncate" and is_sqlite(engine):
        verb = "delete"  # SQLite has no other way to empty a table.
    if verb == "replace" and not is_sqlite(engine):
        verb = "update"  # PostgreSQL has no such way to insert.
    world.keep_log()
    for table in (AuditLeaf, AuditBody):
        statement = {
            "replace": sa.insert(table)
            .prefix_with("OR REPLACE")
            .from_select(
                [column.name for column in table.__table__.columns], sa.select(table.__table__)
            ),
            "update": sa.update(table).values(idx=7),
            "delete": sa.delete(table),
            "truncate": sa.text(f"TRUNCATE {table.__tablename__} CASCADE"),
        }[verb]
        with pytest.raises(DBAPIError, match="only grows"), engine.begin() as connection:
            connection.execute(statement)
    assert world.events() == ["user.reinstated", "access.refused"]


@pytest.mark.parametrize(
    "row",
    [
        sa.insert(User).values(id=new_id(), name="n", pseudonym="p", created_at=NOON),
        sa.insert(Owner).values(id=new_id(), kind="user", name=None, name_key="n"),
        sa.insert(sa.table("owners", sa.column("id"), sa.column("kind"))).values(
            id=new_id().hex, kind="robot"
        ),
    ],
    ids=["without its owner", "without a name", "of no known kind"],
)
def test_the_database_keeps_its_own_promises(world, row):
    with pytest.raises(IntegrityError), world.wiring.database.engine.begin() as connection:
        connection.execute(row)
