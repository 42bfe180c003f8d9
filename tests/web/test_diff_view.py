"""Lines of a diff: numbered, paired, and marked where words changed."""

from __future__ import annotations

import pytest

from appliance.web import diff_view

RAW = [
    ("same", b"def total():"),
    ("removed", b"    return one + two"),
    ("removed", b"    pass"),
    ("added", b"    return one * two"),
    ("same", b""),
    ("added", b"end = True\r"),
]


def test_each_side_has_its_own_numbers():
    rows = diff_view.lines(RAW, old=7, new=9, path=b"a.py")

    assert [(row.kind[0], row.old, row.new) for row in rows] == [
        ("s", 7, 9),
        ("r", 8, None),
        ("r", 9, None),
        ("a", None, 10),
        ("s", 10, 11),
        ("a", None, 12),
    ]
    assert diff_view.Hunk(heading=b"@@", lines=rows).last == 12


def test_side_by_side_a_removed_line_meets_the_one_in_its_place():
    rows = diff_view.lines(RAW, old=1, new=1, path=b"a.py")

    shape = [(left and left.old, right and right.new) for left, right in diff_view.pairs(rows)]

    assert shape == [(1, 1), (2, 2), (3, None), (4, 3), (None, 4)]


def test_only_changed_words_are_marked():
    rows = diff_view.lines(
        [("removed", b"x = one + <two>"), ("added", b"x = one * <two>")], old=1, new=1, path=b"a"
    )

    assert [row.html for row in rows] == [
        "x = one <mark>+</mark> &lt;two&gt;",
        "x = one <mark>*</mark> &lt;two&gt;",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [("alpha beta", "1 2 3 4 5 6 7"), ("x " * 300, "y " * 300), ("same", "same")],
)
def test_lines_with_little_in_common_or_nothing_to_say_carry_no_marks(old, new):
    assert diff_view.changed_words(old, new) == ([], [])


def test_runs_of_unequal_length_carry_no_marks():
    rows = diff_view.lines(RAW[:4], old=1, new=1, path=b"a.py")

    assert not any("<mark>" in row.html for row in rows)
