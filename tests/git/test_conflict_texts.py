"""Both sides of conflicts, what they come from, and a draft of what is to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import ConflictError
from appliance.git import conflict_texts
from appliance.git.conflicts import ConflictKind
from tests.git.builder import Builder

TEXT = b"".join(b"line %d\n" % number for number in range(20))


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_both_sides_and_the_base_are_told_and_nothing_is_written(built):
    base = built.commit({b"a": TEXT, b"b": b"\0", b"gone": b"x\n", b"plain": b"1\n"})
    ours = built.commit(
        {b"a": TEXT.replace(b"line 5\n", b"ours\n"), b"b": b"\0o", b"plain": b"1\n"},
        parents=[base],
    )
    theirs = built.commit(
        {
            b"a": TEXT.replace(b"line 5\n", b"theirs\n").replace(b"line 15\n", b"15\n"),
            b"b": b"\0t",
            b"gone": b"y\n",
            b"plain": b"2\n",
        },
        parents=[base],
    )
    before = sorted(built.at.rglob("objects/*/*"))
    found = {each.conflict.path: each for each in conflict_texts.read(built.at, ours, theirs)}
    assert sorted(built.at.rglob("objects/*/*")) == before
    assert {path: each.conflict.kind for path, each in found.items()} == {
        b"a": ConflictKind.CONTENT,
        b"b": ConflictKind.BINARY,
        b"gone": ConflictKind.MODIFY_DELETE,
    }
    text = found[b"a"]
    assert text.base == TEXT
    assert b"ours\n" in (text.ours or b"")
    assert b"<<<<<<< ours\nours\n||||||| base\nline 5\n=======\ntheirs\n>>>>>>> theirs\n" in (
        text.draft or b""
    )
    assert b"\n15\n" in (text.draft or b"")
    names = conflict_texts.Names(b"topic/-L", b"Before", "größe".encode())
    named = next(iter(conflict_texts.read(built.at, ours, theirs, names))).draft or b""
    for mark in ("<<<<<<< topic/-L\n", "||||||| Before\n", ">>>>>>> größe\n"):
        assert mark.encode() in named
    assert (found[b"b"].ours, found[b"b"].draft) == (None, None)
    assert (found[b"gone"].ours, found[b"gone"].theirs) == (None, b"y\n")
    assert conflict_texts.read(built.at, base, theirs) == ()


def test_histories_that_have_nothing_in_common_are_refused(built):
    one, other = built.commit({b"a": b"1\n"}), built.commit({b"a": b"2\n"})
    with pytest.raises(ConflictError):
        conflict_texts.read(built.at, one, other)
