"""Git over HTTPS, over SSH and with large files records what its table says; a stage of its own."""

from __future__ import annotations

import pytest

from tests.permissions.git_operations import HTTPS, LFS, SSH
from tests.permissions.git_stage import git_stage_of_its_own
from tests.permissions.recorded import GIT
from tests.permissions.test_git_table import over_https, over_ssh, with_lfs


@pytest.fixture(scope="module")
def stage(tmp_path_factory, migrated_sqlite):
    yield from git_stage_of_its_own(tmp_path_factory.mktemp("git"), migrated_sqlite)


@pytest.mark.parametrize("operation", GIT)
def test_what_an_owner_does_is_recorded(stage, tmp_path, operation):
    door, _, what = operation.partition(" ")
    act = {"https": over_https, "ssh": over_ssh}.get(door)
    before = len(stage.world.events())
    if act is None:
        with_lfs(stage, "boss", "lab/private", what)
    else:
        act(stage, "boss", "lab/private", what, tmp_path)
    recorded = [each for each in stage.world.events()[before:] if not each.startswith("audit.")]

    assert set(recorded) == set(GIT[operation].split())


def test_the_table_of_what_is_recorded_names_every_operation_that_changes_or_gives():
    named = {f"https {each}" for each in HTTPS} | {f"ssh {each}" for each in SSH}
    refused = {"https force protected", "https delete protected"}
    lfs = {each.removeprefix("lfs ") for each in GIT if each.startswith("lfs ")}

    assert named - refused == {each for each in GIT if not each.startswith("lfs ")}
    assert set(LFS) - lfs == {"download", "upload", "list locks", "verify locks"}
