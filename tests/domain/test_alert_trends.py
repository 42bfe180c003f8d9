"""What figures of alerts say over weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from appliance.domain.alert_trends import first_monday, trends
from appliance.domain.alerts import AlertKind, AlertState, Severity

ORIGIN = datetime(2026, 9, 7, tzinfo=UTC)
DAY = 24 * 3600


@dataclass(frozen=True)
class Cell:
    """Alerts that are alike."""

    state: AlertState = AlertState.OPEN
    opened_week: int = 0
    closed_week: int | None = None
    severity: Severity = Severity.HIGH
    kind: AlertKind = AlertKind.CODE
    is_automatic: bool = False
    count: int = 1
    overdue: int = 0
    age_seconds: int = 0


@pytest.mark.parametrize("day", range(1, 8))
def test_weeks_begin_on_a_monday(day):
    found = first_monday(datetime(2026, 6, day, 13, 5, tzinfo=UTC), weeks=2)

    assert (found.weekday(), found.hour) == (0, 0)
    assert found == datetime(2026, 5, 25 if day < 8 else 0, tzinfo=UTC)


def test_an_alert_is_open_from_the_week_it_came_until_it_is_closed():
    found = trends(
        [
            Cell(opened_week=-1, count=2),
            Cell(AlertState.FIXED, opened_week=0, closed_week=1, count=3, age_seconds=3 * 6 * DAY),
            Cell(AlertState.DISMISSED, opened_week=1, closed_week=2),
        ],
        origin=ORIGIN,
        weeks=3,
    )

    assert [sum(each.open.values()) for each in found.weeks] == [5, 3, 2]
    assert [each.opened for each in found.weeks] == [3, 1, 0]
    assert [each.fixed for each in found.weeks] == [0, 3, 0]
    assert [each.dismissed for each in found.weeks] == [0, 0, 1]
    assert found.mean_days_to_fix == 6.0
    assert found.open_count == 2


def test_only_what_was_fixed_in_these_weeks_says_how_long_it_takes():
    old = Cell(AlertState.FIXED, opened_week=-1, closed_week=-1, age_seconds=90 * DAY)

    assert trends([old], origin=ORIGIN).mean_days_to_fix is None


def test_what_a_rule_dismissed_and_what_is_overdue_is_counted():
    found = trends(
        [
            Cell(AlertState.DISMISSED, closed_week=0, is_automatic=True, count=4),
            Cell(count=5, overdue=2, age_seconds=10 * DAY),
            Cell(severity=Severity.LOW, count=1),
        ],
        origin=ORIGIN,
    )

    assert found.auto_dismissed == 4
    assert found.overdue == {Severity.HIGH: 2}
    assert found.days_open[Severity.HIGH] == 2.0
    assert found.open[AlertKind.CODE] == {Severity.HIGH: 5, Severity.LOW: 1}
