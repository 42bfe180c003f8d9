"""One stage for each database, for all tables of a process."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.permissions.actors import make_content
from tests.permissions.stage import Stage
from tests.world import World, copy_sqlite


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository to fill those of the actors with."""
    return make_content(tmp_path_factory.mktemp("content"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, content: Path
) -> Generator[Stage]:
    """Every actor, in a world that the tests of a process share."""
    home = tmp_path_factory.mktemp("stage") / "home"
    made = _on_sqlite if request.param == "sqlite" else _on_postgresql
    yield from made(request, home, content)


@pytest.fixture
def stage(shared_stage: Stage) -> Generator[Stage]:
    """The same, and as it was once the test is over."""
    yield shared_stage
    shared_stage.reset()


def _on_sqlite(request: pytest.FixtureRequest, home: Path, content: Path) -> Generator[Stage]:
    world = World(home, copy_sqlite(request.getfixturevalue("migrated_sqlite"), home))
    file, spare = home / "codara.db", home.parent / "spare.db"

    def again() -> None:
        # Under another name: who still has the file of before open must not read this one, and
        # takes away what lies beside a file of that name when a garbage collection closes it.
        before, fresh = file.resolve(), file.with_name(f"stage-{uuid4().hex}.db")
        shutil.copyfile(spare, fresh)
        link = fresh.with_suffix(".link")
        link.symlink_to(fresh.name)
        link.replace(file)
        for old in home.glob(f"{before.name}*"):
            if old != file:
                old.unlink()

    stage = Stage(world, content, again)
    world.wiring.database.engine.dispose()  # What is beside the file goes into it.
    shutil.copyfile(file, spare)
    yield stage
    world.close()


def _on_postgresql(request: pytest.FixtureRequest, home: Path, content: Path) -> Generator[Stage]:
    server = request.getfixturevalue("postgresql")
    name, spare = f"stage_{uuid4().hex}", f"spare_{uuid4().hex}"
    url = server.create(name, template=request.getfixturevalue("migrated_postgresql"))
    home.mkdir()
    world = World(home, url)

    def again() -> None:
        server.drop(name)
        server.create(name, template=spare)

    stage = Stage(world, content, again)
    world.wiring.database.engine.dispose()  # A template has no other visitors.
    server.create(spare, template=name)
    yield stage
    world.close()
    server.drop(name)
    server.drop(spare)
