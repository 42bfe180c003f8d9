"""Code on a page: the same lines, coloured, with nothing hidden."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from appliance.web import highlight


class Texts(HTMLParser):
    """What a browser would copy, and the tags and classes it would build."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.copied, self.tags, self.classes = "", set[str](), set[str]()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.copied += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.classes |= set((dict(attrs).get("class") or "").split())


def copied(lines: list[Markup]) -> list[str]:
    return [Texts(str(line)).copied for line in lines]


PYTHON = b'def greet(name):\n    """Say\n    hello."""\n    return f"<{name}>" + 1  # x\n'


def test_a_file_keeps_its_lines_and_a_string_its_colour_over_them():
    code = highlight.highlight(PYTHON, path=b"src/greet.py")

    assert copied(code.lines) == PYTHON.decode().splitlines()
    assert (code.language, code.encoding, code.is_highlighted) == ("Python", "UTF-8", True)
    assert [line.count('class="c"') for line in code.lines] == [0, 1, 1, 1]
    assert "&lt;" in code.lines[3]


@given(
    st.binary(max_size=200), st.sampled_from([b"a.py", b"a.html", b"a.yaml", b"a.c", b"a", b"\xff"])
)
def test_no_content_makes_markup_of_its_own(content, path):
    code = highlight.highlight(content, path=path)

    for line in code.lines:
        found = Texts(str(line))
        assert found.tags <= {"span", "bdi"}
        assert found.classes <= {*highlight.CLASS_OF.values(), "odd"}


@given(st.text(st.sampled_from("ab =\"'#<&\t\n\r(){}*/\u202e\u00e9"), max_size=80))
def test_what_is_copied_is_what_is_in_the_file(text):
    code = highlight.highlight(text.encode(), path=b"a.py")
    expected = text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
    if text.replace("\r\n", "\n") == "\n":
        expected = [""]

    assert copied(code.lines) == [line.replace("\r", "") for line in expected]


@pytest.mark.parametrize(
    ("path", "content", "language"),
    [
        (b"Makefile", b"all:\n\tcc\n", "Makefile"),
        (b"x.h", b"int x;\n", "C"),
        (b"run", b"#!/usr/bin/env python3\nprint(1)\n", "Python"),
        (b"run", b"#!/bin/sh\necho\n", "Bash"),
        (b"caf\xe9.JS", b"let a = 1\n", "JavaScript"),
        (b"notes", b"just words\n", "Text only"),
        (b"a.no-such-ending", b"x\n", "Text only"),
    ],
)
def test_the_language_comes_from_the_name_or_the_first_line(path, content, language):
    assert highlight.highlight(content, path=path).language == language


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        ("é".encode(), "UTF-8", "é"),
        (b"\xef\xbb\xbfmarked", "UTF-8", "marked"),
        ("weit".encode("utf-16"), "UTF-16", "weit"),
        (b"caf\xe9", "Latin-1", "café"),
        (b"", "UTF-8", ""),
    ],
)
def test_old_encodings_are_read(content, encoding, text):
    code = highlight.highlight(content, path=b"a.txt")

    assert code.encoding == encoding
    assert "\n".join(copied(code.lines)) == text


def test_direction_marks_are_shown_and_reported():
    code = highlight.highlight("if admin: \u2066# no\u2069\n".encode(), path=b"a.py")

    assert code.is_deceptive
    assert 'data-odd="⟨U+2066⟩"' in code.lines[0]
    assert "LEFT-TO-RIGHT ISOLATE" in code.lines[0]
    assert not highlight.highlight("ordinary — “words”\n".encode(), path=b"a.py").is_deceptive


def test_large_and_long_lined_files_stay_plain():
    large = b"x = 1\n" * (highlight.MAX_HIGHLIGHT_BYTES // 6 + 1)
    long = b"var a='" + b"y" * highlight.MAX_LINE_CHARACTERS + b"';\n"

    assert not highlight.highlight(large, path=b"a.py").is_highlighted
    assert "<span" not in highlight.highlight(long, path=b"a.js").lines[0]


def test_marks_cut_through_colours():
    row = [("k", "def "), ("nf", "total"), ("", "(x)")]

    html = highlight.line(row, [(2, 6)])

    assert unescape(Texts(str(html)).copied) == "def total(x)"
    assert html == (
        '<span class="k">de</span><mark><span class="k">f </span></mark>'
        '<mark><span class="nf">to</span></mark><span class="nf">tal</span>(x)'
    )


def test_a_snippet_in_an_unknown_language_is_plain():
    assert highlight.snippet("a < b\n", "no-such-language") == "a &lt; b"
