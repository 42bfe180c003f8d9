"""The files of a diff as a page shows them: at once while they are few, on demand when many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import flask

from appliance.services.history import Options
from appliance.web import diff_view, links, requests
from appliance.web.pages.repository_frame import Frame, show

if TYPE_CHECKING:
    from appliance.git.diff import Diff
    from appliance.git.diff_parse import DiffFile

FILES = 100  # On one page; the others are on the next.
FILE_LINES = 800  # A file with more is loaded when somebody opens it.
PAGE_LINES = 3_000  # And so are those after so many lines.
PARSED_LINES = 20_000  # Read for one page; of later files only the numbers are known.


@dataclass(frozen=True)
class ShownFile:
    """One file of a diff; `piece` is where its lines are, if they are not here."""

    drawn: diff_view.File
    number: int
    piece: str | None
    whole: str | None
    """The same as a page, for who has no script."""

    @property
    def id(self) -> str:
        """How its anchors begin; unique on the page."""
        return f"d{self.number}"


@dataclass(frozen=True)
class ShownDiff:
    """A diff as a page shows it."""

    files: list[ShownFile]
    total: int
    additions: int
    deletions: int
    is_split: bool
    hides_spaces: bool
    newer: str | None
    older: str | None


def options() -> Options:
    """What the address says about white space, and the limits of the instance."""
    limits = requests.wiring().settings.limits
    return Options(
        ignore_whitespace=hides_spaces(),
        most_lines=min(PARSED_LINES, limits.diff_lines),
        most_files=limits.diff_files,
        seconds=limits.git_seconds,
    )


def hides_spaces() -> bool:
    """Whether changes of nothing but white space are left out."""
    return flask.request.args.get("w") == "1"


def is_split() -> bool:
    """Whether both sides stand beside each other."""
    return flask.request.args.get("view") == "split"


def is_piece() -> bool:
    """Whether only the lines of one file were asked for."""
    return flask.request.args.get("part") == "file"


def wanted_file() -> list[bytes]:
    """The old and the new path of the one file that was asked for, if one was."""
    new = links.asked("file")
    return [links.asked("was") or new, new] if new else []


def shown(diff: Diff) -> ShownDiff:
    """A diff for a page."""
    first = max(0, flask.request.args.get("from", 0, int))
    found, lines = [], 0
    files = [file for file in diff.files if not _is_hidden(file)]
    for number, file in enumerate(files[first : first + FILES], first + 1):
        count = file.added + file.deleted
        is_short = count <= FILE_LINES or len(files) == 1
        is_here = file.hunks is not None and is_short and lines + count <= PAGE_LINES
        lines += count if is_here else 0
        found.append(_here(file, number) if is_here else _elsewhere(file, number))
    after = first + FILES
    return ShownDiff(
        files=found,
        total=diff.total_files - len(diff.files) + len(files),
        additions=diff.added,
        deletions=diff.deleted,
        is_split=is_split(),
        hides_spaces=hides_spaces(),
        newer=_from(first - FILES) if first else None,
        older=_from(after) if after < len(files) else None,
    )


def shown_alone(file: DiffFile | None) -> ShownDiff:
    """One file of a diff as a page of its own, however large it is."""
    return ShownDiff(
        files=[_here(file, 1)] if file is not None else [],
        total=1 if file is not None else 0,
        additions=file.added if file is not None else 0,
        deletions=file.deleted if file is not None else 0,
        is_split=is_split(),
        hides_spaces=hides_spaces(),
        newer=None,
        older=None,
    )


def piece(frame: Frame, file: DiffFile | None) -> str:
    """The lines of one file alone, for a page that waited with them."""
    number = flask.request.args.get("n", 1, int)
    one = _here(file, number) if file is not None else None
    return show("commits/file.html", frame, one=one, is_split=is_split())


def _is_hidden(file: DiffFile) -> bool:
    """Whether nothing but white space changed in a file, and that is hidden."""
    says_more = file.is_binary or file.mode_changed or file.status != "modified"
    return hides_spaces() and file.hunks == () and not says_more


def _here(file: DiffFile, number: int) -> ShownFile:
    return ShownFile(diff_view.file(file), number, None, None)


def _elsewhere(file: DiffFile, number: int) -> ShownFile:
    drawn = diff_view.file(replace(file, hunks=None))
    if file.is_binary or file.is_lfs:
        return ShownFile(drawn, number, None, None)
    said = {
        "file": file.path,
        "was": file.old_path if file.old_path != file.path else None,
        "from": None,
    }
    return ShownFile(
        replace(drawn, note=None),
        number,
        links.with_query(**said, n=str(number), part="file"),
        links.with_query(**said),
    )


def _from(first: int) -> str:
    return links.with_query(**{"from": str(first) if first > 0 else None})
