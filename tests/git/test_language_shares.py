"""Bytes by language: which files count, what .gitattributes say, and what is remembered."""

from __future__ import annotations

import time

import pytest

from appliance.domain import languages
from appliance.git import language_shares
from appliance.git.attributes import Attributes
from tests.git.builder import Builder

PYTHON = b"print(1)\n"
CSS = b".a { color: red }\n"


@pytest.fixture
def builder(tmp_path) -> Builder:
    return Builder(tmp_path / "repository.git")


def shares(builder: Builder, files, *, seconds: float = 10.0) -> dict[str, int] | None:
    return language_shares.shares(builder.at, builder.commit(files), seconds=seconds)


def test_the_largest_language_comes_first(builder):
    files = {
        b"a.css": CSS,
        b"b.py": PYTHON,
        b"deep/er/c.py": PYTHON * 3,
        b"notes.md": b"# x\n" * 99,
    }

    assert shares(builder, files) == {"Python": 4 * len(PYTHON), "CSS": len(CSS)}
    assert list(shares(builder, files) or ()) == ["Python", "CSS"]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        (b"Makefile", "Makefile"),
        (b"rules.mk", "Makefile"),
        (b"CMakeLists.txt", "CMake"),
        (b"Dockerfile", "Dockerfile"),
        (b"a.TSX", "TypeScript"),
        (b"main.tf", "HCL"),
        (b".bashrc", "Shell"),
        (b".py", None),
        (b"data.json", None),
        (b"LICENSE", None),
        (b"odd.\xff", None),
    ],
)
def test_a_name_tells_the_language(name, language):
    assert languages.by_name(name) == language


@pytest.mark.parametrize(
    ("line", "language"),
    [
        (b"#!/bin/sh\nx", "Shell"),
        (b"#!/usr/bin/env python3", "Python"),
        (b"#!/usr/bin/env -S node --x\n", "JavaScript"),
        (b"#! /usr/local/bin/perl5.36 -w\n", "Perl"),
        (b"#!/bin/unknown\n", None),
        (b"no script\n", None),
        (b"", None),
    ],
)
def test_a_first_line_tells_the_language(line, language):
    assert languages.by_first_line(line) == language


def test_scripts_without_an_ending_count(builder):
    assert shares(builder, {b"run": (0o100755, b"#!/bin/sh\n"), b"text": b"words\n"}) == {
        "Shell": 10
    }


def test_what_others_wrote_or_programs_made_does_not_count(builder):
    left_out = (
        b"vendor/a.py",
        b"deep/node_modules/x/a.js",
        b"docs/conf.py",
        b"a.min.js",
        b"api.pb.go",
        b"service_pb2.py",
        b"Third_Party/x.c",
    )
    assert shares(builder, {**dict.fromkeys(left_out, PYTHON), b"a.css": CSS}) == {"CSS": len(CSS)}


def test_links_and_submodules_do_not_count(builder):
    files = {b"a.py": (0o120000, b"b.py"), b"sub": (0o160000, b"1" * 40), b"a.css": CSS}
    assert shares(builder, files) == {"CSS": len(CSS)}


def test_headers_belong_to_the_language_around_them(builder):
    assert shares(builder, {b"a.h": b"x" * 5, b"a.c": b"x"}) == {"C": 6}
    assert shares(builder, {b"a.h": b"x" * 5, b"a.cpp": b"x"}) == {"C++": 6}


def test_attributes_leave_out_and_bring_back(builder):
    said = (
        b"made/** linguist-generated\n*.css -linguist-vendored\n"
        b"vendor/own.py linguist-vendored=false\n"
    )
    files = {
        b".gitattributes": said,
        b"made/deep/a.py": PYTHON,
        b"vendor/own.py": PYTHON * 2,
        b"vendor/other.py": PYTHON,
        b"vendor/a.css": CSS,
        b"inner/.gitattributes": b"a.py linguist-documentation\n",
        b"inner/a.py": PYTHON,
        b"a.py": PYTHON * 4,
    }
    assert shares(builder, files) == {"Python": 6 * len(PYTHON), "CSS": len(CSS)}


def test_attributes_name_a_language(builder):
    files = {b".gitattributes": b"*.x linguist-language=My-Language\n", b"a.x": b"12345"}
    assert shares(builder, files) == {"My Language": 5}


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        (b"*.c", b"a/b.c", True),
        (b"/*.c", b"a/b.c", False),
        (b"a/*.c", b"a/b.c", True),
        (b"a/*.c", b"a/b/c.c", False),
        (b"a/**/c.c", b"a/c.c", True),
        (b"**/gen/*", b"x/y/gen/a", True),
        (b"a/**", b"a/b/c", True),
        (b"file?[0-9].txt", b"file_7.txt", True),
        (b"file[!0-9]", b"file7", False),
        (b'"with space"', b"with space", True),
        (b"a+b(c", b"a+b(c", True),
        (b"[broken", b"[broken", True),
    ],
)
def test_patterns_mean_what_git_means(pattern, path, fits):
    said = Attributes().below(b"", pattern + b" linguist-vendored\n")
    assert (said.is_left_out(path) is True) == fits


def test_a_pattern_made_to_be_slow_is_not():
    said = Attributes().below(
        b"", (b"*a" * 200 + b"b linguist-vendored\n") + b"**/" * 200 + b"x y\n"
    )
    assert said.is_left_out(b"a" * 4000) is None


def test_a_long_line_of_space_is_read_like_any_other():
    assert Attributes().below(b"", b" " * 32_000 + b"x" + b" " * 32_000).rules == ()
    (rule,) = Attributes().below(b"", b" \t*.py\t linguist-vendored \r\n").rules
    assert rule.values == {b"linguist-vendored": b"true"}


def test_nonsense_in_attributes_harms_nothing(builder):
    nonsense = b"\xff\xfe [[ \n* linguist-\n[z-a] linguist-vendored\n" + b"a" * 10_000 + b"\n"
    assert shares(builder, {b".gitattributes": nonsense, b"a.py": PYTHON}) == {
        "Python": len(PYTHON)
    }


def test_an_answer_is_remembered_for_its_commit(builder):
    commit = builder.commit({b"a.py": PYTHON})
    assert language_shares.shares(builder.at, commit, seconds=0) is None
    counted = language_shares.shares(builder.at, commit, seconds=10)
    assert language_shares.shares(builder.at, commit, seconds=0) == counted
    other = builder.commit({b"a.css": CSS})
    assert language_shares.shares(builder.at, other, seconds=0) is None


def test_counting_ends_when_its_time_is_over(builder):
    files = {b"folder %d/%d.py" % (number % 40, number): PYTHON for number in range(8000)}
    start = time.monotonic()
    assert shares(builder, files, seconds=0.001) is None
    assert time.monotonic() > start
    assert shares(builder, files) == {"Python": 8000 * len(PYTHON)}


def test_of_too_many_files_nothing_is_said(builder, monkeypatch):
    monkeypatch.setattr(language_shares, "MOST_FILES", 100)
    files = {b"%d.py" % number: PYTHON for number in range(200)}
    assert shares(builder, files) == {}


def test_a_damaged_memory_is_counted_anew(builder):
    commit = builder.commit({b"a.py": PYTHON})
    place = builder.at / "codara"
    place.mkdir()
    (place / "languages.json").write_text("{broken")
    assert language_shares.shares(builder.at, commit, seconds=10) == {"Python": len(PYTHON)}
