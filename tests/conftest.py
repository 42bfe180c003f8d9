"""Both databases, closed sockets, and `world`."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
import structlog

from appliance import garbage
from appliance.db import schema
from appliance.db.engine import make_engine, sqlite_url
from script.environment import compile_translations
from tests import compiled
from tests.peers.postgresql import PostgresqlServer
from tests.quickest import GIB, quickest_place
from tests.world import World, copy_sqlite

pytest_plugins = ["tests.peers.fixtures"]

# Where `tmp_path` is made, in this process and in those that it starts.
if (place := quickest_place(room_bytes=4 * GIB)) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(place))

compiled.remember()

# The same cases in every run, and as much time for one as a busy machine needs. Who searches for
# new ones has --hypothesis-profile=default.
hypothesis.settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("steady")


def pytest_collection_finish() -> None:
    """What was imported stays: garbage collections that look at all of it take a third of the time
    of all tests.
    """
    garbage.settle()
    gc.collect()  # Or what comes is measured by the size of what was left out.


def pytest_configure(config: pytest.Config) -> None:
    """Compile what was translated since, for those who start pytest themselves."""
    if not hasattr(config, "workerinput"):
        compile_translations()


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """What a test, or the product in it, says of logging for its process ends with the test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def _no_home_is_left() -> Iterator[None]:
    """Commands and workers set the home for their whole process: it ends with the test."""
    yield
    os.environ.pop("CODARA_HOME", None)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest revision; tests copy it."""
    file = tmp_path_factory.mktemp("template") / "codara.db"
    engine = make_engine(sqlite_url(file))
    schema.upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgresqlServer) -> str:
    """The name of a PostgreSQL database at the newest revision; tests copy it."""
    engine = make_engine(postgresql.create("migrated"))
    schema.upgrade(engine)
    engine.dispose()
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own, once on each of the two."""
    if request.param == "sqlite":
        yield copy_sqlite(request.getfixturevalue("migrated_sqlite"), tmp_path / "home")
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    template: str = request.getfixturevalue("migrated_postgresql")
    name = f"test_{uuid4().hex}"
    yield server.create(name, template=template)
    server.drop(name)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Generator[World]:
    """An appliance with nobody in it, and quick ways to put somebody there."""
    world = World(tmp_path / "home", database_url)
    yield world
    world.close()
