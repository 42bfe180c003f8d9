"""Source code becomes lines of safe HTML with coloured words.

Pygments reads the text; this module bounds its time and its input, keeps lines apart, and writes
few and short classes (static/code.css gives them colours). A character that deceives the eye is
marked and kept, so that what is copied is what is in the file.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename, get_lexer_by_name
from pygments.lexers.special import TextLexer
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

from appliance.web import characters

Pieces = list[tuple[str, str]]
"""One line: pairs of a class (or nothing) and its words."""

MAX_HIGHLIGHT_BYTES = 512 * 1024  # About 0.5 s of work; above it, plain text is kinder.
MAX_LINE_CHARACTERS = 5_000  # Longer lines are machine-made and make some lexers quadratic.
BUDGET_SECONDS = 1.0  # The rest of a file that takes longer stays plain.
CLOCK_EVERY = 2_000  # Tokens between two looks at the clock.
GUESS_CHARACTERS = 4_096  # What a lexer sees when two claim the same ending.
LINE_BREAK = re.compile(r"\r?\n")
DECEPTIVE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]")
"""Marks of direction and spaces without width: what source code is forged with."""

PREFERRED = {".h": "c", ".m": "objective-c", ".pl": "perl", ".t": "perl", ".inc": "php"}
PREFERRED |= {
    ".ts": "typescript",
    ".md": "markdown",
    ".sql": "sql",
    ".html": "html",
    ".v": "verilog",
}
"""Endings that several languages claim, and the one that is meant most of the time."""

CLASS_OF = {
    Token.Comment: "c",
    Token.Comment.Preproc: "nd",
    Token.Comment.PreprocFile: "s",
    Token.Keyword: "k",
    Token.Keyword.Type: "kt",
    Token.Keyword.Constant: "no",
    Token.Operator.Word: "k",
    Token.Name.Function: "nf",
    Token.Name.Class: "nc",
    Token.Name.Exception: "nc",
    Token.Name.Builtin: "nb",
    Token.Name.Decorator: "nd",
    Token.Name.Tag: "nt",
    Token.Name.Attribute: "na",
    Token.Name.Variable: "nv",
    Token.Name.Constant: "no",
    Token.Literal: "m",
    Token.Literal.Number: "m",
    Token.Literal.String: "s",
    Token.Literal.String.Doc: "c",
    Token.Literal.String.Escape: "se",
    Token.Literal.String.Interpol: "se",
    Token.Literal.String.Regex: "se",
    Token.Generic.Deleted: "gd",
    Token.Generic.Inserted: "gi",
    Token.Generic.Heading: "gh",
    Token.Generic.Subheading: "gh",
    Token.Generic.Strong: "gs",
    Token.Generic.Emph: "ge",
    Token.Generic.Output: "c",
}


@dataclass(frozen=True)
class Code:
    """A file as a page shows it."""

    lines: list[Markup]
    language: str
    encoding: str
    is_highlighted: bool
    is_deceptive: bool  # It holds characters that hide or turn the direction of writing.


def highlight(content: bytes, *, path: bytes) -> Code:
    """The lines of a file, coloured where its size and language allow."""
    text, encoding = decode(content)
    lexer = lexer_for(path, text) if len(content) <= MAX_HIGHLIGHT_BYTES else plain()
    rows = pieces(text, lexer)
    return Code(
        lines=[line(row) for row in rows],
        language=str(lexer.name),
        encoding=encoding,
        is_highlighted=not isinstance(lexer, TextLexer),
        is_deceptive=DECEPTIVE.search(text) is not None,
    )


def snippet(text: str, language: str) -> Markup:
    """A fenced block of Markdown in the language that it names, its lines joined again."""
    return Markup("\n").join(line(row) for row in pieces(text, lexer_named(language)))


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding: UTF-8, UTF-16 with its mark, or Latin-1."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace"), "UTF-16"
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "Latin-1"


# --- choosing the language ---


def lexer_for(path: bytes, text: str) -> Lexer:
    """The lexer for a file, from its name or else from its first line."""
    name = path.rpartition(b"/")[2].decode("utf-8", "replace").lower()
    ending = f".{name.rpartition('.')[2]}"
    if ending in PREFERRED:
        return lexer_named(PREFERRED[ending])
    found = find_lexer_class_for_filename(name, text[:GUESS_CHARACTERS])
    if found is not None:
        return found(ensurenl=False, stripnl=False)
    interpreter = re.match(r"#!\s*\S*/(?:env\s+(?:-\S+\s+)*)?([a-z]+)", text)
    return lexer_named(interpreter.group(1)) if interpreter else plain()


def lexer_named(language: str) -> Lexer:
    """The lexer of that name, or the one that colours nothing."""
    try:
        return get_lexer_by_name(language.lower(), ensurenl=False, stripnl=False)
    except ClassNotFound:
        return plain()


def plain() -> Lexer:
    """The lexer that colours nothing."""
    return TextLexer(ensurenl=False, stripnl=False)


# --- lines ---


def pieces(text: str, lexer: Lexer) -> list[Pieces]:
    """The lines of a text as coloured pieces; a last line break does not open another line."""
    lines = LINE_BREAK.split(text)
    if lines[-1] == "":
        lines.pop()
    if isinstance(lexer, TextLexer) or max(map(len, lines), default=0) > MAX_LINE_CHARACTERS:
        return [[("", words)] for words in lines]
    rows = _broken(_bounded(lexer, "\n".join(lines)))
    return rows if lines else []


def line(row: Pieces, marks: Iterable[tuple[int, int]] = ()) -> Markup:
    """One line as HTML; `marks` are spans of characters that a diff points at.

    Shapes: marks are in order and do not overlap.
    """
    html: list[str] = []
    spans, at = list(marks), 0
    for name, words in row:
        start = 0
        for cut in _cuts(spans, at, at + len(words)):
            html.append(_piece(name, words[start : cut - at], spans, at + start))
            start = cut - at
        at += len(words)
    return Markup("".join(html))  # noqa: S704 - every part was escaped by _words


def _cuts(spans: list[tuple[int, int]], start: int, end: int) -> Iterator[int]:
    """Where a piece from `start` to `end` must be cut, its own end included."""
    yield from (edge for span in spans for edge in span if start < edge < end)
    yield end


def _piece(name: str, words: str, spans: list[tuple[int, int]], at: int) -> str:
    """One piece that is wholly inside a mark or wholly outside."""
    html = _words(words)
    if name:
        html = f'<span class="{name}">{html}</span>'
    if any(start <= at < end for start, end in spans):
        html = f"<mark>{html}</mark>"
    return html


def _words(words: str) -> str:
    """Escaped words, with a visible mark at each character nobody would see.

    The character itself stays where HTML can hold it; <bdi> keeps its direction inside.
    """
    odd = _odd(words) if not words.isascii() or not words.isprintable() else []
    parts: list[str] = []
    done = 0
    for at, shown in odd:
        kept = words[at] if words[at].isprintable() or words[at] > "\u009f" else ""
        kept = "" if "\ud800" <= kept <= "\udfff" else kept
        label = characters.describe(words[at])
        parts += [escape(words[done:at])]
        parts += [f'<bdi class="odd" data-odd="{shown}" title="{escape(label)}">{kept}</bdi>']
        done = at + 1
    return "".join([*parts, escape(words[done:])])


def _odd(words: str) -> list[tuple[int, str]]:
    """Characters to mark in code; a space that does not break is one of them."""
    return characters.odd_places(words, in_name=False)


def _bounded(lexer: Lexer, text: str) -> Iterator[tuple[str, str]]:
    """Classes and words, until the time is over; what is left then comes plain."""
    deadline = time.monotonic() + BUDGET_SECONDS
    end = 0
    for number, (at, kind, words) in enumerate(lexer.get_tokens_unprocessed(text)):
        if at < end:  # A lexer inside a lexer may repeat itself; the text must not.
            continue
        if at > end:
            yield "", text[end:at]
        if number % CLOCK_EVERY == 0 and time.monotonic() > deadline:
            break
        yield _class(kind), words
        end = at + len(words)
    yield "", text[end:]


@lru_cache(maxsize=512)
def _class(kind: _TokenType) -> str:
    """The class of a token: its own, or that of the kind it belongs to."""
    return next((CLASS_OF[k] for k in reversed(kind.split()) if k in CLASS_OF), "")


def _broken(stream: Iterable[tuple[str, str]]) -> list[Pieces]:
    """The stream cut at line breaks, neighbours of one class joined."""
    rows: list[Pieces] = [[]]
    for name, words in stream:
        first, *others = words.split("\n")
        _join(rows[-1], name, first)
        for part in others:
            rows.append([])
            _join(rows[-1], name, part)
    return rows


def _join(row: Pieces, name: str, words: str) -> None:
    """Put words at the end of a line; white space joins whatever stands before it."""
    if not words:
        return
    if row and (row[-1][0] == name or words.isspace()):
        row[-1] = (row[-1][0], row[-1][1] + words)
    else:
        row.append((name, words))
