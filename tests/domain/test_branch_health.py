"""Which branches are merged or stale, and which a policy deletes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.branch_health import Health, Show, check_days, is_due
from appliance.errors import InvalidError

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=91), NOW - timedelta(days=89)
PLAIN = Health(at=YOUNG)
BEHIND = replace(PLAIN, is_contained=True)
MERGED = replace(BEHIND, was_ahead=True)
BY_PULL = replace(PLAIN, pull_merged_at=YOUNG)


@pytest.mark.parametrize(
    ("health", "shown"),
    [
        (PLAIN, {Show.ALL, Show.ACTIVE}),
        (Health(at=OLD), {Show.ALL, Show.STALE}),
        (MERGED, {Show.ALL, Show.MERGED}),
        (BEHIND, {Show.ALL, Show.ACTIVE}),
        (BY_PULL, {Show.ALL, Show.MERGED}),
        (replace(MERGED, at=OLD), {Show.ALL, Show.MERGED, Show.STALE}),
        (replace(MERGED, at=OLD, is_default=True), {Show.ALL, Show.ACTIVE}),
        (Health(at=None), {Show.ALL, Show.ACTIVE}),
    ],
)
def test_a_list_has_what_it_says(health, shown):
    assert {each for each in Show if health.is_shown(each, NOW)} == shown


@pytest.mark.parametrize(
    ("health", "days", "since", "goes"),
    [
        (MERGED, 30, timedelta(days=31), True),
        (BY_PULL, 30, timedelta(days=31), True),
        (MERGED, 30, timedelta(days=30), False),
        (MERGED, 0, timedelta(days=999), False),
        (PLAIN, 30, timedelta(days=31), False),
        (BEHIND, 30, timedelta(days=999), False),
        (replace(MERGED, is_default=True), 30, timedelta(days=31), False),
        (replace(MERGED, is_protected=True), 30, timedelta(days=31), False),
        (replace(MERGED, has_open_pull=True), 30, timedelta(days=31), False),
    ],
)
def test_only_what_is_merged_for_long_goes(health, days, since, goes):
    assert is_due(health, NOW - since, days, NOW) is goes


@pytest.mark.parametrize("days", [-1, 3651])
def test_a_policy_has_possible_days(days):
    with pytest.raises(InvalidError):
        check_days(days)


def test_never_is_a_policy():
    assert check_days(0) == 0
