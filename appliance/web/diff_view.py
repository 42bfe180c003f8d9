"""A diff as a page shows it: git's lines coloured, paired, with the changed words marked.

`file` turns one file of `appliance.git.diff` into what the macro `diff_file` of `_code.html` draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

from flask_babel import gettext
from markupsafe import Markup

from appliance.web import highlight

if TYPE_CHECKING:
    from appliance.git import diff_parse

KINDS = {" ": "same", "+": "added", "-": "removed"}
STATUSES = {
    "added": "added",
    "deleted": "removed",
    "modified": "changed",
    "renamed": "renamed",
    "copied": "copied",
    "type changed": "type",
}
MOVES = frozenset({"renamed", "copied"})
CONTEXT_LINES = 3  # Unchanged lines around a change, unless somebody asks for more.
EXECUTABLE = 0o100755
Place = Literal["start", "middle", "end"]
Spans = list[tuple[int, int]]
Spot = tuple[str, int]
"""A line by its side, `L` or `R`, and its number there."""


@dataclass(frozen=True)
class Line:
    """One line of a diff; `kind` is same, added or removed."""

    kind: str
    old: int | None
    new: int | None
    html: Markup
    missing_end: bool = False
    below: Markup | None = None
    """What is said of it; stands under it."""


@dataclass(frozen=True)
class Gap:
    """Unchanged lines that are not shown, by their numbers on the new side.

    `last` is None at the end of a file, whose length nobody has asked for. `shift` is what makes a
    number of the old side of it. `place`: before the first change, after the last, or between.
    """

    first: int
    last: int | None
    shift: int
    place: Place

    @property
    def count(self) -> int | None:
        """How many lines are hidden, where that is known."""
        return None if self.last is None else self.last - self.first + 1


@dataclass(frozen=True)
class Hunk:
    """Lines that belong together, and git's words about where they stand."""

    heading: bytes
    lines: list[Line]
    gap: Gap | None = None
    """What is hidden before it."""

    @property
    def pairs(self) -> list[tuple[Line | None, Line | None]]:
        """The lines side by side: removed ones left, added ones right, the others on both."""
        return pairs(self.lines)

    @property
    def last(self) -> int:
        """The largest line number, so that columns are wide enough."""
        return max((max(row.old or 0, row.new or 0) for row in self.lines), default=0)


@dataclass(frozen=True)
class File:
    """One file of a diff; `note` says in words why there are no lines, or what else changed."""

    path: bytes
    old_path: bytes
    status: str
    additions: int
    deletions: int
    note: str | None
    hunks: list[Hunk]
    similarity: int | None = None
    """How much of a renamed file stayed as it was, in percent."""
    tail: Gap | None = None
    """What may be hidden after the last hunk."""


def file(changed: diff_parse.DiffFile) -> File:
    """One file as the page shows it."""
    is_mode_only = changed.hunks == () and changed.status == "modified" and not changed.is_binary
    return File(
        path=changed.path,
        old_path=changed.old_path or changed.path,
        status="mode" if is_mode_only else STATUSES[changed.status],
        additions=changed.added,
        deletions=changed.deleted,
        note=_note(changed),
        hunks=[
            replace(hunk(part, path=changed.path), gap=gap)
            for part, gap in zip(changed.hunks or (), _gaps(changed), strict=True)
        ],
        similarity=changed.similarity if changed.status in MOVES else None,
        tail=_tail(changed),
    )


def hunk(changed: diff_parse.Hunk, *, path: bytes) -> Hunk:
    """One hunk; `path` decides about the colours."""
    old = f"-{changed.old_start},{changed.old_count}"
    new = f"+{changed.new_start},{changed.new_count}"
    heading = f"@@ {old} {new} @@ ".encode() + changed.section
    return Hunk(heading.rstrip(), lines(changed.lines, path=path))


def with_talk(drawn: File, said: Mapping[Spot, Markup]) -> tuple[File, list[Markup]]:
    """A file with what is said of its lines under them; and what is said of lines not shown."""
    left = dict(said)

    def told(line: Line) -> Line:
        spots = [("L", line.old), ("R", line.new)]
        found = [left.pop(spot) for spot in spots if spot in left and _is_own(line, spot)]
        return replace(line, below=Markup("").join(found)) if found else line

    hunks = [replace(part, lines=[told(line) for line in part.lines]) for part in drawn.hunks]
    return replace(drawn, hunks=hunks), list(left.values())


def _is_own(line: Line, spot: tuple[str, int | None]) -> bool:
    """Whether a line is to be spoken of by its number on that side."""
    return line.kind == "same" or (spot[0] == "L") == (line.kind == "removed")


def same(numbers: Iterable[int], rows: Sequence[Markup], shift: int) -> list[Line]:
    """Unchanged lines of a file by their numbers on the new side, with their colours."""
    return [Line("same", number + shift, number, rows[number - 1]) for number in numbers]


def lines(changed: Sequence[diff_parse.Line], *, path: bytes) -> list[Line]:
    """The lines of one hunk."""
    words = [highlight.decode(line.content)[0].rstrip("\r\n") for line in changed]
    kinds = [KINDS[line.kind] for line in changed]
    rows = _coloured(kinds, words, path)
    return [
        Line(
            kinds[at],
            line.old_number,
            line.new_number,
            highlight.line(rows[at], _characters(line.content, line.marks)),
            missing_end=not line.has_newline,
        )
        for at, line in enumerate(changed)
    ]


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


def _note(changed: diff_parse.DiffFile) -> str | None:
    """What the lines cannot say."""
    if changed.is_lfs:
        return str(gettext("A large file, kept beside the repository; only its name card changed."))
    if changed.is_binary:
        return str(gettext("A binary file; its content is not compared."))
    if changed.hunks is None:
        return str(gettext("The lines are left out, because this diff is large."))
    if changed.old_mode and changed.new_mode and changed.old_mode != changed.new_mode:
        return _mode_note(changed)
    if not changed.hunks:
        return str(gettext("The content did not change."))
    return None


def _mode_note(changed: diff_parse.DiffFile) -> str:
    modes = {"old": f"{changed.old_mode:06o}", "new": f"{changed.new_mode:06o}"}
    note = str(gettext("The mode changed from %(old)s to %(new)s.", **modes))
    if EXECUTABLE not in (changed.old_mode, changed.new_mode):
        return note
    is_program = changed.new_mode == EXECUTABLE
    now, no_more = (
        gettext("It can be run as a program now."),
        gettext("It cannot be run as a program any more."),
    )
    return f"{note} {now if is_program else no_more}"


def _gaps(changed: diff_parse.DiffFile) -> list[Gap | None]:
    """What is hidden before each hunk."""
    gaps: list[Gap | None] = []
    after = 1
    for part in changed.hunks or ():
        place: Place = "middle" if gaps else "start"
        gap = Gap(after, part.new_start - 1, part.old_start - part.new_start, place)
        gaps.append(gap if _has_more(changed) and part.new_start > after else None)
        after = part.new_start + part.new_count
    return gaps


def _tail(changed: diff_parse.DiffFile) -> Gap | None:
    """What follows the last hunk; one that ends with less than the usual context ends the file."""
    if not changed.hunks or not _has_more(changed):
        return None
    last = changed.hunks[-1]
    ending = last.lines[-CONTEXT_LINES:]
    if any(line.kind != " " or not line.has_newline for line in ending):
        return None
    after = last.new_start + last.new_count
    return Gap(after, None, last.old_start + last.old_count - after, "end")


def _has_more(changed: diff_parse.DiffFile) -> bool:
    """Whether both sides are files that may have unchanged lines."""
    return changed.status not in {"added", "deleted"} and not changed.is_submodule


def _coloured(kinds: list[str], words: list[str], path: bytes) -> list[highlight.Pieces]:
    """Each side is read as one text, so that a string over several lines keeps its colour."""
    rows: list[highlight.Pieces] = [[] for _word in words]
    lexer = highlight.lexer_for(path, "\n".join(words))
    for hidden in ("added", "removed"):
        places = [at for at, kind in enumerate(kinds) if kind != hidden]
        text = "".join(f"{words[at]}\n" for at in places)
        for at, row in zip(places, highlight.pieces(text, lexer), strict=True):
            rows[at] = row
    return rows


def _characters(content: bytes, marks: Iterable[tuple[int, int]]) -> Spans:
    """Marks of bytes as spans of characters of the same line."""
    return [(_length(content, start), _length(content, stop)) for start, stop in marks]


def _length(content: bytes, end: int) -> int:
    """How many characters the bytes up to `end` are, read as the whole line is."""
    is_single = highlight.decode(content)[1] == "Latin-1"
    return end if is_single else len(content[:end].decode("utf-8", "ignore"))
