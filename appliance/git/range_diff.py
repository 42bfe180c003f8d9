"""Which commits of one series are the same in another: unchanged, changed, new or gone.

A rebase makes every commit anew, and most of them say what they said before. `compare` pairs them
by what they change, so that a reader sees the real differences only.
Source: git-range-diff(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.errors import TooLargeError, sentence
from appliance.git import limits, process
from appliance.git.diff import CONFIGURATION

WHOLE_IDS = {"core.abbrev": "40"}
HEADING = re.compile(rb"^ *(?:\d+|-): +([0-9a-f]{40}|-+) ([=!<>]) +(?:\d+|-): +([0-9a-f]{40}|-+)")
MARGIN = b"    "
OUTER = frozenset(b" +-@")


class Fate(StrEnum):
    """What became of a commit."""

    SAME = "same"
    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"


FATES = {b"=": Fate.SAME, b"!": Fate.CHANGED, b">": Fate.NEW, b"<": Fate.GONE}


@dataclass(frozen=True)
class Series:
    """The commits that `head` has and `base` has not."""

    base: str
    head: str

    @property
    def words(self) -> str:
        """As git wants it said."""
        return f"{self.base}..{self.head}"


@dataclass(frozen=True)
class Change:
    """One line of the difference between two commits that belong together.

    `outer` says whether the line is in the old commit only (`-`), in the new one only (`+`), in
    both (a blank), or begins another part (`@`); `content` is a line of a commit's own diff.
    """

    outer: str
    content: bytes


@dataclass(frozen=True)
class Pair:
    """A commit of the old series and what it is in the new one; one of them may be missing."""

    fate: Fate
    old: str | None
    new: str | None
    changes: tuple[Change, ...]
    is_cut: bool
    """Whether there are more changes than are given."""


def compare(at: Path, old: Series, new: Series) -> tuple[Pair, ...]:
    """What became of each commit, in the order of the new series. Merges are left out.

    Errors:
        TooLargeError: a series has more than `limits.SERIES_COMMITS`, or they say too much.
        TimeoutExceededError: pairing them takes longer than it may.
    """
    for each in (old, new):
        _insist_on_few(at, each)
    answer = process.run(
        ["range-diff", "--no-color", "--no-dual-color", "--no-notes", old.words, new.words],
        at=at,
        configuration={**CONFIGURATION, **WHOLE_IDS},
    )
    return tuple(_pairs(answer.split(b"\n")))


def _insist_on_few(at: Path, series: Series) -> None:
    most = limits.SERIES_COMMITS
    words = ["rev-list", "--count", "--no-merges", f"--max-count={most + 1}", series.words]
    if int(process.run(words, at=at)) > most:
        raise TooLargeError(
            sentence("There are more than %(most)s commits, too many to compare.", most=most)
        )


def _pairs(lines: Iterable[bytes]) -> Iterable[Pair]:
    heading: re.Match[bytes] | None = None
    changes: list[Change] = []
    for line in lines:
        found = HEADING.match(line)
        if found is None:
            text = line.removeprefix(MARGIN)
            if text and text[0] in OUTER:
                changes.append(Change(chr(text[0]), text[1:]))
            continue
        if heading is not None:
            yield _pair(heading, changes)
        heading, changes = found, []
    if heading is not None:
        yield _pair(heading, changes)


def _pair(heading: re.Match[bytes], changes: list[Change]) -> Pair:
    old, new = (None if id_[:1] == b"-" else id_.decode() for id_ in heading.group(1, 3))
    kept = tuple(changes[: limits.SERIES_LINES])
    return Pair(FATES[heading[2]], old, new, kept, is_cut=len(changes) > len(kept))
