"""A database whose audit log takes no events, for the length of a block."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import sqlalchemy as sa

from appliance.db.base import Table
from appliance.db.outbox import JobRecord
from appliance.db.pushes import Push, PushedRef

REFUSE = "CREATE FUNCTION deaf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'deaf'; END $$"
DEAF = {
    "sqlite": (
        "CREATE TRIGGER deaf BEFORE INSERT ON audit_queue BEGIN SELECT RAISE(ABORT, 'deaf'); END",
    ),
    "postgresql": (
        REFUSE,
        "CREATE TRIGGER deaf BEFORE INSERT ON audit_queue FOR EACH ROW EXECUTE FUNCTION deaf()",
    ),
}
HEARING = {
    "sqlite": ("DROP TRIGGER deaf",),
    "postgresql": ("DROP TRIGGER deaf ON audit_queue", "DROP FUNCTION deaf()"),
}


def audited_rows(engine: sa.Engine) -> dict[str, list[str]]:
    """All rows whose changes are recorded; also intents of pushes, and promised jobs."""
    tables = [each.local_table for each in Table.registry.mappers if each.class_.audited]
    tables += [each.__table__ for each in (JobRecord, Push, PushedRef)]
    with engine.connect() as connection:
        return {
            str(table): sorted(map(str, connection.execute(sa.select(table)))) for table in tables
        }


@contextmanager
def deaf_log(engine: sa.Engine) -> Generator[None]:
    """Nothing can be recorded in here."""
    _run(engine, DEAF)
    try:
        yield
    finally:
        _run(engine, HEARING)


def _run(engine: sa.Engine, words: dict[str, tuple[str, ...]]) -> None:
    with engine.begin() as connection:
        for statement in words[engine.dialect.name]:
            connection.execute(sa.text(statement))
