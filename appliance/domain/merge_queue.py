"""The merge queue: what is to be done next so that only what was tested comes into a branch.

Entries stand in line. The first of them are merged, one on top of the other, into a commit that
nobody sees yet: a **group**. The next group stands on top of that one, and so on; all are tested at
the same time. When the first group has passed, the branch moves to its very commit, and the second
is the first. When it fails it is halved, until one entry fails by itself: that one leaves.

`next_step` decides from what is so now. Whoever does the step looks again when it is written down,
in one transaction, and does nothing if another step would be the next by then: so no race matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID

from appliance.domain import checks

MOST_TOGETHER = 50
MOST_AT_ONCE = 10
MOST_MINUTES = 7 * 24 * 60
MOST_CHECKS = 50


class Priority(IntEnum):
    """Who comes first. Of the same priority, who came first."""

    LOW = 1
    NORMAL = 2
    HIGH = 3


class Verdict(StrEnum):
    """What the checks of a group come to."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    LATE = "late"
    """They have said too little for too long."""
    REFUSED = "refused"
    """They are good, but rules let it not land."""


class Reason(StrEnum):
    """Why an entry leaves the queue without a merge."""

    BY_HAND = "by_hand"
    CHECKS_FAILED = "checks_failed"
    TIMED_OUT = "timed_out"
    CONFLICTS = "conflicts"
    OBSTRUCTED = "obstructed"
    """Rules stand in the way by now."""
    NOT_ALLOWED = "not_allowed"
    """Who put it there may not merge any more."""
    NEW_COMMITS = "new_commits"
    CHANGED = "changed"
    """It is a draft, or for another branch."""
    CLOSED = "closed"


@dataclass(frozen=True)
class Rules:
    """How a queue works."""

    together: int = 5
    """So many entries at most are tested as one group."""
    at_once: int = 3
    """So many groups at most are tested at the same time."""
    is_paused: bool = False


@dataclass(frozen=True)
class Entry:
    """A pull request in line."""

    id: UUID
    place: int
    """Counts on: who came later has a higher one."""
    priority: Priority = Priority.NORMAL
    most_together: int | None = None
    """In no larger group than this, since one with it has failed."""
    blocked_on: str | None = None
    """The commit on which it did not go."""


@dataclass(frozen=True)
class Group:
    """Entries that were merged, one on top of the other, and are tested as one."""

    id: UUID
    base: str
    """The commit on which they stand."""
    commit: str
    """What the branch will be."""
    entries: tuple[UUID, ...]
    verdict: Verdict = Verdict.PENDING


@dataclass(frozen=True)
class Queue:
    """All that counts."""

    target: str
    """The commit at which the branch is."""
    entries: tuple[Entry, ...] = ()
    """In any order."""
    groups: tuple[Group, ...] = ()
    """In the order in which they stand on top of each other."""
    rules: Rules = Rules()
    is_landing: bool = False
    """The branch is about to move; whether it has is known soon."""


@dataclass(frozen=True)
class Drop:
    """These groups are not what would land any more."""

    groups: tuple[UUID, ...]


@dataclass(frozen=True)
class Land:
    """Let the branch move from the base of a group to its commit."""

    group: Group


@dataclass(frozen=True)
class Halve:
    """These have failed together: none of them stands in a group of more than so many."""

    entries: tuple[UUID, ...]
    most: int


@dataclass(frozen=True)
class Leave:
    """An entry that has failed by itself leaves; those that were suspected are so no more."""

    entry: UUID
    reason: Reason


@dataclass(frozen=True)
class Build:
    """Merge these one on top of the other, as many as go together, and begin from the base.

    If not even the first goes it is `blocked_on` the base.
    """

    base: str
    entries: tuple[UUID, ...]


@dataclass(frozen=True)
class Wait:
    """There is nothing to do until something happens."""


Step = Drop | Land | Halve | Leave | Build | Wait
OF_VERDICT = {
    Verdict.FAILED: Reason.CHECKS_FAILED,
    Verdict.LATE: Reason.TIMED_OUT,
    Verdict.REFUSED: Reason.OBSTRUCTED,
}
FAILURES = frozenset({*OF_VERDICT.values(), Reason.CONFLICTS, Reason.NOT_ALLOWED})
"""The reasons of the queue itself: what was promised could not be done."""


def line(entries: Iterable[Entry]) -> list[Entry]:
    """Entries in the order in which they are to land."""
    return sorted(entries, key=lambda each: (-each.priority, each.place))


def next_step(queue: Queue) -> Step:
    """What is to be done now."""
    if queue.is_landing:
        return Wait()
    for place, group in enumerate(queue.groups, start=1):
        if group.commit == queue.target:
            return Drop(tuple(each.id for each in queue.groups[:place]))  # It has landed.
    waiting = line(queue.entries)
    standing = _standing(queue, waiting)
    if standing < len(queue.groups):
        return Drop(tuple(each.id for each in queue.groups[standing:]))
    if queue.rules.is_paused:
        return Wait()
    if queue.groups and queue.groups[0].verdict is not Verdict.PENDING:
        return _judged(queue.groups[0])
    return _built(queue, waiting[sum(len(each.entries) for each in queue.groups) :])


def verdict(found: Iterable[checks.Required], *, is_late: bool = False) -> Verdict:
    """What the required checks of a group's commit come to."""
    standings = {each.standing for each in found}
    if standings <= {checks.Standing.PASSED}:
        return Verdict.PASSED
    if checks.Standing.FAILED in standings:
        return Verdict.FAILED
    return Verdict.LATE if is_late else Verdict.PENDING


def _standing(queue: Queue, waiting: Sequence[Entry]) -> int:
    """How many of the groups are still what would land: the first in line, on where the branch is.

    A group of more than its entries stand in any more has failed and is to be halved.
    """
    base, start = queue.target, 0
    for count, group in enumerate(queue.groups):
        here = waiting[start : start + len(group.entries)]
        limits = [each.most_together for each in here if each.most_together is not None]
        is_same = tuple(each.id for each in here) == group.entries and bool(group.entries)
        if group.base != base or not is_same or min(limits, default=len(here)) < len(here):
            return count
        base, start = group.commit, start + len(here)
    return len(queue.groups)


def _judged(first: Group) -> Land | Halve | Leave:
    if first.verdict is Verdict.PASSED:
        return Land(first)
    if len(first.entries) == 1:
        return Leave(first.entries[0], OF_VERDICT[first.verdict])
    return Halve(first.entries, (len(first.entries) + 1) // 2)


def _built(queue: Queue, rest: Sequence[Entry]) -> Build | Leave | Wait:
    if not rest or len(queue.groups) >= queue.rules.at_once:
        return Wait()
    base = queue.groups[-1].commit if queue.groups else queue.target
    if rest[0].blocked_on == base:
        return Wait() if queue.groups else Leave(rest[0].id, Reason.CONFLICTS)
    return Build(base, tuple(each.id for each in _together(rest, queue.rules.together)))


def _together(rest: Sequence[Entry], most: int) -> list[Entry]:
    """The first of them, as many as may stand in one group."""
    taken: list[Entry] = []
    for each in rest:
        most = min(most, each.most_together or most)
        if len(taken) >= most:
            break
        taken.append(each)
    return taken
