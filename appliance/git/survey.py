"""Looks into the default branch of one repository among many, for a short time.

No program is started: that would take longer than looking into most repositories does. What was
found before the time was over is kept, and it is said that it is not all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from appliance.git import commits, grep, limits, refs, search, tree
from appliance.git.commits import Commit
from appliance.git.grep import Found, Wanted
from appliance.git.handles import Handle, opened

Item = TypeVar("Item")
BRANCHES = b"refs/heads/"
BETWEEN_LOOKS = 200
"""So many entries or commits are looked at between two looks at the clock."""
SHORTEST_ID = 7
"""What has fewer characters is no abbreviated commit id."""


@dataclass(frozen=True)
class Glance(Generic[Item]):
    """What was found in one repository."""

    items: tuple[Item, ...] = ()
    has_more: bool = False
    """Whether more was found than was asked for, or would have been."""
    is_part: bool = False
    """Whether the time was over before all was looked at."""


@dataclass(frozen=True)
class Page:
    """A file of which the path, or else a line, is what was looked for."""

    path: bytes
    line: bytes = b""


def lines(at: Path, branch: bytes, words: str, *, most: int, seconds: float) -> Glance[Found]:
    """Lines of text files that hold the words as they stand, in any case of letters.

    Errors:
        DamagedError: the repository cannot be read.
        InvalidError: the words are too long, or none.
    """
    wanted = Wanted(words, is_literal=True, ignore_case=True)
    commit = _tip(at, branch)
    if commit is None:
        return Glance()
    found = grep.search(at, commit, wanted, most=most, seconds=seconds, field="q")
    has_more = found.is_cut and len(found.matches) >= most
    return Glance(found.matches, has_more, found.is_cut and not has_more)


def names(at: Path, branch: bytes, words: str, *, most: int, seconds: float) -> Glance[bytes]:
    """Paths of files that hold every word in any case of letters, closest first.

    Errors:
        DamagedError: the repository cannot be read.
    """
    paths = all_paths(at, branch, seconds=seconds)
    found = search.ranked(paths.items, words.encode(errors="surrogateescape"))
    return Glance(tuple(found[:most]), len(found) > most, paths.is_part)


def messages(at: Path, branch: bytes, words: str, *, most: int, seconds: float) -> Glance[Commit]:
    """Commits whose message holds the words as they stand, in any case of letters, or whose id
    begins with them; newest first.

    Errors:
        DamagedError: the repository cannot be read.
        InvalidError: the words are too long, or none.
    """
    expression = grep.compiled(Wanted(words, is_literal=True, ignore_case=True), "q")
    until = time.monotonic() + seconds
    with opened(at) as handle:
        tip = refs.lookup(handle, BRANCHES + branch)
        walked = _Timed(_commits(handle, tip, expression, words.strip().lower()), until)
        oids = list(islice((oid for oid in walked if oid), most + 1))
        found = tuple(commits.load(handle, oid) for oid in oids[:most])
    return Glance(found, len(oids) > most, walked.is_over)


def all_paths(at: Path, branch: bytes, *, seconds: float) -> Glance[bytes]:
    """The paths of all files.

    Errors:
        DamagedError: the repository cannot be read.
    """
    until = time.monotonic() + seconds
    with opened(at) as handle:
        tip = refs.lookup(handle, BRANCHES + branch)
        if tip is None:
            return Glance()
        walked = _Timed(tree.walk(handle, tree.locate(handle, tip, b"")), until)
        found = tuple(entry.path for entry in islice(walked, limits.TREE_PATHS))
    return Glance(found, is_part=walked.is_over or len(found) >= limits.TREE_PATHS)


class _Timed(Iterator[Item]):
    """The items of a walk until the time is over. Its state is how many there were."""

    def __init__(self, walked: Iterator[Item], until: float) -> None:
        self._walked, self._until, self._count = walked, until, 0
        self.is_over = False

    def __next__(self) -> Item:
        self._count += 1
        if self._count % BETWEEN_LOOKS == 0 and time.monotonic() > self._until:
            self.is_over = True
            raise StopIteration
        return next(self._walked)


def _commits(handle: Handle, tip: str | None, expression: Any, begin: str) -> Iterator[str]:
    """The id of each commit that is wanted, newest first; the empty text for another."""
    if tip is None:
        return
    wants_id = len(begin) >= SHORTEST_ID
    for commit in handle.repository.walk(tip):
        oid = str(commit.id)
        is_found = expression.search(commit.raw_message) or (wants_id and oid.startswith(begin))
        yield oid if is_found else ""


def _tip(at: Path, branch: bytes) -> str | None:
    with opened(at) as handle:
        return refs.lookup(handle, BRANCHES + branch)
