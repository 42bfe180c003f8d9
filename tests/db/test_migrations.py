"""The tables are what the migrations make, and every step goes both ways on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from appliance.db import schema, tables
from appliance.db.engine import is_sqlite, make_engine

OPTIONS = {"compare_type": True, "include_name": schema.is_described}


@pytest.fixture
def engine(database_url):
    """A migrated database without an appliance around it."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def names(engine):
    there = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    return {name for name in there if schema.is_described(name)}


def triggers(engine):
    """How many triggers guard the log: against changing, removing, and truncating or replacing."""
    source = (
        sa.text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")
        if is_sqlite(engine)
        else sa.text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")
    )
    with engine.connect() as connection:
        return connection.scalar(source)


def test_tables_and_models_agree(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        assert compare_metadata(context, tables.metadata) == []
    assert names(engine) == set(tables.metadata.tables)
    assert schema.present(engine) == schema.newest()


def test_all_migrations_go_down_and_up_again(engine):
    schema.downgrade(engine, "base")
    assert names(engine) == set()
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        assert compare_metadata(context, tables.metadata) == []
    assert triggers(engine) == (29 if is_sqlite(engine) else 22)


def test_every_step_goes_down_and_up(engine):
    count = int(schema.newest())
    for number in range(count, 1, -1):
        schema.downgrade(engine, f"{number - 1:04}")
        assert schema.present(engine) == f"{number - 1:04}"
        schema.upgrade(engine, f"{number:04}")
        schema.downgrade(engine, f"{number - 1:04}")
    schema.upgrade(engine)
    assert names(engine) == set(tables.metadata.tables)
