"""Charts of alerts, drawn here: shapes for an SVG. The numbers stand in a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.domain.alerts import Severity

if TYPE_CHECKING:
    from appliance.domain.alert_trends import Week

WIDTH, HEIGHT = 640, 160
GAP = 0.25
"""Of the room of a week that stays empty."""
COLOURS = {
    Severity.CRITICAL: ("var(--bad)", 1.0),
    Severity.HIGH: ("var(--bad)", 0.55),
    Severity.MEDIUM: ("var(--warn)", 0.8),
    Severity.LOW: ("var(--text-soft)", 0.6),
    Severity.UNKNOWN: ("var(--hold)", 0.7),
}
OPENED, FIXED = ("var(--warn)", 0.8), ("var(--good)", 0.9)


@dataclass(frozen=True)
class Bar:
    """A rectangle; units are those of the chart."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    opacity: float


@dataclass(frozen=True)
class Chart:
    """Bars over weeks, and the largest sum among them."""

    bars: tuple[Bar, ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def open_by_severity(weeks: Sequence[Week]) -> Chart:
    """One bar a week: open alerts at its end, the worst below."""
    most = max((sum(each.open.values()) for each in weeks), default=0)
    bars = []
    for at, week in enumerate(weeks):
        base = 0
        for severity, colour in COLOURS.items():
            count = week.open.get(severity, 0)
            if count:
                bars.append(_bar(at, len(weeks), base, count, most, colour))
            base += count
    return Chart(tuple(bars), most)


def opened_and_fixed(weeks: Sequence[Week]) -> Chart:
    """Two bars a week: how many came, and how many were fixed."""
    most = max((max(each.opened, each.fixed) for each in weeks), default=0)
    pairs = [
        (at * 2 + side, count, colour)
        for at, week in enumerate(weeks)
        for side, (count, colour) in enumerate(((week.opened, OPENED), (week.fixed, FIXED)))
        if count
    ]
    return Chart(
        tuple(_bar(at, len(weeks) * 2, 0, count, most, colour) for at, count, colour in pairs), most
    )


def _bar(at: int, places: int, base: int, count: int, most: int, colour: tuple[str, float]) -> Bar:
    room = WIDTH / places
    height = HEIGHT * count / most
    return Bar(
        x=round(at * room + room * GAP / 2, 2),
        y=round(HEIGHT - HEIGHT * base / most - height, 2),
        width=round(room * (1 - GAP), 2),
        height=round(height, 2),
        fill=colour[0],
        opacity=colour[1],
    )
