"""A diff as a page shows it: git's lines coloured, paired, with the changed words marked.

`file` turns one file of `appliance.git.diff` into what the macro `diff_file` of `_code.html` draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

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
        hunks=[hunk(part, path=changed.path) for part in changed.hunks or ()],
    )


def hunk(changed: diff_parse.Hunk, *, path: bytes) -> Hunk:
    """One hunk; `path` decides about the colours."""
    old = f"-{changed.old_start},{changed.old_count}"
    new = f"+{changed.new_start},{changed.new_count}"
    heading = f"@@ {old} {new} @@ ".encode() + changed.section
    return Hunk(heading.rstrip(), lines(changed.lines, path=path))


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
        modes = {"old": f"{changed.old_mode:06o}", "new": f"{changed.new_mode:06o}"}
        return str(gettext("The mode changed from %(old)s to %(new)s.", **modes))
    if not changed.hunks:
        return str(gettext("The content did not change."))
    return None


def _coloured(kinds: list[str], words: list[str], path: bytes) -> list[highlight.Pieces]:
    """Each side is read as one text, so that a string over several lines keeps its colour."""
    rows: list[highlight.Pieces] = [[] for _word in words]
    for hidden in ("added", "removed"):
        places = [at for at, kind in enumerate(kinds) if kind != hidden]
        text = "".join(f"{words[at]}\n" for at in places)
        lexer = highlight.lexer_for(path, text)
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
