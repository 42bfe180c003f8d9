"""Pages of history: the commits before a commit, of one path, of one author, of a time.

`page(at, start, wanted, cursor=...)` gives some commits, newest first, and a cursor for those
after them. The history of one path follows the file through its renames.

A cursor holds the commits at which the walk goes on, so that the last page of a million commits
costs no more than the first. Where that will not do (too many of them for an address; commits left
out by path, author or time; clocks that ran wrong, so that a commit could come twice), the walk
begins anew and leaps over what was shown, which git does at some two million commits a second.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from appliance.errors import InvalidError
from appliance.git import commits, limits, process, renames
from appliance.git.commits import Commit
from appliance.git.handles import Kind, opened

FRONTIER = 24  # Commits in a cursor: 24 of them make an address of some 1,000 characters.
OBJECT_ID = re.compile("[0-9a-f]{40}")
MOST_LEAPT = 10_000_000


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
    without: str | None = None
    """A commit whose own history is left out: what a branch has that another has not."""

    @property
    def is_filtered(self) -> bool:
        """Whether commits are left out."""
        says = (self.path, self.author, self.message, self.since, self.until, self.without)
        return any(says)


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
    """Where a walk along one path stands: so many commits of those before `origin` were shown.

    It goes on at `tips`; where there are none, it leaps from the origin. `seconds` is the time of
    the last commit shown: a later one may be one that was shown already.
    """

    origin: str
    path: bytes
    count: int = 0
    tips: tuple[str, ...] = ()
    seconds: int = 0


class _Step(NamedTuple):
    """A line of git's answer: a commit's time, its id, and its parents that are in the walk."""

    seconds: int
    oid: str
    parents: tuple[str, ...]


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
        for oid in (start, *([wanted.without] if wanted.without is not None else [])):
            handle.expect(oid, Kind.COMMIT)
    limit = max(1, min(limit, limits.COMMITS_PER_PAGE))
    place = _unpack(cursor) if cursor else _Place(start, wanted.path.strip(b"/"))
    found: list[tuple[str, bytes]] = []
    following: _Place | None = place
    while following is not None and len(found) < limit:
        place = following
        oids, following = _walk(at, wanted, place, limit - len(found), seconds)
        found += [(oid, place.path) for oid in oids]
        if following is None and oids and place.path and wanted.follow:
            following = _before_rename(at, oids[-1], place)
    read = commits.read_many(at, [oid for oid, _path in found])
    steps = tuple(Step(commit, path) for commit, (_oid, path) in zip(read, found, strict=True))
    return Page(steps, _pack(following) if following is not None else None)


def _walk(
    at: Path, wanted: Wanted, place: _Place, limit: int, seconds: float
) -> tuple[list[str], _Place | None]:
    """The next commits from a place, and the place after them."""
    shown = _ask(at, wanted, place, limit + 1, seconds)
    if place.tips and any(step.seconds > place.seconds for step in shown):
        place = replace(place, tips=())
        shown = _ask(at, wanted, place, limit + 1, seconds)
    oids = [step.oid for step in shown[:limit]]
    if len(shown) <= limit:
        return oids, None
    del shown[limit:]
    is_leaping = wanted.is_filtered or (place.count > 0 and not place.tips)
    tips = () if is_leaping else _frontier(place.tips, shown)
    return oids, _Place(
        place.origin,
        place.path,
        place.count + limit,
        tips if len(tips) <= FRONTIER else (),
        min(step.seconds for step in shown),
    )


def _ask(at: Path, wanted: Wanted, place: _Place, count: int, seconds: float) -> list[_Step]:
    words: list[str | bytes] = ["rev-list", "--timestamp", f"--max-count={count}"]
    words += [] if wanted.is_filtered else ["--parents"]  # They would change what is shown.
    words += [] if place.tips else [f"--skip={place.count}"]
    words += [*_filters(wanted), *(place.tips or (place.origin,)), "--"]
    words += [place.path] if place.path else []
    answer = process.run(words, at=at, timeout_seconds=seconds).decode()
    fields = (line.split(" ") for line in answer.splitlines())
    return [_Step(int(stamp), oid, tuple(parents)) for stamp, oid, *parents in fields]


def _frontier(tips: tuple[str, ...], shown: list[_Step]) -> tuple[str, ...]:
    """Where a walk goes on that has shown these commits."""
    waiting = dict.fromkeys(tips)
    seen: set[str] = set()
    for step in shown:
        seen.add(step.oid)
        waiting.pop(step.oid, None)
        waiting.update(dict.fromkeys(parent for parent in step.parents if parent not in seen))
    return tuple(waiting)


def _before_rename(at: Path, oid: str, place: _Place) -> _Place | None:
    """Where the history of a file goes on before the commit that gave it its present path."""
    source = renames.source(at, oid, place.path)
    return _Place(source.parent, source.path) if source is not None else None


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
    if wanted.without is not None:
        words.append(f"^{wanted.without}")
    return words


def _one_line(text: str) -> str:
    """The text as one pattern: git takes each line for a pattern of its own."""
    return " ".join(text.split("\n"))[: limits.PATTERN_BYTES]


def _pack(place: _Place) -> str:
    path = place.path.decode("latin-1")
    fields = [place.origin, path, place.count, list(place.tips), place.seconds]
    packed = json.dumps(fields, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _unpack(cursor: str) -> _Place:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        origin, path, count, tips, seconds = fields
        place = _Place(origin, path.encode("latin-1"), int(count), tuple(tips), int(seconds))
    except (binascii.Error, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise InvalidError.of("cursor", "Unknown cursor.") from error
    if not _is_sound(place):
        raise InvalidError.of("cursor", "Unknown cursor.")
    return place


def _is_sound(place: _Place) -> bool:
    oids = (place.origin, *place.tips)
    return (
        len(place.tips) <= FRONTIER
        and 0 <= place.count <= MOST_LEAPT
        and all(OBJECT_ID.fullmatch(str(oid)) for oid in oids)
    )
