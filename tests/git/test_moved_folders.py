"""Folders that one side has moved: merges come to what git comes to, whatever the other did."""

from __future__ import annotations

import random

import pytest

from appliance.git import diff, lineage, merged_trees
from appliance.git.handles import opened
from appliance.git.moved_folders import leaves
from tests.git.builder import Builder
from tests.git.merges import by_git, git, merge, result, tree_at

FOLDERS = (b"a", b"a/b", b"a/b/c", b"d", b"d/e")
LINES = b"".join(b"line %d\n" % number for number in range(20))
Files = dict[bytes, bytes]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("moves") / "a.git")


def first(chance: random.Random) -> Files:
    """Some folders, in which some files are the same."""
    return {
        b"%s/%d" % (folder, number): b"%d\n%s" % (chance.randrange(40), LINES)
        for folder in FOLDERS
        for number in range(2)
    }


def moved(files: Files, old: bytes, new: bytes) -> Files:
    return {
        new + path.removeprefix(old) if path.startswith(old + b"/") else path: content
        for path, content in files.items()
    }


def changed(chance: random.Random, files: Files) -> Files:
    """One file of them changed, removed, or added."""
    found = dict(files)
    path = chance.choice(sorted(files))
    what = chance.randrange(4)
    if what == 0:
        found[path] += b"more\n"
    elif what == 1:
        found[path.rpartition(b"/")[0] + b"/new"] = b"new\n"
    elif what == 2:
        found[chance.choice((b"d/e/9", b"x", b"y"))] = b"something else\n"
    else:
        del found[path]
    return found


@pytest.mark.parametrize("seed", range(40))
def test_moved_folders_merge_as_git_merges_them(shared, seed):
    chance = random.Random(seed)  # noqa: S311 — the same in every run.
    files = first(chance)
    places = (chance.choice(FOLDERS), chance.choice((b"x", b"x/y", b"d/z", b"a/z")))
    sides = [moved(files, *places), changed(chance, changed(chance, files))]
    if seed % 3 == 0:
        sides[0] = changed(chance, sides[0])
    chance.shuffle(sides)
    base = shared.commit(files, branch=None)
    ours, theirs = (shared.commit(side, parents=[base], branch=None) for side in sides)
    assert result(shared, merge(shared, ours, theirs)) == by_git(shared, ours, theirs)


def test_a_folder_moved_as_a_whole_is_not_listed(shared):
    files = first(random.Random(1))  # noqa: S311 — the same in every run.
    base = shared.commit(files, branch=None)
    ours = shared.commit({**files, b"d/0": b"other\n"}, parents=[base], branch=None)
    theirs = shared.commit(moved(files, b"a", b"x"), parents=[base], branch=None)
    with opened(shared.at) as handle:
        trees = [tree_at(shared, commit) for commit in (base, ours, theirs)]
        found = leaves(handle, (trees[0], trees[1], trees[2]), float("inf"))
    assert list(found.files) == [b"d/0"]
    assert list(found.moved) == [b"a", b"x"]


def test_short_lines_part_where_git_says(shared):
    start = shared.commit({b"a": b"0"}, branch=None)
    line = [start]
    for number in range(lineage.MOST_STEPS + 5):
        line.append(shared.commit({b"a": b"%d" % number}, parents=line[-1:], branch=None))
    side = shared.commit({b"b": b"1"}, parents=[line[3]], branch=None)
    both = shared.commit({b"b": b"2"}, parents=[line[6], side], branch=None)
    lost = shared.commit({b"c": b"1"}, branch=None)
    found = lineage.parted(shared.at, line[9], side)
    assert found == line[3] == git(shared.at, "merge-base", line[9], side).strip()
    assert lineage.parted(shared.at, line[5], line[2]) == line[2]
    assert lineage.parted(shared.at, side, side) == side
    assert lineage.parted(shared.at, both, line[6]) is None
    assert lineage.parted(shared.at, lost, side) is None
    assert lineage.parted(shared.at, line[-1], side) is None
    assert lineage.parted(shared.at, "1" * 40, side) is None
    for one, other in ((both, line[8]), (line[-1], side), (both, both)):
        assert merged_trees.merge_bases(shared.at, one, other) == [
            git(shared.at, "merge-base", one, other).strip()
        ]
    assert diff.merge_base(shared.at, lost, side) is None
