"""A database whose audit log takes no events, for the length of a block."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import sqlalchemy as sa

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
