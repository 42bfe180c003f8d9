"""`codara repo merge, rebase, cherry-pick, revert, reset`."""

from __future__ import annotations

import pytest


@pytest.fixture
def made(here, lab):
    """A repository with one commit that was taken back."""
    path = f"{lab}/moved"
    here("repo", "create", path, "--readme")
    began = here("repo", "revert", path, "main", "--dry-run", "--json").json["before"]
    reverted = here("repo", "revert", path, "main", "--json").json
    assert (reverted["result"], reverted["before"]) == ("done", began)
    return path, began, reverted["after"]


def test_commits_are_picked_and_taken_back(here, made):
    path, began, reverted = made
    picked = here("repo", "cherry-pick", path, began, "--record-origin", "--json").json
    assert (picked["before"], picked["new_commits"]) == (reverted, 1)
    assert here("repo", "cherry-pick", path, began).code == 5


def test_a_branch_is_reset_and_merged_where_it_was(here, made):
    path, began, reverted = made
    late = here("repo", "reset", path, began, "--expected-head", began, "--yes")
    assert late.code == 5
    assert here("repo", "reset", path, began, "--yes", "--json").json["after"] == began
    words = ("--method", "fast-forward", "--json")
    assert here("repo", "merge", path, reverted, *words).json["after"] == reverted
    assert "unchanged" in here("repo", "rebase", path, "main", "--yes").out
