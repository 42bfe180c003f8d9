"""Mirrors: repositories that follow another system, or that another system follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SHORTEST_MINUTES = 5
LONGEST_MINUTES = 7 * 24 * 60
USUAL_MINUTES = 60
LONGEST_PAUSE = timedelta(days=1)
MOST_DOUBLINGS = 6


class Direction(StrEnum):
    """Who follows whom."""

    PULL = "pull"
    """The repository follows the other system."""
    PUSH = "push"
    """The other system follows the repository."""


class MirrorState(StrEnum):
    """How a mirror is."""

    NEW = "new"
    GOOD = "good"
    BEHIND = "behind"
    """Some branches or tags differ, and it may not overwrite them."""
    FAILING = "failing"
    OFF = "off"


@dataclass(frozen=True)
class Step:
    """One branch or tag that is to be as it is elsewhere; None: it is not there."""

    ref: bytes
    before: str | None
    after: str | None


def steps(here: Mapping[bytes, str], there: Mapping[bytes, str]) -> Iterator[Step]:
    """What makes `here` what `there` is, in the order of names."""
    for ref in sorted(here.keys() | there.keys()):
        if here.get(ref) != there.get(ref):
            yield Step(ref, here.get(ref), there.get(ref))


def pause(every_minutes: int, failures: int) -> timedelta:
    """How long until it is tried again: longer after each failure, a day at most."""
    usual = timedelta(minutes=every_minutes)
    doublings: int = 2 ** min(failures, MOST_DOUBLINGS)
    longer = min(usual * doublings, LONGEST_PAUSE)
    return max(usual, longer)
