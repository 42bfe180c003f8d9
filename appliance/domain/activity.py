"""Suspicious activity: what recorded facts say of an identity, judged by rules. Pure decisions.

Of each identity a small `Memory` is kept: from which networks it came, at which hours it pushed,
how much it usually does. A fact and a memory give the next memory, and findings where the fact is
unlike what was before. What somebody does often becomes usual: only twice as much is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

HOUR, DAY = 3600, 86400
MOST_KEPT = 400
"""Acts kept of one window: enough to tell, and no more."""
MOST_NETWORKS = 40
PEAK_DAYS = 30
"""So long it counts how much there was in a window."""
HOURS_A_DAY = 24
LONGEST_COMMENT = 10_000


class ActivityRule(StrEnum):
    """What is watched for."""

    NEW_PLACE = "new_place"
    MASS_CLONE = "mass_clone"
    MASS_DELETION = "mass_deletion"
    ODD_HOURS = "odd_hours"
    FOREIGN_AUTHOR = "foreign_author"
    DORMANT = "dormant"


class ActivityState(StrEnum):
    """Whether anything is left to do."""

    OPEN = "open"
    DISMISSED = "dismissed"


class ActivityReason(StrEnum):
    """Why an alert is dismissed."""

    EXPECTED = "expected"
    FALSE_POSITIVE = "false_positive"
    HANDLED = "handled"
    """It was what it looked like, and something was done."""


@dataclass(frozen=True)
class Limits:
    """From when on something is told. A rule that is not in `rules` tells nothing."""

    rules: frozenset[ActivityRule] = frozenset(ActivityRule)
    quiet_days: int = 7
    """So long after a finding the same rule says nothing more of the same identity."""
    memory_days: int = 90
    settled_days: int = 30
    most_networks: int = 2
    clone_repositories: int = 30
    clone_repositories_of_machines: int = 100
    clone_minutes: int = 60
    deleted_refs: int = 100
    deleted_repositories: int = 5
    deletion_minutes: int = 60
    odd_hours_days: int = 20
    most_hours: int = 18
    foreign_commits: int = 20
    foreign_protected: int = 1
    foreign_hours: int = 24
    dormant_days: int = 90


@dataclass(frozen=True)
class Fact:
    """One recorded action, as far as rules look at it."""

    event: str
    log: str
    at: datetime
    action: str
    actor: str
    """The pseudonym, or the id of a deploy key."""
    is_machine: bool = False
    target: str = ""
    token: str = ""
    """The id of the access token that was used; empty where none was."""
    network: str = ""
    deleted_refs: int = 0
    foreign: int = 0
    """Commits of other users that a push brought."""
    foreign_protected: int = 0
    """Those of them that went to a protected branch."""

    @property
    def second(self) -> int:
        """When, in seconds since 1970."""
        return int(self.at.timestamp())

    @property
    def day(self) -> int:
        """When, in days since 1970."""
        return self.second // DAY


@dataclass(frozen=True)
class Act:
    """One thing within a window."""

    at: int
    what: str
    weight: int
    event: str
    log: str


@dataclass(frozen=True)
class Window:
    """What was done lately of one kind, and the most there was in a window of each earlier day."""

    acts: tuple[Act, ...] = ()
    peaks: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How much it is together; the same thing twice counts once."""
        return sum({each.what: each.weight for each in self.acts}.values())


@dataclass(frozen=True)
class Memory:
    """What is kept of an identity, or of one token."""

    first: int = 0
    last: int = 0
    networks: Mapping[str, int] = field(default_factory=dict)
    """Each with the last day it was seen."""
    hours: Mapping[str, int] = field(default_factory=dict)
    """Hours of the day, in UTC, in which there were pushes, each with the last such day."""
    days: tuple[int, ...] = ()
    """The last days with pushes."""
    windows: Mapping[str, Window] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)
    """When each rule found something last."""

    @property
    def is_new(self) -> bool:
        """Whether nothing is known yet."""
        return self.first == 0


@dataclass(frozen=True)
class Finding:
    """Something unlike what was before, and the events that say so, by the log they are in."""

    rule: ActivityRule
    actor: str
    at: datetime
    since: datetime
    events: Mapping[str, tuple[str, ...]]
    count: int = 1
    """How much of it; for a return, how many days nothing was seen."""
    limit: int = 0
    token: str = ""


def judged(
    fact: Fact, memory: Memory, token: Memory, limits: Limits
) -> tuple[Memory, Memory, list[Finding]]:
    """The memories of the identity and of its token after a fact, and what is to be told."""
    found = [
        *_dormant(fact, memory, limits),
        *_new_place(fact, memory, token, limits),
        *_odd_hours(fact, memory, limits),
    ]
    windows = dict(memory.windows)
    for rule, name, what, weight, limit, seconds in _watched(fact, limits):
        before = windows.get(name, Window())
        act = Act(fact.second, what, weight, fact.event, fact.log)
        windows[name] = after = _with(before, act, seconds)
        bound = _bound(after, limit, fact.day)
        if after.total >= bound:
            found.append(_of_window(rule, fact, after, bound))
    found = [each for each in found if _is_told(each, memory, limits)]
    told = {**memory.told, **{str(each.rule): fact.second for each in found}}
    known = replace(_learnt(fact, memory, limits), windows=windows, told=told)
    return known, _learnt(fact, token, limits) if fact.token else token, _once(found)


def untold(memory: Memory) -> Memory:
    """The memory of who was only learnt about: nothing was told, so nothing has to wait."""
    return replace(memory, told={})


def _is_told(found: Finding, memory: Memory, limits: Limits) -> bool:
    last = memory.told.get(found.rule)
    is_quiet = last is not None and found.at.timestamp() - last < limits.quiet_days * DAY
    return found.rule in limits.rules and not is_quiet


def _once(found: Iterable[Finding]) -> list[Finding]:
    """The first finding of each rule."""
    return list({each.rule: each for each in reversed(list(found))}.values())[::-1]


def _dormant(fact: Fact, memory: Memory, limits: Limits) -> Iterable[Finding]:
    away = (fact.second - memory.last) // DAY
    if not memory.is_new and away >= limits.dormant_days:
        since = datetime.fromtimestamp(memory.last, UTC)
        yield _single(
            ActivityRule.DORMANT, fact, since=since, count=away, limit=limits.dormant_days
        )


def _new_place(fact: Fact, memory: Memory, token: Memory, limits: Limits) -> Iterable[Finding]:
    """Only of a token that has kept to few networks for long, and where its owner never was."""
    if not fact.token or not fact.network or token.is_new:
        return
    recent = _recent(token.networks, fact, limits)
    is_settled = (fact.second - token.first) // DAY >= limits.settled_days
    is_known = fact.network in recent or fact.network in memory.networks
    if is_settled and recent and len(recent) <= limits.most_networks and not is_known:
        yield _single(ActivityRule.NEW_PLACE, fact, since=fact.at, count=1, limit=len(recent))


def _odd_hours(fact: Fact, memory: Memory, limits: Limits) -> Iterable[Finding]:
    """Only of a machine with habits: many days, and not round the clock. The hours beside one that
    it keeps are its own too, so that a changed clock is no alarm.
    """
    if not (fact.is_machine and fact.action == "git.pushed"):
        return
    usual = {int(each) for each in _recent(memory.hours, fact, limits)}
    near = {(fact.at.astimezone(UTC).hour + step) % HOURS_A_DAY for step in (-1, 0, 1)}
    has_habits = len(memory.days) >= limits.odd_hours_days and len(usual) <= limits.most_hours
    if has_habits and not near & usual:
        yield _single(ActivityRule.ODD_HOURS, fact, since=fact.at, count=1, limit=len(usual))


def _watched(fact: Fact, limits: Limits) -> Iterable[tuple[ActivityRule, str, str, int, int, int]]:
    """What of a fact is counted: rule, window, what, weight, limit, and the window's seconds."""
    if fact.action in ("git.fetched", "git.archive_downloaded"):
        machine = limits.clone_repositories_of_machines
        most = machine if fact.is_machine else limits.clone_repositories
        seconds = limits.clone_minutes * 60
        yield ActivityRule.MASS_CLONE, "clones", fact.target, 1, most, seconds
    is_repository = fact.action == "repo.deleted"
    if fact.deleted_refs or is_repository:
        of_one = max(1, limits.deleted_refs // limits.deleted_repositories)
        weight = of_one if is_repository else fact.deleted_refs
        seconds = limits.deletion_minutes * 60
        yield (
            ActivityRule.MASS_DELETION,
            "deletions",
            fact.event,
            weight,
            limits.deleted_refs,
            seconds,
        )
    seconds = limits.foreign_hours * HOUR
    for name, count, most in (
        ("foreign", fact.foreign, limits.foreign_commits),
        ("protected", fact.foreign_protected, limits.foreign_protected),
    ):
        if count and not fact.is_machine:
            yield ActivityRule.FOREIGN_AUTHOR, name, fact.event, count, most, seconds


def _with(window: Window, act: Act, seconds: int) -> Window:
    """The window with one act more, and without those that are too old by now."""
    kept = [each for each in window.acts if act.at - each.at < seconds and each.what != act.what]
    grown = replace(window, acts=(*kept, act)[-MOST_KEPT:])
    day = str(act.at // DAY)
    peaks = {each: most for each, most in window.peaks.items() if int(day) - int(each) <= PEAK_DAYS}
    return replace(grown, peaks={**peaks, day: max(peaks.get(day, 0), grown.total)})


def _bound(window: Window, limit: int, day: int) -> int:
    """The limit, or twice what was usual on earlier days."""
    usual = max((most for each, most in window.peaks.items() if int(each) < day), default=0)
    return max(limit, min(2 * usual, max(limit, MOST_KEPT)))


def _of_window(rule: ActivityRule, fact: Fact, window: Window, bound: int) -> Finding:
    events: dict[str, list[str]] = {}
    for each in window.acts:
        events.setdefault(each.log, []).append(each.event)
    return Finding(
        rule=rule,
        actor=fact.actor,
        at=fact.at,
        since=datetime.fromtimestamp(min(each.at for each in window.acts), UTC),
        events={log: tuple(each) for log, each in events.items()},
        count=window.total,
        limit=bound,
        token=fact.token,
    )


def _single(rule: ActivityRule, fact: Fact, *, since: datetime, count: int, limit: int) -> Finding:
    events = {fact.log: (fact.event,)}
    return Finding(rule, fact.actor, fact.at, since, events, count, limit, fact.token)


def _learnt(fact: Fact, memory: Memory, limits: Limits) -> Memory:
    networks = dict(memory.networks)
    if fact.network:
        networks = _recent(networks, fact, limits) | {fact.network: fact.day}
        newest = sorted(networks, key=lambda each: networks[each])[-MOST_NETWORKS:]
        networks = {each: networks[each] for each in newest}
    hours, days = memory.hours, memory.days
    if fact.action == "git.pushed" and fact.is_machine:
        hour = str(fact.at.astimezone(UTC).hour)
        hours = {**_recent(hours, fact, limits), hour: fact.day}
        days = tuple(sorted({*days, fact.day}))[-limits.odd_hours_days :]
    return replace(
        memory,
        first=memory.first or fact.second,
        last=max(memory.last, fact.second),
        networks=networks,
        hours=hours,
        days=days,
    )


def _recent(days: Mapping[str, int], fact: Fact, limits: Limits) -> dict[str, int]:
    return {each: day for each, day in days.items() if fact.day - day <= limits.memory_days}


def as_json(memory: Memory) -> dict[str, Any]:
    """A memory as it is stored; acts are short, because there are many."""
    said = asdict(memory)
    said["windows"] = {
        name: {
            "acts": [[each.at, each.what, each.weight, each.event, each.log] for each in one.acts],
            "peaks": dict(one.peaks),
        }
        for name, one in memory.windows.items()
    }
    return said


def from_json(said: Mapping[str, Any]) -> Memory:
    """The memory that was stored."""
    windows = {
        name: Window(tuple(Act(*each) for each in one["acts"]), one["peaks"])
        for name, one in said["windows"].items()
    }
    return Memory(**{**said, "days": tuple(said["days"]), "windows": windows})


def search_terms(
    rule: ActivityRule, actor: str, since: datetime, until: datetime, token: str = ""
) -> str:
    """What to ask the audit log for to find what an alert rests on."""
    begin = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (until + timedelta(seconds=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    terms = [f"actor:{actor}", f"created:{begin}..{end}"]
    terms += [f"token:{token}"] if token and rule is ActivityRule.NEW_PLACE else []
    actions = {ActivityRule.ODD_HOURS: "git.pushed", ActivityRule.FOREIGN_AUTHOR: "git.pushed"}
    terms += [f"action:{actions[rule]}"] if rule in actions else []
    return " ".join(terms)
