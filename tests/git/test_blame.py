"""Who wrote which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InvalidError, NotFoundError, TooLargeError
from appliance.git.blame import blame
from tests.git.builder import Builder


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_each_line_has_the_commit_that_wrote_it(built):
    name = b'odd "\xff\n name'
    first = built.commit({name: b"one\ntwo\nthree\nfour\n"}, message=b"First\n\nBody.\n")
    second = built.commit(
        {name: b"one\nTWO\nthree\nfour"}, parents=[first], author=b"Other <o@example.org>"
    )
    found = blame(built.at, second, name)
    assert found.lines == (b"one", b"TWO", b"three", b"four")
    assert [(run.origin.oid, run.first_line, run.count) for run in found.runs] == [
        (first, 1, 1),
        (second, 2, 1),
        (first, 3, 1),
        (second, 4, 1),
    ]
    origin = found.runs[1].origin
    assert (origin.author.name, origin.author.email) == (b"Other", b"o@example.org")
    assert (origin.path, origin.previous) == (name, (first, name))
    assert (found.runs[0].origin.subject, found.runs[0].origin.previous) == (b"First", None)


def test_lines_that_came_under_another_name_say_so(built):
    text = b"".join(b"line %d\n" % number for number in range(30))
    first = built.commit({b"old": text})
    second = built.commit({b"new": b"top\n" + text}, parents=[first])
    found = blame(built.at, second, b"new")
    assert [(run.origin.path, run.first_line, run.first_line_then) for run in found.runs] == [
        (b"new", 1, 1),
        (b"old", 2, 1),
    ]
    assert found.runs[1].count == 30


def test_only_text_of_some_size_has_authors(built):
    oid = built.commit(
        {
            b"binary": b"\0",
            b"link": (0o120000, b"x"),
            b"empty": b"",
            b"long": b"\n" * 200_000,
            b"text": b"a\r\n\r\nb",
        }
    )
    for path in (b"binary", b"link"):
        with pytest.raises(InvalidError):
            blame(built.at, oid, path)
    with pytest.raises(TooLargeError):
        blame(built.at, oid, b"long")
    with pytest.raises(TooLargeError):
        blame(built.at, oid, b"text", most_bytes=3)
    with pytest.raises(NotFoundError):
        blame(built.at, oid, b"absent")
    assert blame(built.at, oid, b"empty").runs == ()
    assert blame(built.at, oid, b"text").lines == (b"a\r", b"\r", b"b")
