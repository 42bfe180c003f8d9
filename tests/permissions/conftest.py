"""What the tables of Git operations are played on."""

from __future__ import annotations

import pytest

from tests.permissions.git_stage import git_stage
from tests.world import World, copy_sqlite


@pytest.fixture(scope="module")
def stage(tmp_path_factory, migrated_sqlite):
    folder = tmp_path_factory.mktemp("git")
    home = folder / "home-of-it"
    world = World(home, copy_sqlite(migrated_sqlite, home))
    with git_stage(world, folder) as stage:
        yield stage
    world.close()
