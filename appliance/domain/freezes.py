"""Windows of time in which nothing moves: once, or every week. All times are UTC.

2026-12-19T18:00/2027-01-04T06:00      once
Fri 16:00/Mon 06:00                    every week
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appliance.errors import InvalidError, sentence

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = timedelta(days=7)
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
"""A Monday, from which weeks are counted."""


@dataclass(frozen=True)
class Window:
    """From when to when; `is_weekly`: again each week."""

    starts_at: datetime
    ends_at: datetime
    is_weekly: bool = False

    def end_after(self, now: datetime) -> datetime | None:
        """When it ends, if it is open now."""
        if not self.is_weekly:
            return self.ends_at if self.starts_at <= now < self.ends_at else None
        since = (now - self.starts_at) % WEEK
        length = self.ends_at - self.starts_at
        return now - since + length if since < length else None


def parse(text: str) -> Window:
    """A window as it is written.

    Errors:
        InvalidError: it cannot be read, or ends before it starts.
    """
    first, _, last = text.partition("/")
    try:
        if first.strip()[:3].lower() in DAYS:
            return _weekly(first, last)
        window = Window(_moment(first), _moment(last))
    except (ValueError, OverflowError) as error:
        raise _unreadable(text) from error
    if window.ends_at <= window.starts_at:
        raise _unreadable(text)
    return window


def _weekly(first: str, last: str) -> Window:
    start, end = _of_week(first), _of_week(last)
    return Window(start, end if end > start else end + WEEK, is_weekly=True)


def _of_week(text: str) -> datetime:
    day, _, hour = text.strip().partition(" ")
    hours, _, minutes = hour.strip().partition(":")
    found = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if not timedelta(0) <= found <= timedelta(days=1) or not hours:
        raise ValueError(text)
    return MONDAY + timedelta(days=DAYS.index(day.lower()[:3])) + found


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.strip())
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _unreadable(text: str) -> InvalidError:
    said = sentence(
        "%(text)s is not a time window. Write 2026-12-19T18:00/2027-01-04T06:00, or for "
        "every week Fri 16:00/Mon 06:00; times are UTC.",
        text=text[:100],
    )
    return InvalidError.of("rules", said)


def end_of(windows: tuple[str, ...], now: datetime) -> datetime | None:
    """When the last of the windows ends that are open now; None where none is."""
    ends = [end for text in windows if (end := parse(text).end_after(now)) is not None]
    return max(ends, default=None)
