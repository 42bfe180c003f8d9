"""Pages of history: the commits before a commit, of one path, of one author, of a time.

`page(at, start, wanted, cursor=...)` gives some commits, newest first, and a cursor for those
after them. The history of one path follows the file through its renames.

A cursor holds the commits at which the walk goes on, so that the last page of a million commits
costs no more than the first. Where they are too many for an address, or commits are left out by
author or time, it holds how many commits to leap over from the start, which git does at some two
million a second.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.errors import InvalidError
from appliance.git import commits, limits, process, renames
from appliance.git.commits import Commit
from appliance.git.handles import Kind, opened

FRONTIER = 24  # Commits in a cursor: 24 of them make an address of some 1,000 characters.
OBJECT_ID = re.compile("[0-9a-f]{40}")
MOST_SKIPPED = 10_000_000


@dataclass(frozen=True)
class Wanted:
    """Which commits of a history are wanted; all of them unless something is said."""

    path: bytes = b""
    author: str = ""
    """Part of the author's name or address, in any case of letters."""
    message: str = ""
    """Part of the message, in any case of letters."""
    since: datetime | None = None
    until: datetime | None = None
    follow: bool = True
    """Whether the history of a path goes on under the name the file had before."""

    @property
    def is_filtered(self) -> bool:
        """Whether commits are left out for what they say, and not for what they touch."""
        return bool(self.author or self.message or self.since or self.until)


EVERYTHING = Wanted()


@dataclass(frozen=True)
class Step:
    """One commit of a history, and the path that the file had in it."""

    commit: Commit
    path: bytes


@dataclass(frozen=True)
class Page:
    """Some commits, newest first, and where they go on; None at the end."""

    steps: tuple[Step, ...]
    cursor: str | None


@dataclass(frozen=True)
class _Place:
    """Where a walk stands: at these commits, or so many after them; and with which path."""

    tips: tuple[str, ...]
    skip: int
    path: bytes


def page(
    at: Path,
    start: str,
    wanted: Wanted = EVERYTHING,
    *,
    cursor: str | None = None,
    limit: int = 50,
    seconds: float = limits.PAGE_SECONDS,
) -> Page:
    """Some commits of the history that ends with commit `start`.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the cursor is none of ours.
        TimeoutExceededError: too many commits had to be looked at to find so many.
    """
    with opened(at) as handle:
        handle.expect(start, Kind.COMMIT)
    limit = max(1, min(limit, limits.COMMITS_PER_PAGE))
    place = _unpack(cursor) if cursor else _Place((start,), 0, wanted.path.strip(b"/"))
    found: list[tuple[str, bytes]] = []
    following: _Place | None = place
    while following is not None and len(found) < limit:
        place = following
        oids, following = _walk(at, start, wanted, place, limit - len(found), seconds)
        found += [(oid, place.path) for oid in oids]
        if following is None and oids and place.path and wanted.follow:
            following = _before_rename(at, oids[-1], place)
    read = commits.read_many(at, [oid for oid, _path in found])
    steps = tuple(Step(commit, path) for commit, (_oid, path) in zip(read, found, strict=True))
    return Page(steps, _pack(following) if following is not None else None)


def _walk(
    at: Path, start: str, wanted: Wanted, place: _Place, limit: int, seconds: float
) -> tuple[list[str], _Place | None]:
    """The next commits from a place, and the place after them."""
    words: list[str | bytes] = [
        "rev-list",
        f"--max-count={limit + 1}",
        f"--skip={place.skip}",
        "--parents",
    ]
    words += [*_filters(wanted), *place.tips, "--"]
    if place.path:
        words.append(place.path)
    lines = process.run(words, at=at, timeout_seconds=seconds).decode().splitlines()
    shown = [line.split(" ") for line in lines[:limit]]
    oids = [line[0] for line in shown]
    if len(lines) <= limit:
        return oids, None
    tips = _frontier(place.tips, shown)
    if wanted.is_filtered or place.skip or len(tips) > FRONTIER:
        origin = place.tips if len(place.tips) <= FRONTIER else (start,)
        return oids, _Place(origin, place.skip + limit, place.path)
    return oids, _Place(tips, 0, place.path)


def _frontier(tips: tuple[str, ...], shown: list[list[str]]) -> tuple[str, ...]:
    """Where a walk goes on that has shown these commits, each with its parents behind it."""
    # A single tip that does not touch the path is not shown itself, but what it leads to is.
    waiting = dict.fromkeys(tips if len(tips) > 1 else ())
    seen: set[str] = set()
    for oid, *parents in shown:
        seen.add(oid)
        waiting.pop(oid, None)
        waiting.update(dict.fromkeys(parent for parent in parents if parent not in seen))
    return tuple(waiting)


def _before_rename(at: Path, oid: str, place: _Place) -> _Place | None:
    """Where the history of a file goes on before the commit that gave it its present path."""
    source = renames.source(at, oid, place.path)
    return _Place((source.parent,), 0, source.path) if source is not None else None


def _filters(wanted: Wanted) -> list[str]:
    words = ["--fixed-strings", "--regexp-ignore-case"]
    if wanted.author:
        words.append(f"--author={_one_line(wanted.author)}")
    if wanted.message:
        words.append(f"--grep={_one_line(wanted.message)}")
    if wanted.since is not None:
        words.append(f"--max-age={int(wanted.since.timestamp())}")
    if wanted.until is not None:
        words.append(f"--min-age={int(wanted.until.timestamp())}")
    return words


def _one_line(text: str) -> str:
    """The text as one pattern: git takes each line for a pattern of its own."""
    return " ".join(text.split("\n"))[: limits.PATTERN_BYTES]


def _pack(place: _Place) -> str:
    fields = [list(place.tips), place.skip, place.path.decode("latin-1")]
    packed = json.dumps(fields, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _unpack(cursor: str) -> _Place:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = _Place(tuple(fields[0]), int(fields[1]), fields[2].encode("latin-1"))
    except (binascii.Error, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise InvalidError.of("cursor", "That cursor is none of ours.") from error
    if not _is_sound(place):
        raise InvalidError.of("cursor", "That cursor is none of ours.")
    return place


def _is_sound(place: _Place) -> bool:
    return (
        0 < len(place.tips) <= FRONTIER
        and 0 <= place.skip <= MOST_SKIPPED
        and all(OBJECT_ID.fullmatch(str(tip)) for tip in place.tips)
    )
