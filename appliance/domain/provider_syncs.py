"""Synchronising with a directory: what a run is, what it changes, and when it has to ask.

Whoever is missing in an answer may have gone, or the answer may be wrong. So a run that would take
much away takes nothing away: it shows what it would take, and a person confirms exactly that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LEAST_TO_ASK = 2
"""As many people may always go at once: two of a group of eight are no mass."""


class SyncState(StrEnum):
    """Where a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    HELD = "held"
    """It ended, and what it would have taken away was left until somebody confirms it."""
    FAILED = "failed"
    """The directory did not say everything; nothing was changed by what it did say."""


ENDED = frozenset({SyncState.DONE, SyncState.HELD, SyncState.FAILED})


class SyncCause(StrEnum):
    """Why a run began."""

    TIMER = "timer"
    PERSON = "person"
    CONFIRMED = "confirmed"
    """Somebody has looked at the report of another run, and confirmed it."""


class ChangeKind(StrEnum):
    """What happens to one person."""

    CREATED = "created"
    """They become a user, or are linked to one."""
    UPDATED = "updated"
    """Name, address, or groups that give them something."""
    RETURNED = "returned"
    """They may enter again."""
    LESS = "less"
    """They leave groups that gave them something."""
    DISABLED = "disabled"
    """The directory says that they may not enter."""
    VANISHED = "vanished"
    """The directory does not know them any more."""
    REFUSED = "refused"
    """What the directory says of them cannot be used."""


TAKES_AWAY = (ChangeKind.LESS, ChangeKind.DISABLED, ChangeKind.VANISHED)
BY_ABSENCE = (ChangeKind.LESS, ChangeKind.VANISHED)
"""What follows from something that is not in the answer."""


class ChangeState(StrEnum):
    """What came of it."""

    PLANNED = "planned"
    """It was a dry run."""
    DONE = "done"
    HELD = "held"
    REFUSED = "refused"


class Doubt(StrEnum):
    """Why a run asks before it takes anything away."""

    MANY_LEAVE = "many_leave"
    MANY_LOSE = "many_lose"
    EMPTY_GROUP = "empty_group"


@dataclass(frozen=True)
class Losses:
    """What a run would take away, without what somebody has confirmed."""

    known: int
    """How many people the directory let in before."""
    disabled: int = 0
    vanished: int = 0
    less: int = 0
    emptied: tuple[str, ...] = ()
    """Groups that gave something, and have nobody now."""

    @property
    def total(self) -> int:
        """How many people lose something."""
        return self.disabled + self.vanished + self.less


def most(known: int, percent: int) -> int:
    """How many people may lose something before a run asks."""
    return max(LEAST_TO_ASK, known * percent // 100)


def doubts(losses: Losses, *, percent: int) -> tuple[Doubt, ...]:
    """Why to ask before anything is taken away; nothing: there is no reason to."""
    limit = most(losses.known, percent)
    found = {
        Doubt.MANY_LEAVE: losses.disabled + losses.vanished > limit,
        Doubt.MANY_LOSE: losses.less > limit,
        Doubt.EMPTY_GROUP: bool(losses.emptied),
    }
    return tuple(doubt for doubt, is_so in found.items() if is_so)


def held_kinds(losses: Losses, *, percent: int) -> frozenset[ChangeKind]:
    """What is left until somebody confirms it. Whom the directory itself calls disabled is kept out
    all the same, unless that alone is too much: it said so, and did not just say nothing.
    """
    if not doubts(losses, percent=percent):
        return frozenset()
    if losses.disabled > most(losses.known, percent):
        return frozenset(TAKES_AWAY)
    return frozenset(BY_ABSENCE)


def taken_away(counts: Mapping[str, int]) -> int:
    """How many people lost something, of what was counted by kind."""
    return sum(counts.get(kind, 0) for kind in TAKES_AWAY)
