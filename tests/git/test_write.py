"""A change to files becomes a commit, without a working tree."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import ConflictError, InvalidError, NotFoundError, PreconditionError
from appliance.git import blobs, commits, refs, tree
from appliance.git.commits import Person
from appliance.git.tree import EntryKind
from appliance.git.write import Change, Move, Put, Remove, Written, commit_files
from tests.git.builder import Builder
from tests.git.test_tree import HOSTILE

WRITER = Person(b"Writer", b"writer@example.org", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 330)


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def write(built: Builder, *changes: Change, **more: str | None) -> Written:
    return commit_files(built.at, b"main", changes, message=b"Change.", author=WRITER, **more)


def content(built: Builder, commit: str) -> dict[bytes, bytes | None]:
    paths = tree.paths(built.at, commit).paths
    return {path: blobs.file(built.at, commit, path).content for path in paths}


def fsck(built: Builder) -> None:
    subprocess.run(
        ["git", "fsck", "--strict", "--no-dangling"], cwd=built.at, check=True, capture_output=True
    )


def test_the_first_commit_of_an_empty_repository(built):
    written = write(built, Put(b"README.md", b"# Notes\n"))
    commit = commits.read(built.at, written.commit)
    assert (commit.parents, commit.subject, commit.author) == ((), b"Change.", WRITER)
    assert content(built, written.commit) == {b"README.md": b"# Notes\n"}
    assert (written.ref.name, written.ref.old, written.ref.new) == (
        b"refs/heads/main",
        None,
        written.commit,
    )
    assert refs.head(built.at).oid == written.commit
    fsck(built)


def test_many_changes_become_one_commit(built):
    old = built.commit(
        {b"a": b"1", b"run": (0o100755, b"#!"), b"dir/b": b"2", b"dir/sub/c": b"3", b"dir.x": b"4"}
    )
    written = write(
        built,
        Put(b"run", b"#!new"),
        Put(b"dir/new/d", b"5"),
        Remove(b"a"),
        Move(b"dir/sub", b"moved/here"),
        Move(b"dir.x", b"dir-x"),
        expected_head=old,
    )
    assert content(built, written.commit) == {
        b"run": b"#!new",
        b"dir/b": b"2",
        b"dir/new/d": b"5",
        b"moved/here/c": b"3",
        b"dir-x": b"4",
    }
    assert tree.find(built.at, written.commit, b"run").kind is EntryKind.EXECUTABLE
    assert commits.read(built.at, written.commit).parents == (old,)
    fsck(built)


def test_folders_that_become_empty_are_gone(built):
    built.commit({b"a/b/c": b"1", b"x": b"1"})
    written = write(built, Remove(b"a/b/c"))
    assert [entry.name for entry in tree.folder(built.at, written.commit).entries] == [b"x"]
    again = write(built, Put(b"a", b"a file now"), Remove(b"x"))
    assert content(built, again.commit) == {b"a": b"a file now"}
    fsck(built)


def test_a_branch_that_moved_meanwhile_stays(built):
    old = built.commit({b"a": b"1"})
    new = built.commit({b"a": b"2"}, parents=[old])
    with pytest.raises(PreconditionError):
        write(built, Put(b"a", b"3"), expected_head=old)
    assert refs.head(built.at).oid == new


def test_of_many_writers_at_once_one_succeeds_and_the_others_look_again(built):
    old = built.commit({b"a": b"1"})

    def attempt(number: int) -> Written | None:
        try:
            return write(built, Put(b"a", b"%d" % (number + 2)), expected_head=old)
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as threads:
        written = [outcome for outcome in threads.map(attempt, range(8)) if outcome is not None]
    assert [outcome.commit for outcome in written] == [refs.head(built.at).oid]


def test_a_new_branch_begins_at_another_commit(built):
    old = built.commit({b"a": b"1"})
    written = commit_files(
        built.at, b"topic/x", [Put(b"b", b"2")], message=b"m", author=WRITER, start=old
    )
    assert content(built, written.commit) == {b"a": b"1", b"b": b"2"}
    assert commits.read(built.at, written.commit).parents == (old,)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (Put(b"a", b"1"), ConflictError),
        (Put(b"a/b", b"1"), ConflictError),
        (Put(b"dir", b"1"), ConflictError),
        (Remove(b"absent"), NotFoundError),
        (Remove(b"dir/absent"), NotFoundError),
        (Move(b"absent", b"x"), NotFoundError),
        (Move(b"a", b"dir/b"), ConflictError),
        (Move(b"dir", b"dir/x"), ConflictError),
        (Move(b"a", b"a"), ConflictError),
    ],
)
def test_what_does_not_fit_changes_nothing(built, change, error):
    old = built.commit({b"a": b"1", b"dir/b": b"2"})
    with pytest.raises(error):
        write(built, change)
    assert refs.head(built.at).oid == old


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"/a",
        b"a/",
        b"a//b",
        b".",
        b"a/../b",
        b"a\0b",
        b".git",
        b"x/.GIT/config",
        b"git~1",
        b".git ",
        b".git.",
        b".git::$INDEX_ALLOCATION",
        ".g\u200cit".encode(),
        b"x" * 256,
        b"a/" * 2048 + b"b",
    ],
)
def test_paths_that_git_or_a_file_system_refuses_are_refused(built, path):
    with pytest.raises(InvalidError):
        write(built, Put(path, b"1"))


@pytest.mark.parametrize("name", HOSTILE)
def test_any_other_name_can_be_written_moved_and_removed(built, name):
    write(built, Put(b"keep", b"1"), Put(b"d/" + name, b"2"))
    moved = write(built, Move(b"d/" + name, name))
    assert content(built, moved.commit) == {b"keep": b"1", name: b"2"}
    assert content(built, write(built, Remove(name)).commit) == {b"keep": b"1"}
    fsck(built)


parts = st.sampled_from([b"a", b"b", b"a.b", b"a-b", b"ab", b"B"])
paths = st.lists(parts, min_size=1, max_size=3).map(b"/".join)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(paths, st.binary(max_size=3)), min_size=1, max_size=8))
def test_trees_are_sorted_as_git_wants_them_whatever_is_written(tmp_path_factory, changes):
    built = Builder(tmp_path_factory.mktemp("write") / "a.git")
    expected: dict[bytes, bytes] = {}
    for path, data in changes:
        try:
            write(built, Put(path, data))
        except ConflictError:
            continue
        expected[path] = data
    assert content(built, refs.resolve(built.at, b"main").commit) == expected
    fsck(built)
