"""Lines of a diff: numbered, paired, and marked where words changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import Babel

from appliance.git.diff_parse import DiffFile, Hunk, Line, LineKind, Status
from appliance.git.diff_words import Marks
from appliance.web import diff_view
from appliance.web.pages.file_list import tree


def row(
    kind: LineKind,
    old: int | None,
    new: int | None,
    content: bytes,
    marks: Marks = (),
    *,
    has_newline: bool = True,
) -> Line:
    return Line(kind, old, new, content, has_newline, marks)


SAME, ADDED, DELETED = LineKind.CONTEXT, LineKind.ADDED, LineKind.DELETED
LINES = (
    row(SAME, 1, 1, b"def total():"),
    row(DELETED, 2, None, b"    return one + two", ((15, 16),)),
    row(DELETED, 3, None, b"    pass"),
    row(ADDED, None, 2, b"    return one * two", ((15, 16),)),
    row(SAME, 4, 3, b""),
    row(ADDED, None, 4, b"end = True\r", has_newline=False),
)
FILE = DiffFile(
    status=Status.MODIFIED,
    old_path=b"a.py",
    new_path=b"a.py",
    old_mode=0o100644,
    new_mode=0o100644,
    old_oid="1" * 40,
    new_oid="2" * 40,
    similarity=None,
    added=2,
    deleted=2,
    is_binary=False,
    is_lfs=False,
    hunks=(Hunk(1, 4, 1, 4, b"class Ledger:", LINES),),
)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        yield


def test_a_file_keeps_what_git_said():
    shown = diff_view.file(FILE)

    assert (shown.status, shown.additions, shown.deletions, shown.note) == ("changed", 2, 2, None)
    assert shown.hunks[0].heading == b"@@ -1,4 +1,4 @@ class Ledger:"
    assert shown.hunks[0].last == 4
    assert [(row.kind, row.old, row.new) for row in shown.hunks[0].lines] == [
        ("same", 1, 1),
        ("removed", 2, None),
        ("removed", 3, None),
        ("added", None, 2),
        ("same", 4, 3),
        ("added", None, 4),
    ]
    assert [row.missing_end for row in shown.hunks[0].lines] == [False] * 5 + [True]


def test_side_by_side_a_removed_line_meets_the_one_in_its_place():
    rows = diff_view.lines(LINES, path=b"a.py")

    shape = [(left and left.old, right and right.new) for left, right in diff_view.pairs(rows)]

    assert shape == [(1, 1), (2, 2), (3, None), (4, 3), (None, 4)]


def test_only_changed_words_are_marked_and_escaped():
    changed = row(ADDED, None, 1, "é <b> = Ünïcode".encode(), ((3, 6), (9, 18)))

    assert diff_view.lines([changed], path=b"a")[0].html == (
        "é <mark>&lt;b&gt;</mark> = <mark>Ünïcode</mark>"
    )


def test_marks_fit_lines_of_older_encodings():
    changed = row(ADDED, None, 1, b"caf\xe9 = two", ((7, 10),))

    assert diff_view.lines([changed], path=b"a")[0].html == "café = <mark>two</mark>"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"is_binary": True, "hunks": ()}, "changed", "binary"),
        ({"is_lfs": True}, "changed", "large file"),
        ({"hunks": None}, "changed", "left out"),
        ({"hunks": (), "new_mode": 0o100755}, "mode", "100644 to 100755"),
        ({"hunks": (), "status": Status.RENAMED, "old_path": b"b"}, "renamed", "did not change"),
        ({"status": Status.TYPE_CHANGED, "new_mode": 0o120000}, "type", "120000"),
        ({"status": Status.DELETED, "new_mode": 0}, "removed", None),
    ],
)
def test_what_lines_cannot_say_is_said_in_words(changes, status, words):
    shown = diff_view.file(replace(FILE, **changes))

    assert shown.status == status
    assert (words is None and shown.note is None) or words in shown.note


def test_files_stand_in_folders_and_lone_folders_are_told_together():
    class Shown:
        def __init__(self, path: bytes) -> None:
            self.drawn = type("Drawn", (), {"path": path})

    found = tree([Shown(path) for path in (b"a/b/c.py", b"a/b/d.py", b"e/f.py", b"top")])
    assert [(each.name, [name for name, _ in each.files]) for each in found.inner] == [
        (b"a/b", [b"c.py", b"d.py"]),
        (b"e", [b"f.py"]),
    ]
    assert [name for name, _ in found.files] == [b"top"]
