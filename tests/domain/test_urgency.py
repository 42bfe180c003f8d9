"""What is dealt with first, of vulnerable components."""

from __future__ import annotations

import itertools

import pytest

from appliance.domain import urgency
from appliance.domain.alerts import Severity
from appliance.domain.components import Scope


@pytest.mark.parametrize(
    ("percentile", "band"),
    [(1.0, 0), (0.95, 0), (0.949, 1), (0.9, 1), (0.5, 2), (0.1, 3), (0.0, 3), (None, 4)],
)
def test_percentiles_are_taken_in_bands(percentile, band):
    assert urgency.band(percentile) == band


def test_earlier_facts_weigh_more_than_all_later_ones_together():
    best, worst = {"is_direct": True}, {"is_direct": False}
    matches = [
        urgency.of_match(severity, is_exploited=exploited, percentile=percentile)
        for exploited in (True, False)
        for severity in Severity
        for percentile in (0.99, 0.92, 0.6, 0.2, None)
    ]
    assert matches == sorted(set(matches))
    assert max(matches) < urgency.UNCERTAIN
    for one, other in itertools.pairwise(matches):
        later = urgency.of_component(one, "not_imported", Scope.DEVELOPMENT, **worst)
        assert later < urgency.of_component(other, "called", Scope.RUNTIME, **best)
    last = urgency.of_component(
        urgency.UNCERTAIN + max(matches), "not_imported", Scope.DEVELOPMENT, is_direct=False
    )
    assert last < urgency.NOTHING_KNOWN


def test_what_is_not_known_comes_before_what_is_out_of_reach():
    reached = [
        urgency.of_component(0, reach, Scope.RUNTIME, is_direct=None) for reach in urgency.REACHES
    ]
    assert reached == sorted(reached)
    assert list(urgency.REACHES) == ["called", "imported", "unknown", "not_imported"]
