"""The rows of a folder: its entries with the last commit of each, as far as there was time to look.

What is missing is asked for again by the page itself, as a piece: `?part=rows` of the same address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import TimeoutExceededError
from appliance.services import files, history
from appliance.services.files import EntryKind
from appliance.web import links, signed_work
from appliance.web.pages.repository_frame import Place, show_place, words

if TYPE_CHECKING:
    from appliance.git.commits import Commit
    from appliance.git.tree import Entry
    from appliance.services.signatures import Checked

ROWS = 500  # Entries on one page; the finder is the way to one among thousands.
PAGE_SECONDS = 0.15  # How long a page waits for last commits; the rest come later.
PIECE_SECONDS = 4.0
MOST_ROWS = 10_000_000
KINDS = {
    EntryKind.FOLDER: "tree",
    EntryKind.FILE: "blob",
    EntryKind.EXECUTABLE: "blob",
    EntryKind.SYMLINK: "symlink",
    EntryKind.SUBMODULE: "submodule",
}


@dataclass(frozen=True)
class Row:
    """One entry as a page shows it."""

    name: bytes
    kind: str
    href: str
    subject: bytes | None
    commit_href: str | None
    at: datetime | None


@dataclass(frozen=True)
class LastCommit:
    """One line that names a commit."""

    oid: str
    subject: bytes
    author: str
    at: datetime
    href: str
    signature: Checked | None


@dataclass(frozen=True)
class Listing:
    """Some rows of a folder, and what is around them."""

    rows: list[Row]
    entries: tuple[Entry, ...]
    total: int
    first: int
    is_complete: bool
    last: LastCommit | None
    parent: str | None
    newer: str | None
    older: str | None
    piece: str


def listing(place: Place, *, first: int = 0, seconds: float = PAGE_SECONDS) -> Listing:
    """The rows of the folder that a place names, beginning with entry `first`.

    Errors:
        NotFoundError: there is no folder there.
    """
    repository = place.frame.repository
    found = files.folder(repository, place.commit, place.path, offset=first, limit=ROWS)
    touched = _touched(place, found.entries, seconds)
    known = history.read_many(repository, [oid for oid in touched.values() if oid])
    rows = [_row(place, entry, known.get(touched.get(entry.name) or "")) for entry in found.entries]
    after = first + ROWS
    return Listing(
        rows=rows,
        entries=found.entries,
        total=found.total,
        first=first,
        is_complete=all(touched.get(entry.name) for entry in found.entries),
        last=last_commit(place, known),
        parent=_parent(place),
        newer=_from(max(0, first - ROWS)) if first else None,
        older=_from(after) if after < found.total else None,
        piece=links.with_query(**{"from": str(first) if first else None, "part": "rows"}),
    )


def asked_first() -> int:
    """With which entry the rows begin, as the address says."""
    return max(0, min(flask.request.args.get("from", 0, int), MOST_ROWS))


def piece(place: Place) -> ResponseReturnValue:
    """The rows alone, with more time to look for last commits."""
    rows = listing(place, first=asked_first(), seconds=PIECE_SECONDS)
    return show_place("tree/piece.html", place, listing=rows)


def is_piece() -> bool:
    """Whether only the rows were asked for."""
    return flask.request.args.get("part") == "rows"


def last_commit(place: Place, known: dict[str, Commit]) -> LastCommit | None:
    """The last commit that touched the folder: the commit itself for the outermost one."""
    if not place.path:
        return line_of(place, history.commit(place.frame.repository, place.commit))
    newest = max(known.values(), key=lambda commit: commit.committer.at, default=None)
    return line_of(place, newest) if newest is not None else None


def line_of(place: Place, commit: Commit) -> LastCommit:
    """A commit as the line above files shows it."""
    return LastCommit(
        oid=commit.oid,
        subject=commit.subject,
        author=words(commit.author.name),
        at=commit.committer.at,
        href=place.frame.links.commit(commit.oid),
        signature=signed_work.of_commits(place.frame.repository, [commit]).get(commit.oid),
    )


def _touched(place: Place, entries: tuple[Entry, ...], seconds: float) -> dict[bytes, str | None]:
    names = [entry.name for entry in entries]
    try:
        return files.last_commits(
            place.frame.repository, place.commit, place.path, names=names, seconds=seconds
        )
    except TimeoutExceededError:
        return {}


def _row(place: Place, entry: Entry, commit: Commit | None) -> Row:
    to = place.frame.links
    view = "tree" if entry.is_folder else "blob"
    return Row(
        name=entry.name,
        kind=KINDS[entry.kind],
        href=to.at(view, place.ref, entry.path),
        subject=commit.subject if commit else None,
        commit_href=to.commit(commit.oid) if commit else None,
        at=commit.committer.at if commit else None,
    )


def _parent(place: Place) -> str | None:
    if not place.path:
        return None
    return place.frame.links.tree(place.ref, place.path.rpartition(b"/")[0])


def _from(first: int) -> str:
    return links.with_query(**{"from": str(first) if first else None, "part": None})
