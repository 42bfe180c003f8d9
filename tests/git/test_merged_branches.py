"""Which branches were ahead of the line that has all of their commits now."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.git import merged_branches
from tests.git.builder import Builder


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_what_came_in_by_a_merge_or_was_there_before_the_line_was_ahead(built):
    first = built.commit({b"a": b"1"})
    second = built.commit({b"a": b"2"}, parents=[first])
    side = built.commit({b"a": b"1", b"b": b"1"}, parents=[first], branch=None)
    head = built.commit({b"a": b"2", b"b": b"1"}, parents=[second, side])

    def ahead(oid, beside):
        return (oid, beside) in merged_branches.ahead_once(built.at, head, [(oid, beside)])

    assert ahead(side, None)  # Merged.
    assert ahead(second, first)  # The line was moved there later.
    assert not ahead(second, None)  # Nobody knows.
    assert not ahead(second, second)  # It was made where the line was,
    assert not ahead(first, head)  # or at an earlier place of it,
    assert not ahead(first, side)  # or of what it had beside.
    assert ahead(second, side)
    assert merged_branches.ahead_once(built.at, "0" * 40, [(side, None)]) == frozenset()
