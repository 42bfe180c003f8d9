"""Windows of time in which nothing moves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.domain import freezes
from appliance.errors import InvalidError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "now", "until"),
    [
        ("2026-12-19T18:00/2027-01-04T06:00", "2026-12-19T17:59", None),
        ("2026-12-19T18:00/2027-01-04T06:00", "2026-12-19T18:00", "2027-01-04T06:00"),
        ("2026-12-19T18:00/2027-01-04T06:00", "2027-01-04T06:00", None),
        ("2026-12-19T18:00+01:00/2026-12-19T18:30Z", "2026-12-19T17:10", "2026-12-19T18:30"),
        ("Fri 16:00/Mon 06:00", "2026-11-20T15:59", None),
        ("Fri 16:00/Mon 06:00", "2026-11-20T16:00", "2026-11-23T06:00"),
        ("Fri 16:00/Mon 06:00", "2026-11-23T05:59", "2026-11-23T06:00"),
        ("Fri 16:00/Mon 06:00", "2026-11-23T06:00", None),
        ("Sunday 22/Mon 02", "2026-11-23T01:00", "2026-11-23T02:00"),
        ("Tue 09:00/Tue 17:00", "2026-11-24T12:00", "2026-11-24T17:00"),
        ("Tue 00:00/Tue 24:00", "2026-11-24T23:59", "2026-11-25T00:00"),
        ("Fri 16:00/Mon 06:00", "2020-02-29T12:00", "2020-03-02T06:00"),
    ],
)
def test_when_a_window_is_open(window, now, until):
    assert freezes.end_of((window,), at(now)) == (at(until) if until else None)


def test_of_several_windows_the_last_end_counts():
    both = ("Tue 09:00/Tue 17:00", "2026-11-24T10:00/2026-11-24T13:00")
    assert freezes.end_of(both, at("2026-11-24T12:00")) == at("2026-11-24T17:00")


@pytest.mark.parametrize(
    "window",
    *[
        [
            *("", "now", "Fri", "Fri 16:00", "Fri/Mon", "Fri 25:00/Mon 06:00", "Fri 16:00/Moon 6"),
            *("2027-01-04T06:00/2026-12-19T18:00", "2026-12-19T18:00", "9999-99-99/2026-01-01"),
            *("Fri 16:00/2026-12-19T18:00", "Fri -1:00/Mon 06:00"),
        ]
    ],
)
def test_what_is_no_window(window):
    with pytest.raises(InvalidError, match="not a time window"):
        freezes.parse(window)
