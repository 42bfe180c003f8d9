"""Lines in conflict are found in each version, whatever stands before them."""

from __future__ import annotations

from appliance.domain.conflict_marks import ranges

BASE = b"1\n2\n3\n4\n"
OURS = b"0\n1\ntwo\n3\nfour\n"
THEIRS = b"1\nzwei\nzwei\n3\n"
DRAFT = (
    b"0\n1\n<<<<<<< topic\ntwo\n||||||| base\n2\n=======\nzwei\nzwei\n>>>>>>> main\n3\n"
    b"<<<<<<< topic\nfour\n||||||| base\n4\n=======\n>>>>>>> main\n"
)


def test_each_version_has_its_lines():
    assert ranges(DRAFT, (OURS, BASE, THEIRS)) == (
        (range(2, 3), range(4, 5)),
        (range(1, 2), range(3, 4)),
        (range(1, 3),),
    )


def test_what_is_not_there_or_not_marked_has_none():
    assert ranges(DRAFT, (None, b"", b"else\n")) == ((), (), ())
    assert ranges(BASE, (OURS, BASE, THEIRS)) == ((), (), ())
    assert ranges(b"=======\n2\n", (OURS, BASE, THEIRS)) == ((), (), ())
