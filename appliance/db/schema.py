"""Bring a database to the schema this release needs.

Alembic takes 11 MiB, so a process imports it when it changes a schema. What every process asks at
its start, the names of the files and one table answer.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance import places
from appliance.db.failures import NO_ANSWER
from appliance.errors import ConflictError, UnavailableError, sentence

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = places.beside_package("migrations")
REVISION = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Alembic's one row."""


def configuration(connection: sa.Connection) -> Config:
    """Alembic's configuration for an open connection."""
    config: Config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def newest() -> str:
    """The revision this release needs."""
    revisions = known()
    if not revisions:
        raise UnavailableError(
            sentence("There are no migrations in %(migrations)s.", migrations=MIGRATIONS)
        )
    return max(revisions)


def known() -> frozenset[str]:
    """Every revision of this release: they are one line, numbered by their files."""
    return frozenset(file.name[:4] for file in MIGRATIONS.glob("versions/[0-9]*_*.py"))


def present(engine: sa.Engine) -> str | None:
    """The revision the database is at; None if it is empty."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(REVISION.name):
            return None
        revision: str | None = connection.scalar(sa.select(REVISION.c.version_num))
        return revision


def bring_up_to_date(engine: sa.Engine) -> None:
    """Bring the database to what this release needs, if it is not there yet.

    Errors:
        ConflictError: a newer release has used it.
        UnavailableError: it does not answer.
    """
    is_at = _present_or_unavailable(engine)
    if is_at == newest():
        return
    _insist_on_known(is_at)
    try:
        upgrade(engine)
    except sa.exc.OperationalError as error:
        raise UnavailableError(NO_ANSWER) from error


def insist_on_newest(engine: sa.Engine) -> None:
    """Go on only if the database is at what this release needs.

    Errors:
        ConflictError: it is older or newer.
        UnavailableError: it does not answer.
    """
    is_at = _present_or_unavailable(engine)
    if is_at == newest():
        return
    _insist_on_known(is_at)
    raise ConflictError("The database is not at this release yet. Run `codara migrate`.")


def _present_or_unavailable(engine: sa.Engine) -> str | None:
    try:
        return present(engine)
    except sa.exc.OperationalError as error:
        raise UnavailableError(NO_ANSWER) from error


def _insist_on_known(revision: str | None) -> None:
    if revision is not None and revision not in known():
        raise ConflictError(
            sentence(
                "The database is at revision %(revision)s, which this release does not "
                "know: a newer release has used it. Install that release, or restore a "
                "backup made before.",
                revision=revision,
            )
        )


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the database up, in one transaction: all of it or nothing."""
    with engine.begin() as connection:
        _command().upgrade(configuration(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the database down to a revision, in one transaction."""
    with engine.begin() as connection:
        _command().downgrade(configuration(connection), revision)


def _command() -> ModuleType:
    return importlib.import_module("alembic.command")


def is_described(name: str | None, *_: object) -> bool:
    """Whether a table or an index is one of the models'. That of words differs by database."""
    return not (name or "").startswith(("audit_words", "said_words"))
