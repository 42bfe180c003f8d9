"""The files of a diff as a page shows them: at once while they are few, on demand when many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import flask
from markupsafe import Markup

from appliance.services import history
from appliance.services.history import Options
from appliance.web import diff_view, links, requests
from appliance.web.pages import diff_context, diff_sides
from appliance.web.pages.diff_sides import Commits
from appliance.web.pages.repository_frame import Frame, show

if TYPE_CHECKING:
    from appliance.git.diff import Diff
    from appliance.git.diff_parse import DiffFile

FILES = 100  # On one page; the others are on the next.
FILE_LINES = 800  # A file with more is loaded when somebody opens it.
PAGE_LINES = 1_000  # Those after so many lines are loaded when somebody comes near them.
WHOLE_LINES = 10_000_000  # Unchanged lines around a change, where all of them are wanted.
PARSED_LINES = 20_000  # Read for one page; of later files only the numbers are known.


@dataclass(frozen=True)
class FileTalk:
    """What is said of a file and its lines, as HTML, and how one says something of them."""

    below: dict[diff_view.Spot, Markup]
    """Under a line."""
    above: Markup
    """Of the file as a whole."""
    acts: Markup
    """What one does with the file; stands in its head."""
    address: str
    """Where a comment on a line begins; its side and number are added."""
    is_folded: bool = False


class Talk(Protocol):
    """Knows what is said of each file of a diff."""

    def of(self, file: DiffFile, number: int) -> FileTalk:
        """What is said of one file."""


@dataclass(frozen=True)
class ShownFile:
    """One file of a diff; `piece` is where its lines are, if they are not here."""

    drawn: diff_view.File
    number: int
    href: str | None
    """The file itself as the newer commit has it, or as the older one had it."""
    context: diff_context.Context | None = None
    sides: diff_sides.Sides | None = None
    moved: diff_sides.Moved | None = None
    piece: str | None = None
    opens_itself: bool = False
    """Whether they come when somebody reads down to it."""
    whole: str | None = None
    """The same as a page, for who has no script."""
    talk: FileTalk | None = None
    elsewhere: tuple[Markup, ...] = ()
    """What is said of lines that are not shown."""

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
        context_lines=WHOLE_LINES if diff_context.is_whole() else diff_view.CONTEXT_LINES,
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


def one(commits: Commits, paths: list[bytes]) -> DiffFile | None:
    """One file of a diff; with all its lines if they were asked for and there is room for them."""
    repository, asked = commits.frame.repository, options()
    file = history.changes_of_file(repository, commits.old, commits.new, paths, asked)
    if file is not None and file.hunks is None and diff_context.is_whole():
        fewer = replace(asked, context_lines=diff_view.CONTEXT_LINES)
        file = history.changes_of_file(repository, commits.old, commits.new, paths, fewer)
    return file


def shown(frame: Frame, diff: Diff, talk: Talk | None = None) -> ShownDiff:
    """A diff for a page."""
    first = max(0, flask.request.args.get("from", 0, int))
    lines = 0
    files = [file for file in diff.files if not _is_hidden(file)]
    here, near, elsewhere = set(), set(), files[first : first + FILES]
    for number, file in enumerate(elsewhere):
        count = file.added + file.deleted
        if count > FILE_LINES and len(files) > 1:
            continue
        if file.hunks is not None and lines + count <= PAGE_LINES:
            lines += count
            here.add(number)
        else:
            near.add(number)
    drawn = _Drawn.of(Commits(frame, diff.old, diff.new), elsewhere, talk)
    after = first + FILES
    return ShownDiff(
        files=[
            drawn.here(file, first + at + 1)
            if at in here
            else drawn.elsewhere(file, first + at + 1, opens_itself=at in near)
            for at, file in enumerate(elsewhere)
        ],
        total=diff.total_files - len(diff.files) + len(files),
        additions=diff.added,
        deletions=diff.deleted,
        is_split=is_split(),
        hides_spaces=hides_spaces(),
        newer=_from(first - FILES) if first else None,
        older=_from(after) if after < len(files) else None,
    )


def shown_alone(commits: Commits, file: DiffFile | None, talk: Talk | None = None) -> ShownDiff:
    """One file of a diff as a page of its own, however large it is."""
    files = [file] if file is not None else []
    drawn = _Drawn.of(commits, files, talk)
    return ShownDiff(
        files=[drawn.here(file, 1) for file in files],
        total=len(files),
        additions=sum(file.added for file in files),
        deletions=sum(file.deleted for file in files),
        is_split=is_split(),
        hides_spaces=hides_spaces(),
        newer=None,
        older=None,
    )


def piece(commits: Commits, file: DiffFile | None, talk: Talk | None = None) -> str:
    """The lines of one file alone, for a page that waited with them."""
    number = flask.request.args.get("n", 1, int)
    one = _Drawn.of(commits, [file], talk).here(file, number) if file is not None else None
    return show("commits/file.html", commits.frame, one=one, is_split=is_split())


def lines(commits: Commits, paths: list[bytes]) -> str:
    """Some unchanged lines of one file, for a page that shows those around them."""
    said: dict[str, bytes | str | None] = {"file": paths[1], "was": links.asked("was") or None}
    context = diff_context.of(said, flask.request.args.get("n", 1, int))
    return diff_context.piece(commits.frame, commits.new, paths[1], context, is_split=is_split())


def _is_hidden(file: DiffFile) -> bool:
    """Whether nothing but white space changed in a file, and that is hidden."""
    says_more = file.is_binary or file.mode_changed or file.status != "modified"
    return hides_spaces() and file.hunks == () and not says_more


@dataclass(frozen=True)
class _Drawn:
    """What it takes to draw the files of a diff: its commits, and the files without lines."""

    commits: Commits
    sides: dict[bytes, diff_sides.Sides]
    talk: Talk | None

    @classmethod
    def of(cls, commits: Commits, files: list[DiffFile], talk: Talk | None) -> _Drawn:
        return cls(commits, diff_sides.of(commits, files), talk)

    def here(self, file: DiffFile, number: int) -> ShownFile:
        """A file with its lines."""
        moved, sides = diff_sides.moved(self.commits, file), self.sides.get(file.path)
        drawn = diff_view.file(replace(file, hunks=()) if moved else file)
        if moved or (sides and file.is_binary):
            drawn = replace(drawn, note=None, status=diff_view.STATUSES[file.status])
        if moved:  # What git calls its lines are only its name.
            drawn = replace(drawn, additions=0, deletions=0)
        if diff_context.is_whole() and all(hunk.gap is None for hunk in drawn.hunks):
            drawn = replace(drawn, tail=None)
        talk = self.talk.of(file, number) if self.talk is not None else None
        drawn, elsewhere = diff_view.with_talk(drawn, talk.below if talk else {})
        return ShownFile(
            drawn,
            number,
            self._href(file),
            context=diff_context.of(_said(file), number),
            sides=sides,
            moved=moved,
            talk=talk,
            elsewhere=tuple(elsewhere),
        )

    def elsewhere(self, file: DiffFile, number: int, *, opens_itself: bool) -> ShownFile:
        """A file whose lines come when somebody opens it."""
        if file.is_binary or file.is_lfs:
            return self.here(file, number)
        drawn = replace(diff_view.file(replace(file, hunks=None)), note=None)
        said: dict[str, bytes | str | None] = {**_said(file), "from": None}
        talk = self.talk.of(file, number) if self.talk is not None else None
        return ShownFile(
            drawn,
            number,
            self._href(file),
            piece=links.with_query(**said, n=str(number), part="file"),
            opens_itself=opens_itself and not (talk and talk.is_folded),
            whole=links.with_query(**said),
            talk=talk,
        )

    def _href(self, file: DiffFile) -> str | None:
        to = self.commits.frame.links
        if file.is_submodule:
            return None
        if file.status == "deleted":
            old = self.commits.old
            return to.blob(old.encode(), file.old_path) if old else None
        return to.blob(self.commits.new.encode(), file.new_path)


def _said(file: DiffFile) -> dict[str, bytes | str | None]:
    """How an address names one file of a diff."""
    was = file.old_path if file.old_path != file.path else None
    return {"file": file.path, "was": was}


def _from(first: int) -> str:
    return links.with_query(**{"from": str(first) if first > 0 else None})
