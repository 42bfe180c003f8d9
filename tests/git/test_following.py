"""Lines are followed from one commit to another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import NotFoundError
from appliance.git import following
from appliance.git.following import Anchor, Step, follow, found_again, moved
from tests.git.builder import Builder

LINES = [b"line number %d" % number for number in range(1, 31)]
TEXT = b"\n".join(LINES) + b"\n"


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_lines_move_with_what_comes_and_goes_above_them(built):
    old = built.commit({b"a": TEXT, b"b": b"same\n"})
    changed = [b"new", b"new", *LINES[:10], *LINES[11:20], b"came", *LINES[20:]]
    new = built.commit({b"a": b"\n".join(changed) + b"\n", b"b": b"same\n"}, parents=[old])
    anchors = [
        Anchor(b"a", 1, 1),
        Anchor(b"a", 10, 10),
        Anchor(b"a", 10, 12),
        Anchor(b"a", 12, 14),
        Anchor(b"a", 19, 22),
        Anchor(b"a", 30, 30),
        Anchor(b"b", 1, 1),
    ]
    assert follow(built.at, old, new, anchors) == [
        Anchor(b"a", 3, 3),
        Anchor(b"a", 12, 12),
        None,
        Anchor(b"a", 13, 15),
        Anchor(b"a", 20, 24),
        Anchor(b"a", 32, 32),
        Anchor(b"b", 1, 1),
    ]
    assert follow(built.at, old, old, anchors) == anchors


def test_lines_are_found_in_a_file_that_was_renamed_or_where_they_were_moved(built):
    tail = [*LINES[5:], *LINES[:5]]
    old = built.commit({b"a": TEXT, b"c": TEXT, b"gone": b"x\n"})
    new = built.commit(
        {b"b/a": b"first\n" + TEXT, b"c": b"\n".join(tail) + b"\n"},
        parents=[old],
    )
    anchors = [Anchor(b"a", 7, 8), Anchor(b"c", 2, 3), Anchor(b"gone", 1, 1)]
    assert follow(built.at, old, new, anchors) == [
        Anchor(b"b/a", 8, 9),
        Anchor(b"c", 27, 28),
        None,
    ]


def test_a_commit_that_is_not_there_is_not_found(built):
    old = built.commit({b"a": TEXT})
    with pytest.raises(NotFoundError):
        follow(built.at, old, "0" * 40, [Anchor(b"a", 1, 1)])


@given(st.lists(st.tuples(st.sampled_from(["same", "gone", "came"]), st.integers(1, 4))))
def test_a_line_that_stays_is_where_it_is_and_one_that_went_is_not(script):
    old: list[int] = []
    new: list[int] = []
    steps, serial = [], 0
    for what, count in script:
        numbers = list(range(serial, serial + count))
        serial += count
        if what == "same":
            old, new = old + numbers, new + numbers
        elif what == "gone":
            steps.append(Step(len(old) + 1, count, len(new), 0))
            old = old + numbers
        else:
            steps.append(Step(len(old), 0, len(new) + 1, count))
            new = new + numbers
    for at, line in enumerate(old, 1):
        wanted = (new.index(line) + 1,) * 2 if line in new else None
        assert moved(steps, at, at) == wanted


def test_lines_that_say_little_or_stand_twice_are_not_looked_for():
    text = b"}\nif something_long:\n    go_on()\nelse_something_else()\n"
    assert found_again(text, b"\n\n" + text, 2, 3) == (4, 5)
    assert found_again(text, b"\n" + text, 1, 1) is None
    assert found_again(text, text + text, 2, 3) is None
    assert len(b"return None") < following.TELLING_BYTES
