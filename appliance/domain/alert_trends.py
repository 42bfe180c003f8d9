"""What figures of alerts say over weeks: how many were open, what came, what was fixed. Pure.

An alert that was reopened counts as if it had been open all the time: what it was before is in its
history, not in these figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from appliance.domain.alerts import AlertKind, AlertState, Severity

WEEKS = 12
DAY_SECONDS = 24 * 3600
BEFORE = -1
"""The week of what happened before all that are told apart."""


@dataclass(frozen=True)
class Cell:
    """Alerts that are alike in all that figures tell apart."""

    kind: AlertKind
    severity: Severity
    state: AlertState
    is_automatic: bool
    opened_week: int
    closed_week: int | None
    """None: they are open."""
    count: int
    overdue: int
    age_seconds: int
    """Of all of them together, from the first sight until now or until they were closed."""


@dataclass(frozen=True)
class Week:
    """Seven days from a Monday on, in UTC."""

    starts_at: datetime
    opened: int = 0
    fixed: int = 0
    dismissed: int = 0
    open: Mapping[Severity, int] = field(default_factory=dict)
    """At its end, or now."""


@dataclass(frozen=True)
class Trends:
    """All figures of some alerts."""

    open: Mapping[AlertKind, Mapping[Severity, int]]
    overdue: Mapping[Severity, int]
    auto_dismissed: int
    weeks: tuple[Week, ...]
    days_to_fix: Mapping[Severity, float]
    """On average, of those fixed in these weeks; a severity without any is missing."""
    mean_days_to_fix: float | None
    days_open: Mapping[Severity, float]
    """How old open ones are, on average."""

    @property
    def open_count(self) -> int:
        """How many are open."""
        return sum(sum(each.values()) for each in self.open.values())

    @property
    def overdue_count(self) -> int:
        """How many of them are overdue."""
        return sum(self.overdue.values())


def first_monday(now: datetime, weeks: int = WEEKS) -> datetime:
    """Where so many weeks begin of which the last one is now."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday(), weeks=weeks - 1)


def trends(cells: Iterable[Cell], *, origin: datetime, weeks: int = WEEKS) -> Trends:
    """What some alerts say, counted."""
    known = list(cells)
    still = [each for each in known if each.state is AlertState.OPEN]
    fixed = [
        each
        for each in known
        if each.state is AlertState.FIXED and each.closed_week is not None and each.closed_week >= 0
    ]
    return Trends(
        open={
            kind: _by_severity(each for each in still if each.kind is kind) for kind in AlertKind
        },
        overdue=dict(
            +Counter({s: sum(c.overdue for c in still if c.severity is s) for s in Severity})
        ),
        auto_dismissed=sum(
            each.count for each in known if each.state is AlertState.DISMISSED and each.is_automatic
        ),
        weeks=tuple(_week(known, at, origin) for at in range(weeks)),
        days_to_fix=_mean_days(fixed),
        mean_days_to_fix=_mean(fixed),
        days_open=_mean_days(still),
    )


def _week(cells: list[Cell], at: int, origin: datetime) -> Week:
    ended = [each for each in cells if each.closed_week == at]
    then = [
        each
        for each in cells
        if each.opened_week <= at and (each.closed_week is None or each.closed_week > at)
    ]
    return Week(
        starts_at=origin + timedelta(weeks=at),
        opened=sum(each.count for each in cells if each.opened_week == at),
        fixed=sum(each.count for each in ended if each.state is AlertState.FIXED),
        dismissed=sum(each.count for each in ended if each.state is AlertState.DISMISSED),
        open=_by_severity(then),
    )


def _by_severity(cells: Iterable[Cell]) -> dict[Severity, int]:
    found: Counter[Severity] = Counter()
    for each in cells:
        found[each.severity] += each.count
    return {severity: found[severity] for severity in Severity if found[severity]}


def _overdue(cells: Iterable[Cell]) -> dict[Severity, int]:
    found: Counter[Severity] = Counter()
    for each in cells:
        found[each.severity] += each.overdue
    return {severity: found[severity] for severity in Severity if found[severity]}


def _mean_days(cells: list[Cell]) -> dict[Severity, float]:
    means = {s: _mean([each for each in cells if each.severity is s]) for s in Severity}
    return {severity: mean for severity, mean in means.items() if mean is not None}


def _mean(cells: list[Cell]) -> float | None:
    count = sum(each.count for each in cells)
    if not count:
        return None
    return sum(each.age_seconds for each in cells) / count / DAY_SECONDS
