"""The Git door with real clients."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Role
from tests.web.git_client import GitClient, token


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


@pytest.fixture
def remote(served, writer):
    return served.remote("lab/notes", token(served.world, writer))


@pytest.fixture
def copy(git, tmp_path):
    return git.working_copy(tmp_path / "copy")


def test_a_push_and_a_clone_go_through(world, remote, git, copy, tmp_path):
    said = git("push", remote, "main", "v1", at=copy)
    git("clone", remote, "again", at=tmp_path)

    assert "remote:" not in said
    assert git("rev-parse", "HEAD", at=tmp_path / "again") == git("rev-parse", "HEAD", at=copy)
    assert world.events()[-2:] == ["git.pushed", "git.fetched"]
