"""When letters are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.notifications import RETRY_MINUTES, DigestEvery, next_digest, next_try

FRIDAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "now", "due"),
    [
        (DigestEvery.DAY, FRIDAY, datetime(2026, 11, 21, 6, tzinfo=UTC)),
        (DigestEvery.DAY, FRIDAY.replace(hour=5), FRIDAY.replace(hour=6)),
        (DigestEvery.DAY, FRIDAY.replace(hour=6), datetime(2026, 11, 21, 6, tzinfo=UTC)),
        (DigestEvery.WEEK, FRIDAY, datetime(2026, 11, 23, 6, tzinfo=UTC)),
        (
            DigestEvery.WEEK,
            datetime(2026, 11, 23, 6, tzinfo=UTC),
            datetime(2026, 11, 30, 6, tzinfo=UTC),
        ),
    ],
)
def test_when_the_next_digest_is_due(every, now, due):
    assert next_digest(every, now) == due


def test_pauses_grow_until_a_letter_is_given_up():
    pauses = [next_try(number, FRIDAY) for number in range(1, len(RETRY_MINUTES) + 2)]

    assert pauses[-1] is None
    assert pauses[0] == FRIDAY + timedelta(minutes=1)
    assert sum(RETRY_MINUTES) >= 20 * 60
