"""The lines of a diff as a page shows them: coloured, paired, with the changed words marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from markupsafe import Markup

from appliance.web import highlight

WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
MAX_MARKED_CHARACTERS = 400  # Comparing words is quadratic; longer lines are compared whole.
ALIKE = 0.4  # Below this share of common words, marks would only flicker.
Raw = tuple[str, bytes]
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Line:
    """One line of a diff; `kind` is same, added or removed."""

    kind: str
    old: int | None
    new: int | None
    html: Markup
    missing_end: bool = False


@dataclass(frozen=True)
class Hunk:
    """Lines that belong together, and git's words about where they stand."""

    heading: bytes
    lines: list[Line]

    @property
    def pairs(self) -> list[tuple[Line | None, Line | None]]:
        """The lines side by side: removed ones left, added ones right, the others on both."""
        return pairs(self.lines)

    @property
    def last(self) -> int:
        """The largest line number, so that columns are wide enough."""
        return max((max(row.old or 0, row.new or 0) for row in self.lines), default=0)


def lines(raw: Sequence[Raw], *, old: int, new: int, path: bytes) -> list[Line]:
    """The lines of one hunk, from pairs of (kind, content without its line break).

    `old` and `new` are the numbers of its first lines; `path` decides about the colours.
    """
    words = [highlight.decode(content)[0].rstrip("\r\n") for _kind, content in raw]
    rows = _coloured([kind for kind, _content in raw], words, path)
    marks = _marks([kind for kind, _content in raw], words)
    shown = []
    for at, (kind, _content) in enumerate(raw):
        html = highlight.line(rows[at], marks.get(at, ()))
        shown.append(
            Line(kind, None if kind == "added" else old, None if kind == "removed" else new, html)
        )
        old += kind != "added"
        new += kind != "removed"
    return shown


def pairs(rows: Iterable[Line]) -> list[tuple[Line | None, Line | None]]:
    """The lines side by side: removed ones left, added ones right, the others on both."""
    paired: list[tuple[Line | None, Line | None]] = []
    removed: list[Line] = []
    added: list[Line] = []
    for row in rows:
        if row.kind == "removed" and not added:
            removed.append(row)
        elif row.kind == "added":
            added.append(row)
        else:
            paired += zip_longest(removed, added)
            removed, added = ([row], []) if row.kind == "removed" else ([], [])
            paired += [(row, row)] if row.kind == "same" else []
    return [*paired, *zip_longest(removed, added)]


def _coloured(kinds: list[str], words: list[str], path: bytes) -> list[highlight.Pieces]:
    """Each side is read as one text, so that a string over several lines keeps its colour."""
    rows: list[highlight.Pieces] = [[] for _word in words]
    for hidden in ("added", "removed"):
        places = [at for at, kind in enumerate(kinds) if kind != hidden]
        text = "\n".join(words[at] for at in places) + "\n"
        lexer = highlight.lexer_for(path, text)
        for at, row in zip(places, highlight.pieces(text, lexer), strict=True):
            rows[at] = row
    return rows


def _marks(kinds: list[str], words: list[str]) -> dict[int, Spans]:
    """For each removed line and the added line in its place: the words that differ."""
    marks: dict[int, Spans] = {}
    at = 0
    while at < len(kinds):
        removed = _run(kinds, at, "removed")
        added = _run(kinds, removed.stop, "added")
        if len(removed) == len(added):
            for left, right in zip(removed, added, strict=True):
                marks[left], marks[right] = changed_words(words[left], words[right])
        at = max(added.stop, at + 1)
    return marks


def _run(kinds: list[str], start: int, kind: str) -> range:
    """The places from `start` on that are of one kind."""
    stop = start
    while stop < len(kinds) and kinds[stop] == kind:
        stop += 1
    return range(start, stop)


def changed_words(old: str, new: str) -> tuple[Spans, Spans]:
    """Spans of characters that differ; none where the lines have little in common."""
    if max(len(old), len(new)) > MAX_MARKED_CHARACTERS:
        return [], []
    left, right = WORD.findall(old), WORD.findall(new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [], []
    changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        _spans(left, [(start, stop) for _tag, start, stop, _from, _to in changes]),
        _spans(right, [(start, stop) for _tag, _from, _to, start, stop in changes]),
    )


def _spans(words: list[str], ranges: list[tuple[int, int]]) -> Spans:
    """Ranges of words as ranges of characters; empty ones are left out."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return [(starts[start], starts[stop]) for start, stop in ranges if start < stop]
