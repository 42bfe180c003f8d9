"""Turns what git says about two trees into data: files first, then the lines of their hunks.

Expects the output of `git diff-tree --raw --patch --full-index`, without -z, so that paths with odd
bytes are quoted and no path can look like a part of the patch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from appliance.errors import DamagedError
from appliance.git import limits
from appliance.git.diff_words import Marks, changed_words
from appliance.git.quoting import unquote

HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$", re.DOTALL)
RAW = re.compile(rb"^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])(\d*)\t(.*)$", re.DOTALL)
SUBMODULE = 0o160000
POINTER_START = b"version https://git-lfs.github.com/spec/"


class Status(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    DELETED = "deleted"
    MODIFIED = "modified"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "type changed"


STATUSES = {
    b"A": Status.ADDED,
    b"D": Status.DELETED,
    b"M": Status.MODIFIED,
    b"R": Status.RENAMED,
    b"C": Status.COPIED,
    b"T": Status.TYPE_CHANGED,
}


class LineKind(StrEnum):
    """What happened to a line."""

    CONTEXT = " "
    ADDED = "+"
    DELETED = "-"


ADDED, DELETED, CONTEXT = LineKind.ADDED, LineKind.DELETED, LineKind.CONTEXT


class Line(NamedTuple):
    """One line of a hunk, without its end. `marks` are the bytes that changed, from and up to.

    A tuple and no dataclass: a diff has 100,000 of them, and these are made in a quarter the time.
    """

    kind: LineKind
    old_number: int | None
    new_number: int | None
    content: bytes
    has_newline: bool
    marks: Marks


_line = partial(tuple.__new__, Line)


@dataclass(frozen=True)
class Hunk:
    """Lines that changed together, with the lines around them; `section` says where."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: bytes
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class DiffFile:
    """One file that differs. `hunks` is None where they were not loaded, because of a limit."""

    status: Status
    old_path: bytes
    new_path: bytes
    old_mode: int
    new_mode: int
    old_oid: str
    new_oid: str
    similarity: int | None
    added: int
    deleted: int
    is_binary: bool
    is_lfs: bool
    hunks: tuple[Hunk, ...] | None

    @property
    def path(self) -> bytes:
        """What to call it: its new path, or its old one where it was deleted."""
        return self.old_path if self.status is Status.DELETED else self.new_path

    @property
    def is_submodule(self) -> bool:
        """Whether it is, or was, a submodule."""
        return SUBMODULE in (self.old_mode, self.new_mode)

    @property
    def mode_changed(self) -> bool:
        """Whether a file that stayed has another mode now."""
        return self.old_mode != self.new_mode and 0 not in (self.old_mode, self.new_mode)


@dataclass
class _File:
    """One file while it is being read."""

    raw: re.Match[bytes]
    paths: list[bytes]
    hunks: list[Hunk] = field(default_factory=list)
    added: int = 0
    deleted: int = 0
    lines: int = 0
    is_binary: bool = False
    is_lfs: bool = False
    is_cut: bool = True

    @property
    def heading(self) -> bytes:
        old, new = self.paths[0], self.paths[-1]
        return b"diff --git " + _prefixed(b"a/", old) + b" " + _prefixed(b"b/", new)


class Parser:
    """Reads a diff line by line. Its state is the files so far and the hunk being read."""

    def __init__(self, *, most_files: int, most_lines: int) -> None:
        self._files: list[_File] = []
        self._most_files = most_files
        self._lines_left = most_lines
        self._pairs_left = limits.WORD_PAIRS
        self._next = 0
        self._file: _File | None = None
        self._hunk: re.Match[bytes] | None = None
        self._old = self._new = self._old_left = self._new_left = 0
        self._lines: list[Line] = []
        self.is_full = False
        self.total_files = 0

    def feed(self, lines: Sequence[bytes]) -> None:
        """Take lines, without their ends, until there are as many as there may be."""
        position = 0
        while position < len(lines) and not self.is_full:
            line = lines[position]
            if self._hunk is not None and (self._old_left or self._new_left or line[:1] == b"\\"):
                position = self._take(lines, position)
            else:
                self._head(line)
                position += 1

    def finish(self, *, is_whole: bool) -> tuple[DiffFile, ...]:
        """The files, once git has said all, or as much of it as there was room or time for."""
        self._end_hunk()
        if is_whole and not self.is_full:
            # Files of which git says nothing differ in nothing that was asked for.
            untold = self._files[self._next :] if self._file is not None else self._files
            for file in untold:
                file.is_cut = False
        elif self._file is not None:
            self._file.is_cut = True
        return tuple(_finished(file) for file in self._files)

    def _head(self, line: bytes) -> None:
        """Take a line that is not of a hunk."""
        if line.startswith(b":") and self._file is None:
            self._announce(line)
        elif line.startswith(b"diff --git "):
            self._begin_file(line)
        elif line.startswith(b"@@ ") and self._file is not None:
            self._begin_hunk(line)
        elif line.startswith(b"Binary files ") and self._file is not None:
            self._file.is_binary = True

    def _announce(self, line: bytes) -> None:
        match = RAW.match(line)
        if match is None:
            raise DamagedError("Git described a change in a way that is not understood.")
        self.total_files += 1
        if len(self._files) < self._most_files:
            self._files.append(_File(match, match[7].split(b"\t")))

    def _begin_file(self, line: bytes) -> None:
        self._end_hunk()
        if self._file is not None and line == self._file.heading:
            return  # A file that became a symbolic link is told as two, one after the other.
        while self._next < len(self._files):
            self._file = self._files[self._next]
            self._file.is_cut = False
            self._next += 1
            if self._file.heading == line:
                return
        self._file = None  # The rest belongs to files beyond the limit.
        self.is_full = True

    def _begin_hunk(self, line: bytes) -> None:
        self._end_hunk()
        match = HUNK.match(line)
        if match is None:
            raise DamagedError("Git described a change in a way that is not understood.")
        self._hunk = match
        self._old, self._old_left = int(match[1]), int(match[2] or 1)
        self._new, self._new_left = int(match[3]), int(match[4] or 1)

    def _take(self, lines: Sequence[bytes], start: int) -> int:
        """Take the lines of a hunk from here on, as far as they are here; gives where they end.

        A diff has 100,000 of them, so this loop asks nothing that is known before it.
        """
        old, new, taken = self._old, self._new, self._lines
        old_end, new_end = old + self._old_left, new + self._new_left
        position, before = start, len(taken)
        for line in lines[start : start + self._lines_left]:
            mark = line[:1]
            if old == old_end and new == new_end and mark != b"\\":
                break
            position += 1
            if mark == b"+":
                taken.append(_line((ADDED, None, new, line[1:], True, ())))
                new += 1
            elif mark == b"-":
                taken.append(_line((DELETED, old, None, line[1:], True, ())))
                old += 1
            elif mark == b" " or not mark:
                taken.append(_line((CONTEXT, old, new, line[1:], True, ())))
                old, new = old + 1, new + 1
            elif taken:  # "\ No newline at end of file"
                taken[-1] = taken[-1]._replace(has_newline=False)
        self._count(len(taken) - before, old, new)
        return position

    def _count(self, lines: int, old: int, new: int) -> None:
        """Note how many lines were taken, and at which lines of both versions the hunk is now."""
        file = self._file
        if file is None:
            return
        file.added += lines - (old - self._old)
        file.deleted += lines - (new - self._new)
        self._old, self._old_left = old, self._old_left - (old - self._old)
        self._new, self._new_left = new, self._new_left - (new - self._new)
        file.lines += lines
        self._lines_left -= lines
        self.is_full = self._lines_left <= 0
        file.is_cut = file.is_cut or file.lines > limits.DIFF_FILE_LINES
        if file.is_cut:
            self._lines.clear()

    def _end_hunk(self) -> None:
        match, file = self._hunk, self._file
        self._hunk = None
        lines, self._lines = self._lines, []
        if match is None or file is None or file.is_cut:
            return
        file.is_lfs = file.is_lfs or any(
            line.content.startswith(POINTER_START) for line in lines[:2]
        )
        numbers = (int(match[1]), int(match[2] or 1), int(match[3]), int(match[4] or 1))
        file.hunks.append(Hunk(*numbers, match[5], tuple(self._marked(lines))))

    def _marked(self, lines: list[Line]) -> list[Line]:
        """The lines with changed words marked, where as many were added as deleted."""
        position = 0
        while position < len(lines) and self._pairs_left > 0:
            gone = _run(lines, position, LineKind.DELETED)
            come = _run(lines, gone, LineKind.ADDED)
            if gone > position and come - gone == gone - position:
                self._mark(lines, position, gone)
            position = max(come, position + 1)
        return lines

    def _mark(self, lines: list[Line], first: int, middle: int) -> None:
        for index in range(first, middle):
            other = index + middle - first
            gone, come = changed_words(lines[index].content, lines[other].content)
            lines[index] = lines[index]._replace(marks=gone)
            lines[other] = lines[other]._replace(marks=come)
            self._pairs_left -= 1


def _run(lines: list[Line], position: int, kind: LineKind) -> int:
    """Where a run of lines of one kind that begins here ends."""
    while position < len(lines) and lines[position].kind is kind:
        position += 1
    return position


def _prefixed(prefix: bytes, path: bytes) -> bytes:
    return b'"' + prefix + path[1:] if path.startswith(b'"') else prefix + path


def _finished(file: _File) -> DiffFile:
    raw = file.raw
    return DiffFile(
        status=STATUSES.get(raw[5], Status.MODIFIED),
        old_path=unquote(file.paths[0]),
        new_path=unquote(file.paths[-1]),
        old_mode=int(raw[1], 8),
        new_mode=int(raw[2], 8),
        old_oid=raw[3].decode(),
        new_oid=raw[4].decode(),
        similarity=int(raw[6]) if raw[6] else None,
        added=file.added,
        deleted=file.deleted,
        is_binary=file.is_binary,
        is_lfs=file.is_lfs,
        hunks=None if file.is_cut else tuple(file.hunks),
    )
