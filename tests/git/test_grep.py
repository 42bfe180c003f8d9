"""Search by regular expressions: what is found, where, and how little an expression can cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InvalidError, NotFoundError
from appliance.git import grep, limits
from appliance.git.grep import Found, Wanted
from tests.git.builder import Builder
from tests.git.test_tree import HOSTILE

CODE = b"def one():\n    return 1\n\n\ndef two():\n    return one() + 1\n"


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def places(built, oid, pattern, **wanted: object):
    found = grep.search(built.at, oid, Wanted(pattern, **wanted)).matches
    return [(each.path, each.line, each.column) for each in found]


def test_lines_are_found_with_their_places(built):
    oid = built.commit({b"a.py": CODE, b"dir/b.txt": b"x\none more", b"bin": b"\0one"})

    assert places(built, oid, r"\bone\b") == [
        *((b"a.py", 1, 5), (b"a.py", 6, 12), (b"dir/b.txt", 2, 1)),
    ]
    assert places(built, oid, r"^def \w+\(\):$") == [(b"a.py", 1, 1), (b"a.py", 5, 1)]
    assert places(built, oid, "ONE", ignore_case=True, path=b"dir") == [(b"dir/b.txt", 2, 1)]
    assert places(built, oid, "one()", is_literal=True) == [(b"a.py", 1, 5), (b"a.py", 6, 12)]
    assert places(built, oid, "on", whole_words=True) == []
    assert places(built, oid, "one", path=b"not/there") == []


def test_a_match_stays_in_its_line_and_a_line_is_found_once(built):
    oid = built.commit({b"a": b"a a\nb\n\na\n"})

    assert places(built, oid, r"a[\s\S]*b") == []
    assert places(built, oid, "a") == [(b"a", 1, 1), (b"a", 4, 1)]
    assert places(built, oid, "^$") == [(b"a", 3, 1)]


def test_lines_around_a_match_come_along(built):
    oid = built.commit({b"a": b"1\n2\n3 here\n4\n5\n"})
    (found,) = grep.search(built.at, oid, Wanted("here", around=2)).matches
    assert found == Found(b"a", 3, 3, 7, b"3 here", (b"1", b"2"), (b"4", b"5"))
    (first,) = grep.search(built.at, oid, Wanted("1", around=1)).matches
    assert (first.before, first.after) == ((), (b"2",))


@pytest.mark.parametrize("name", HOSTILE)
def test_files_of_any_name_are_searched(built, name):
    oid = built.commit({b"d/" + name: b"needle \xff\n"})
    (found,) = grep.search(built.at, oid, Wanted("needle")).matches
    assert (found.path, found.content) == (b"d/" + name, b"needle \xff")


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("*.py", b"a.py", True),
        ("*.py", b"deep/er/a.py", True),
        ("src/*.py", b"src/a.py", True),
        ("src/*.py", b"src/deep/a.py", False),
        ("src/**", b"src/deep/a.py", True),
        ("src/**/a.py", b"src/a.py", True),
        ("**/test_?.py", b"x/y/test_1.py", True),
        ("a+b.[c]", b"a+b.[c]", True),
        ("*.py", b"a.pyc", False),
        ("*", b"caf\xe9\n", True),
    ],
)
def test_globs_name_files(glob, path, fits):
    assert grep.fits(path, (glob,)) is fits
    assert grep.fits(path, ())


@pytest.mark.parametrize(
    "pattern",
    ["", "a\nb", "a\0b", "x" * 1001, "(", r"(a)\1", "(?=a)b", "[z-a]", "a{1001}", "(\\pL{90}){10}"],
)
def test_what_is_no_expression_or_too_large_is_refused(built, pattern):
    oid = built.commit({b"a": b"aaaa\n"})
    with pytest.raises(InvalidError):
        grep.search(built.at, oid, Wanted(pattern))


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+$b", "(.*)(.*)(.*)(.*)(.*)b"])
def test_what_drives_other_engines_mad_is_just_not_found(built, pattern):
    oid = built.commit({b"a": b"a" * 200_000 + b"\n"})
    found = grep.search(built.at, oid, Wanted(pattern))
    assert (found.matches, found.is_cut) == ((), False)


def test_limits_end_a_search_and_are_told(built):
    oid = built.commit({b"%d" % number: b"x\n" * 100 for number in range(10)})
    found = grep.search(built.at, oid, Wanted("x"), most=120)
    assert (len(found.matches), found.is_cut) == (120, True)
    late = grep.search(built.at, oid, Wanted("x"), seconds=-1.0)
    assert (late.matches, late.is_cut) == ((), True)
    large = built.commit({b"a": b"x" * (limits.GREP_FILE_BYTES + 1), b"b": b"\0x", b"c": b"y"})
    passed = grep.search(built.at, large, Wanted("x"))
    assert (passed.files, passed.skipped, passed.matches) == (1, 2, ())
    with pytest.raises(NotFoundError):
        grep.search(built.at, "1" * 40, Wanted("x"))


def test_long_files_are_searched_in_pieces(built):
    line = b"y" * 99 + b"\n"
    oid = built.commit({b"a": line * 5000 + b"here\n"})
    assert places(built, oid, "^here$") == [(b"a", 5001, 1)]
    long = built.commit({b"a": b"y" * 200_000 + b" end\nlast\n"})
    assert places(built, long, "last") == [(b"a", 2, 1)]
    assert len(grep.search(built.at, long, Wanted("y")).matches[0].content) == 1000


def test_small_files_together_are_as_each_alone(tmp_path):
    built = Builder(tmp_path / "many.git")
    files = {b"d/%03d" % number: b"one\ntwo %d" % number for number in range(300)}
    commit = built.commit({**files, b"d/150": b"three", b"z": b"x" * limits.GREP_PIECE_BYTES})
    for pattern, count in ((r"\Athree\z", 1), (r"^three$", 1), (r"(?-m)^one", 299), (r"9\z", 30)):
        found = grep.search(built.at, commit, Wanted(pattern), most=1000)
        assert (len(found.matches), found.files) == (count, 301)
