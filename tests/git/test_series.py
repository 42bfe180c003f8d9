"""What became of a series of commits: by commit, as one difference, and file by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.domain.suggestions import Edit
from appliance.errors import ConflictError, NotFoundError, TooLargeError
from appliance.git import interdiff, limits, merging, range_diff, suggested_changes, write
from appliance.git.conflicts import Resolutions
from appliance.git.interdiff import State
from appliance.git.merging import Target
from appliance.git.range_diff import Fate, Series
from appliance.git.same_change import BlobPair, are_same
from tests.git.builder import Builder
from tests.git.merges import MAIN, MAKER, files_of, git

TEXT = b"".join(b"line %d\n" % number for number in range(1, 41))


def changed(*numbers: int, text: bytes = TEXT) -> bytes:
    for number in numbers:
        text = text.replace(b"line %d\n" % number, b"LINE %d\n" % number)
    return text


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def series(built: Builder, base: str, *contents: bytes) -> str:
    """Commits on top of a base, each with another content of one file."""
    head = base
    for number, content in enumerate(contents):
        message = b"Step %d.\n" % number
        head = built.commit({b"a": content}, parents=[head], branch=b"topic", message=message)
    return head


def rebased(built: Builder, head: str, onto: str) -> str:
    moved = merging.rebase(built.at, Target(MAIN, head), onto, maker=MAKER, said=Resolutions())
    assert moved.ref
    assert moved.ref.new
    return moved.ref.new


def test_a_rebase_shows_real_differences_only(built):
    base = built.commit({b"a": TEXT})
    old = series(built, base, changed(5), changed(5, 20))
    onto = built.commit({b"a": changed(39), b"other": b"x\n"}, parents=[base])
    same = rebased(built, old, onto)
    pairs = range_diff.compare(built.at, Series(base, old), Series(onto, same))
    assert [pair.fate for pair in pairs] == [Fate.SAME, Fate.SAME]
    assert pairs[1].old == old
    assert pairs[1].new == same
    found = interdiff.compare(built.at, State(base, old), State(onto, same))
    assert (found.diff.files, found.unmerged) == ((), frozenset())

    objects = sorted(built.at.rglob("objects/??/*"))
    edited = built.commit({b"a": changed(5, 20, 21, 39), b"other": b"x\n"}, parents=[onto])
    found = interdiff.compare(built.at, State(base, old), State(onto, edited))
    (file,) = found.diff.files
    (hunk,) = file.hunks or ()
    assert [line.content for line in hunk.lines if line.kind != " "] == [b"line 21", b"LINE 21"]
    alone = interdiff.of_file(built.at, State(base, old), State(onto, edited), [b"a", b"a"])
    assert alone == file
    assert len(sorted(built.at.rglob("objects/??/*"))) - len(objects) == len(
        {"blob", "tree", "commit"}
    )


def test_commits_that_came_went_or_changed_are_told_apart(built):
    base = built.commit({b"a": TEXT})
    old = series(built, base, changed(5), changed(5, 20), changed(5, 20, 33))
    new = series(built, base, changed(5), changed(5, 20, 21), changed(2, 5, 20, 21))
    pairs = range_diff.compare(built.at, Series(base, old), Series(base, new))
    fates = [pair.fate for pair in pairs]
    assert fates.count(Fate.SAME) == 1
    assert {Fate.CHANGED, Fate.GONE} & set(fates) or Fate.NEW in fates
    by_git = git(built.at, "range-diff", "-s", f"{base}..{old}", f"{base}..{new}")
    assert len(pairs) == len(by_git.splitlines())
    for pair in pairs:
        assert bool(pair.changes) == (pair.fate is Fate.CHANGED)
        assert (pair.old is None) == (pair.fate is Fate.NEW)
        assert (pair.new is None) == (pair.fate is Fate.GONE)


def test_an_edited_message_is_a_change(built):
    base = built.commit({b"a": TEXT})
    old = built.commit({b"a": changed(5)}, parents=[base], message=b"One.\n")
    new = built.commit({b"a": changed(5)}, parents=[base], message=b"Two.\n")
    (pair,) = range_diff.compare(built.at, Series(base, old), Series(base, new))
    assert pair.fate is Fate.CHANGED
    assert [change.content.strip() for change in pair.changes if change.outer in "+-"] == [
        b"One.",
        b"Two.",
    ]


def test_where_the_old_state_cannot_be_brought_along_the_path_is_named(built):
    base = built.commit({b"a": TEXT, b"b": b"b\n"})
    old = built.commit({b"a": changed(5), b"b": b"b\n"}, parents=[base])
    onto = built.commit({b"a": TEXT.replace(b"line 5\n", b"five\n"), b"b": b"b\n"}, parents=[base])
    new = built.commit({b"a": changed(5), b"b": b"b!\n"}, parents=[onto])
    found = interdiff.compare(built.at, State(base, old), State(onto, new))
    assert found.unmerged == {b"a"}
    assert [file.path for file in found.diff.files] == [b"b"]


def test_long_series_and_unknown_commits_are_refused(built, monkeypatch):
    base = built.commit({b"a": TEXT})
    old = series(built, base, changed(1), changed(2), changed(3))
    monkeypatch.setattr(limits, "SERIES_COMMITS", 2)
    with pytest.raises(TooLargeError):
        range_diff.compare(built.at, Series(base, old), Series(base, old))
    with pytest.raises(NotFoundError):
        interdiff.compare(built.at, State(base, old), State(base, "0" * 40))


def test_a_change_is_the_same_wherever_its_lines_are(built):
    def blob(content: bytes) -> str:
        return built.write(3, content)

    before = BlobPair(blob(TEXT), blob(changed(20)))
    moved = BlobPair(blob(b"top\n" + TEXT), blob(b"top\n" + changed(20)))
    other = BlobPair(blob(b"top\n" + TEXT), blob(b"top\n" + changed(20, 21)))
    near = BlobPair(blob(changed(18)), blob(changed(18, 20)))
    binary = BlobPair(blob(b"\0"), blob(b"\0\1"))
    gone = BlobPair("1" * 40, blob(TEXT))
    cases = [
        (before, before, True),
        (before, moved, True),
        (before, other, False),
        (before, near, False),
        (BlobPair(None, blob(TEXT)), BlobPair(None, blob(TEXT)), True),
        (binary, binary, True),
        (binary, BlobPair(blob(b"\0\2"), blob(b"\0\1")), False),
        (gone, before, False),
    ]
    assert are_same(built.at, [case[:2] for case in cases]) == [case[2] for case in cases]


def test_suggestions_of_several_files_become_one_commit(built):
    head = built.commit({b"a": TEXT, b"b": (0o100755, b"1\n2\n"), b"link": (0o120000, b"a")})
    edits = {b"a": [Edit(5, 5, "five\n"), Edit(1, 2, "")], b"b": [Edit(2, 2, "two\n")]}
    written = write.draft_files(
        built.at,
        b"main",
        suggested_changes.changes(built.at, head, edits),
        message=b"Apply.",
        author=MAKER.person,
    )
    wanted = TEXT.replace(b"line 5\n", b"five\n").removeprefix(b"line 1\nline 2\n")
    assert files_of(built, written.commit) == {
        b"a": (0o100644, wanted),
        b"b": (0o100755, b"1\ntwo\n"),
        b"link": (0o120000, b"a"),
    }
    for path in (b"none", b"link"):
        with pytest.raises(ConflictError):
            suggested_changes.changes(built.at, head, {path: [Edit(1, 1, "x\n")]})
