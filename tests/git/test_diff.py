"""What changed between two commits, as data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import NotFoundError
from appliance.git import diff, limits
from appliance.git.diff import Options
from appliance.git.diff_parse import DiffFile, LineKind, Status
from appliance.git.diff_words import changed_words
from appliance.git.quoting import unquote
from tests.git.builder import Builder
from tests.git.test_tree import HOSTILE

TEXT = b"".join(b"line %d\n" % number for number in range(1, 31))


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def told(file: DiffFile) -> list[tuple[str, int | None, int | None, bytes, bool]]:
    return [
        (line.kind.value, line.old_number, line.new_number, line.content, line.has_newline)
        for hunk in file.hunks or ()
        for line in hunk.lines
    ]


def test_a_first_commit_is_told_against_nothing(built):
    oid = built.commit({b"a": b"1\n2"})
    found = diff.of_commit(built.at, oid)
    (file,) = found.files
    assert (found.old, found.total_files, found.added, found.deleted) == (None, 1, 2, 0)
    assert (file.status, file.path, file.old_mode, file.new_mode) == (
        Status.ADDED,
        b"a",
        0,
        0o100644,
    )
    assert told(file) == [("+", None, 1, b"1", True), ("+", None, 2, b"2", False)]


def test_hunks_have_line_numbers_and_sections(built):
    old = built.commit({b"a": b"int main()\n" + TEXT})
    new = built.commit(
        {b"a": b"int main()\n" + TEXT.replace(b"line 20", b"LINE 20")}, parents=[old]
    )
    (file,) = diff.of_commit(built.at, new, Options(context_lines=1)).files
    (hunk,) = file.hunks or ()
    assert (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count) == (20, 3, 20, 3)
    assert hunk.section == b"line 18" or hunk.section.startswith(b"line")
    assert told(file) == [
        (" ", 20, 20, b"line 19", True),
        ("-", 21, None, b"line 20", True),
        ("+", None, 21, b"LINE 20", True),
        (" ", 22, 22, b"line 21", True),
    ]
    assert [line.marks for line in hunk.lines] == [(), ((0, 4),), ((0, 4),), ()]
    assert (file.added, file.deleted) == (1, 1)


def test_lines_that_look_like_a_diff_are_lines(built):
    old = built.commit({b"a": b"-- a\n++ b\ndiff --git a/a b/a\n@@ -1 +1 @@\n\\ No newline\n"})
    new = built.commit({b"a": b"++ b\n-- c\n"}, parents=[old])
    (file,) = diff.of_commit(built.at, new).files
    assert [line[0] + line[3].decode() for line in told(file)] == [
        "--- a",
        " ++ b",
        "-diff --git a/a b/a",
        "-@@ -1 +1 @@",
        "-\\ No newline",
        "+-- c",
    ]


def test_a_merge_is_told_against_its_first_parent(built):
    base = built.commit({b"a": b"1\n"})
    ours = built.commit({b"a": b"1\n", b"ours": b"x\n"}, parents=[base])
    theirs = built.commit({b"a": b"2\n"}, parents=[base])
    merged = built.commit({b"a": b"2\n", b"ours": b"x\n"}, parents=[ours, theirs])
    found = diff.of_commit(built.at, merged)
    assert (found.old, [file.path for file in found.files]) == (ours, [b"a"])


def test_renames_modes_types_submodules_binaries_and_lfs_are_told(built):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 1\n"
    old = built.commit(
        {
            b"moved": TEXT,
            b"mode": b"x\n",
            b"type": b"x\n",
            b"sub": (0o160000, b"1" * 40),
            b"bin": b"\0",
            b"lfs": pointer % (b"a" * 64),
            b"gone": b"y\n",
        }
    )
    new = built.commit(
        {
            b"dir/moved": TEXT + b"more\n",
            b"mode": (0o100755, b"x\n"),
            b"type": (0o120000, b"target"),
            b"sub": (0o160000, b"2" * 40),
            b"bin": b"\0\1",
            b"lfs": pointer % (b"b" * 64),
        },
        parents=[old],
    )
    files = {file.path: file for file in diff.of_commit(built.at, new).files}
    moved = files[b"dir/moved"]
    assert (moved.status, moved.old_path, moved.added) == (Status.RENAMED, b"moved", 1)
    assert 90 < (moved.similarity or 0) < 100
    assert (files[b"mode"].mode_changed, files[b"mode"].hunks) == (True, ())
    assert files[b"type"].status is Status.TYPE_CHANGED
    assert [line[3] for line in told(files[b"type"])] == [b"x", b"target"]
    assert files[b"sub"].is_submodule
    assert [line[3][:19] for line in told(files[b"sub"])] == [
        b"Subproject commit 1",
        b"Subproject commit 2",
    ]
    assert (files[b"bin"].is_binary, files[b"bin"].hunks) == (True, ())
    assert files[b"lfs"].is_lfs
    assert files[b"gone"].status is Status.DELETED
    unfollowed = diff.of_commit(built.at, new, Options(find_renames=False))
    assert {file.status for file in unfollowed.files} == {
        Status.ADDED,
        Status.DELETED,
        Status.MODIFIED,
        Status.TYPE_CHANGED,
    }


def test_whitespace_can_be_ignored(built):
    old = built.commit({b"a": b"if x:\n  y\n", b"b": b"1 2\n", b"c": b"1\n"})
    new = built.commit({b"a": b"if x:\n    y\nz\n", b"b": b"12\n", b"c": b"2\n"}, parents=[old])
    files = {
        file.path: file
        for file in diff.of_commit(built.at, new, Options(ignore_whitespace=True)).files
    }
    assert [line[0] for line in told(files[b"a"])] == [" ", " ", "+"]
    assert (files[b"b"].hunks, files[b"b"].added) == ((), 0)
    assert (files[b"c"].added, files[b"c"].deleted) == (1, 1)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_told_with_their_hunks(built, name):
    old = built.commit({name: b"1\n", b"d/" + name: TEXT})
    new = built.commit({name: b"2\n", b"e/" + name: TEXT + b"x\n"}, parents=[old])
    files = {file.path: file for file in diff.of_commit(built.at, new).files}
    assert [line[3] for line in told(files[name])] == [b"1", b"2"]
    assert files[b"e/" + name].old_path == b"d/" + name
    one = diff.of_file(built.at, old, new, [b"d/" + name, b"e/" + name])
    assert one == files[b"e/" + name]


def test_files_over_the_limit_are_counted_and_their_hunks_loaded_later(built):
    old = built.commit({b"%02d" % number: b"old\n" for number in range(10)} | {b"x": TEXT})
    new = built.commit(
        {b"%02d" % number: b"new\n" * 5 for number in range(10)} | {b"y": TEXT}, parents=[old]
    )
    few = diff.between(built.at, old, new, Options(most_files=4))
    assert ([file.path for file in few.files], few.total_files, few.is_cut) == (
        [b"00", b"01", b"02", b"03"],
        11,
        True,
    )
    assert (few.added, few.deleted) == (50, 10)
    assert all(file.hunks for file in few.files)
    short = diff.between(built.at, old, new, Options(most_lines=15))
    assert [file.hunks is None for file in short.files][:4] == [False, False, True, True]
    assert {(file.added, file.deleted) for file in short.files} == {(5, 1), (0, 0)}
    assert (short.added, short.deleted) == (50, 10)
    later = diff.of_file(built.at, old, new, [b"07"])
    assert later is not None
    assert len(told(later)) == 6
    assert diff.of_file(built.at, old, new, [b"absent"]) is None


def test_one_endless_file_does_not_hide_the_others(built):
    long = b"".join(b"%d\n" % number for number in range(limits.DIFF_FILE_LINES + 10))
    oid = built.commit({b"a": b"1\n", b"long": long, b"z": b"1\n"})
    found = diff.of_commit(built.at, oid)
    assert [(file.path, file.hunks is None, file.added) for file in found.files] == [
        (b"a", False, 1),
        (b"long", True, limits.DIFF_FILE_LINES + 10),
        (b"z", False, 1),
    ]
    assert found.is_cut


def test_comparing_begins_where_two_branches_parted(built):
    base = built.commit({b"a": b"1\n"})
    main = built.commit({b"a": b"1\n", b"main": b"x\n"}, parents=[base])
    topic = built.commit({b"a": b"2\n"}, parents=[base], branch=b"topic")
    lost = built.commit({b"b": b"1\n"}, branch=b"lost")
    assert diff.merge_base(built.at, main, topic) == base
    assert diff.merge_base(built.at, main, lost) is None
    compared = diff.compare(built.at, main, topic)
    assert (compared.old, [file.path for file in compared.files]) == (base, [b"a"])
    direct = diff.between(built.at, main, topic)
    assert [(file.path, file.status) for file in direct.files] == [
        (b"a", Status.MODIFIED),
        (b"main", Status.DELETED),
    ]
    assert diff.compare(built.at, main, lost).old is None
    assert diff.between(built.at, main, main).files == ()
    with pytest.raises(NotFoundError):
        diff.between(built.at, main, "1" * 40)
    with pytest.raises(NotFoundError):
        diff.compare(built.at, "main", topic)


line = st.binary(max_size=6).map(lambda text: text.replace(b"\n", b"").replace(b"\0", b""))
content = st.lists(line, max_size=12).flatmap(
    lambda lines: st.sampled_from([b"\n".join(lines), b"\n".join([*lines, b""])])
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(old=content, new=content)
def test_the_hunks_of_any_two_texts_turn_one_into_the_other(tmp_path_factory, old, new):
    built = Builder(tmp_path_factory.mktemp("diff") / "a.git")
    before = built.commit({b"a": old})
    after = built.commit({b"a": new}, parents=[before])
    files = diff.between(built.at, before, after, Options(context_lines=10_000)).files
    assert bool(files) == (old != new)
    for file in files:
        lines = told(file)
        for kind, text in ((LineKind.ADDED, old), (LineKind.DELETED, new)):
            kept = [row for row in lines if row[0] != kind.value]
            assert b"".join(row[3] + b"\n" * row[4] for row in kept) == text
            numbers = [row[1 if kind is LineKind.ADDED else 2] for row in kept]
            assert numbers == list(range(1, len(kept) + 1))


@settings(deadline=None)
@given(old=st.binary(max_size=60), new=st.binary(max_size=60))
def test_what_is_not_marked_is_the_same_in_both_lines(old, new):
    gone, come = changed_words(old, new)
    if gone or come:
        assert unmarked(old, gone) == unmarked(new, come)


def unmarked(text: bytes, marks: tuple[tuple[int, int], ...]) -> bytes:
    kept, position = b"", 0
    for start, end in marks:
        assert position <= start < end <= len(text)
        kept += text[position:start]
        position = end
    return kept + text[position:]


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        (b"return a + b", b"return a - b", ((9, 10),), ((9, 10),)),
        (b"f(a)", b"f(a, b)", (), ((3, 6),)),
        ("naïve über".encode(), "naïve unter".encode(), ((7, 12),), ((7, 12),)),
        (b"same", b"same", (), ()),
        (b"nothing alike", b"1234", (), ()),
    ],
)
def test_changed_words_are_marked(old, new, gone, come):
    assert changed_words(old, new) == (gone, come)


@settings(deadline=None)
@given(st.binary(max_size=20))
def test_quoted_paths_are_read_back(path):
    quoted = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
    assert unquote(quoted) == path
