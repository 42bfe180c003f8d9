"""Searches the files of a commit by regular expressions, in time that grows with their bytes alone.

RE2 matches without going back: no expression makes it slow by itself, and it has no back-references
and no looking around, which would. Files are read in pieces, between which the clock is looked at.
Source: https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import re2

from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.git import limits, tree
from appliance.git.blobs import is_binary
from appliance.git.handles import Handle, Kind, opened
from appliance.git.tree import ENTRY, Entry, EntryKind

TREE_BYTES = limits.OUTPUT_BYTES
SEARCHED = frozenset({EntryKind.FILE, EntryKind.EXECUTABLE})
ABOUT_FILES = re.compile(r"\\[Az]|\(\?[^:]")
"""In an expression: the beginning or the end of all, or a flag, which can make `^` and `$` that."""
PARTS = re2.compile(rb"\*\*/|\*\*|\*|\?|[^*?]+")
OF_STARS = {b"**/": b"(?:.*/)?", b"**": b".*", b"*": b"[^/]*", b"?": b"[^/]"}
File = tuple[bytes, str]
"""A path, and the object with the content."""


@dataclass(frozen=True)
class Wanted:
    """What to look for, and where."""

    pattern: str
    is_literal: bool = False
    """Whether the pattern is text, and no expression."""
    ignore_case: bool = False
    whole_words: bool = False
    path: bytes = b""
    """Only this file, or below this folder."""
    globs: tuple[str, ...] = ()
    """Only files that fit one of these: `*` stops at a slash, `**` does not; without a slash they
    are about the last part of a path."""
    around: int = 0
    """How many lines before and after each match are given, too."""


@dataclass(frozen=True)
class Found:
    """A line that matches. Lines and columns begin at 1, columns count bytes."""

    path: bytes
    line: int
    column: int
    end: int
    content: bytes
    before: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Result:
    """Lines that match, in the order of paths."""

    matches: tuple[Found, ...]
    is_cut: bool
    """Whether there was more to find, or to look at, than the limits allow."""
    files: int
    """How many files were looked into."""
    skipped: int
    """How many were passed over, because they are too large or no text."""


def search(
    at: Path,
    commit: str,
    wanted: Wanted,
    *,
    most: int = limits.SEARCH_RESULTS,
    seconds: float = limits.PAGE_SECONDS,
    field: str = "pattern",
) -> Result:
    """The lines of a commit's text files that match.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: `field`: the pattern is empty, too long, too large, or no expression.
    """
    expression = compiled(wanted, field)
    budget = _Budget(most, time.monotonic() + seconds)
    with opened(at) as handle:
        start = _start(handle, commit, wanted.path)
        files = _files(handle, start) if start is not None else iter(())
        if wanted.globs:
            files = (each for each in files if fits(each[0], wanted.globs))
        for texts in _together(budget.texts(handle, files), wanted):
            if len(texts) > 1 and expression.search(b"\n".join(texts.values())) is None:
                continue
            for path, content in texts.items():
                budget.keep(_lines(path, content, expression, wanted.around, budget))
    return budget.result()


def compiled(wanted: Wanted, field: str = "pattern") -> Any:
    """The expression that is looked for.

    Errors:
        InvalidError: there is none.
    """
    pattern = wanted.pattern
    if not pattern or "\n" in pattern or "\0" in pattern:
        raise InvalidError.of(field, sentence("Say what to look for, on one line."))
    raw = pattern.encode(errors="surrogateescape")
    if len(raw) > limits.PATTERN_BYTES:
        raise InvalidError.of(
            field,
            sentence("A pattern has at most %(most)s bytes.", most=limits.PATTERN_BYTES),
        )
    if wanted.is_literal:
        raw = re2.escape(raw)
    if wanted.whole_words:
        raw = rb"\b(?:" + raw + rb")\b"
    try:
        found = re2.compile(b"(?m)" + raw, options=_options(ignore_case=wanted.ignore_case))
    except re2.error as error:
        raise InvalidError.of(
            field,
            sentence("That is no expression of RE2, which has no \\1 and no looking around."),
        ) from error
    if found.programsize > limits.PATTERN_STEPS:
        raise InvalidError.of(field, sentence("That expression repeats too much."))
    return found


def fits(path: bytes, globs: tuple[str, ...]) -> bool:
    """Whether one of some globs names a path; where there are none, all do."""
    return not globs or any(_glob(each).fullmatch(path) for each in globs)


class _Budget:
    """What is left of time, bytes and results of one search, and what was found so far."""

    def __init__(self, most: int, until: float) -> None:
        self._most, self._until = most, until
        self._bytes = limits.GREP_BYTES
        self._found: list[Found] = []
        self._files = self._skipped = 0
        self._was_cut = False

    @property
    def is_spent(self) -> bool:
        """Whether the search has to end here."""
        if len(self._found) > self._most or self._bytes < 0 or time.monotonic() > self._until:
            self._was_cut = True
        return self._was_cut

    def texts(self, handle: Handle, files: Iterable[File]) -> Iterator[tuple[bytes, bytes]]:
        """Path and content of each file that is looked into, until there is no budget left."""
        most_bytes = limits.GREP_FILE_BYTES
        for path, oid in files:
            if self.is_spent:
                return
            content = handle.read_unless_large(oid, Kind.BLOB, most_bytes=most_bytes)
            self._bytes -= len(content or b"")
            if content is None or is_binary(content):
                self._skipped += 1
                continue
            self._files += 1
            yield path, content

    def keep(self, found: Iterator[Found]) -> None:
        """Take what was found in a file: so many lines of each, and no more than in all."""
        for number, each in enumerate(found):
            if number >= limits.GREP_MATCHES_PER_FILE or len(self._found) > self._most:
                self._was_cut = self._was_cut or len(self._found) > self._most
                return
            self._found.append(each)

    def result(self) -> Result:
        """All of it."""
        shown = tuple(self._found[: self._most])
        is_cut = self._was_cut or len(self._found) > self._most
        return Result(shown, is_cut, self._files, self._skipped)


def _options(*, ignore_case: bool) -> Any:
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.never_nl = True  # A match is in one line.
    options.max_mem = limits.PATTERN_MEMORY_BYTES
    options.log_errors = False
    return options


@lru_cache(maxsize=256)
def _glob(glob: str) -> Any:
    """A glob as an expression of the same engine."""
    pattern = glob.strip("/").encode(errors="surrogateescape")[: limits.PATTERN_BYTES]
    parts = [OF_STARS.get(part) or re2.escape(part) for part in PARTS.findall(pattern)]
    anywhere = b"" if b"/" in pattern else b"(?:.*/)?"
    options = re2.Options()
    options.dot_nl, options.log_errors = True, False
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = limits.PATTERN_MEMORY_BYTES
    return re2.compile(anywhere + b"".join(parts), options=options)


def _start(handle: Handle, commit: str, path: bytes) -> Entry | None:
    """Where to begin; None where there is nothing at that path."""
    handle.expect(commit, Kind.COMMIT)
    try:
        return tree.locate(handle, commit, path)
    except NotFoundError:
        return None


def _files(handle: Handle, start: Entry) -> Iterator[File]:
    """Every file at or below an entry, in git's order."""
    waiting = [(start.path, start.kind, start.oid)]
    while waiting:
        path, kind, oid = waiting.pop()
        if kind is EntryKind.FOLDER:
            prefix = path + b"/" if path else b""
            raw = handle.read(oid, Kind.TREE, most_bytes=TREE_BYTES)
            waiting += [
                (prefix + name, _kind(mode), held.hex())
                for mode, name, held in reversed(ENTRY.findall(raw))
            ]
        elif kind in SEARCHED:
            yield path, oid


@lru_cache(maxsize=64)
def _kind(mode: bytes) -> EntryKind:
    return tree.kind_of(int(mode, 8))


def _together(texts: Iterable[tuple[bytes, bytes]], wanted: Wanted) -> Iterator[dict[bytes, bytes]]:
    """Files by their paths, small ones together: most are gone through in one search of all.

    That says nothing where the expression can ask where a file begins or ends.
    """
    is_about_files = ABOUT_FILES.search(wanted.pattern) is not None
    found: dict[bytes, bytes] = {}
    size = 0
    for path, content in texts:
        size += len(content)
        if found and size > limits.GREP_PIECE_BYTES:
            yield found
            found, size = {}, len(content)
        found[path] = content
        if is_about_files:
            yield found
            found = {}
    if found:
        yield found


def _lines(
    path: bytes, content: bytes, expression: Any, around: int, budget: _Budget
) -> Iterator[Found]:
    """The lines of a file that match, each once, by its first match."""
    line = 1
    for start, end in _pieces(content):
        piece = content[start:end]
        position = 0
        while (match := expression.search(piece, position)) is not None:
            first = piece.rfind(b"\n", 0, match.start()) + 1
            if first >= len(piece):  # Behind the last line end there is no line.
                break
            line += piece.count(b"\n", position, first)
            last = piece.find(b"\n", match.end())
            last = len(piece) if last < 0 else last
            column = match.start() - first + 1
            text = piece[first:last][: limits.SEARCH_LINE_BYTES]
            before, after = _around(content, start + first, start + last, around)
            yield Found(path, line, column, column + len(match.group()), text, before, after)
            if last >= len(piece):
                position = last
                break
            position, line = last + 1, line + 1
        line += piece.count(b"\n", position)
        if budget.is_spent:
            return


def _pieces(content: bytes) -> Iterator[tuple[int, int]]:
    """Whole lines, some at a time. A longer line is cut: what spans the cut is not found."""
    start = 0
    while start < len(content):
        end = min(start + limits.GREP_PIECE_BYTES, len(content))
        if end < len(content):
            end = content.rfind(b"\n", start, end) + 1 or end
        yield start, end
        start = end


def _around(
    content: bytes, first: int, last: int, number: int
) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The lines before and after a line of a file, cut as it is."""
    if not number:
        return (), ()
    room = number * limits.SEARCH_LINE_BYTES
    before = content[max(0, first - room) : first].split(b"\n")[:-1][-number:]
    after = content[last + 1 : last + 1 + room].split(b"\n")[:number]
    if after and not after[-1]:
        after.pop()
    cut = limits.SEARCH_LINE_BYTES
    return tuple(each[:cut] for each in before), tuple(each[:cut] for each in after)
