"""What reports of a commit come to, and which required checks are in the way."""

from __future__ import annotations

from uuid import UUID

import pytest

from appliance.domain import checks
from appliance.domain.checks import Conclusion, Report, RunState, Standing
from appliance.domain.merge_facts import CheckOutcome
from appliance.errors import InvalidError

MACHINE, WRITER = UUID(int=1), UUID(int=2)
PASSED, PENDING, FAILED = CheckOutcome.PASSED, CheckOutcome.PENDING, CheckOutcome.FAILED


@pytest.mark.parametrize(
    ("state", "conclusion", "outcome"),
    [
        (RunState.QUEUED, None, PENDING),
        (RunState.IN_PROGRESS, None, PENDING),
        *((RunState.COMPLETED, each, PASSED) for each in sorted(checks.PASSING)),
        *((RunState.COMPLETED, each, FAILED) for each in sorted(set(Conclusion) - checks.PASSING)),
    ],
)
def test_a_run_means_something_for_rules(state, conclusion, outcome):
    assert checks.of_run(state, conclusion) is outcome


def test_the_latest_word_of_a_reporter_counts():
    said = [Report("build", MACHINE, PASSED), Report("build", MACHINE, FAILED)]

    assert checks.by_name(said) == {"build": PASSED}


def test_nobody_makes_good_what_another_found_bad():
    said = [Report("build", WRITER, PASSED), Report("build", MACHINE, FAILED)]

    assert checks.by_name(said) == {"build": FAILED}


@pytest.mark.parametrize(
    ("of_head", "before", "standing"),
    [
        ({"build": PASSED}, (), Standing.PASSED),
        ({"build": PENDING}, ("build",), Standing.PENDING),
        ({"build": FAILED}, (), Standing.FAILED),
        ({"lint": PASSED}, ("build",), Standing.STALE),
        ({}, (), Standing.MISSING),
    ],
)
def test_a_required_check_stands_for_the_head_alone(of_head, before, standing):
    (found,) = checks.required(["build", "build"], of_head, before)

    assert found.standing is standing
    assert checks.unmet([found]) == (() if standing is Standing.PASSED else (found,))


def test_the_worst_is_what_counts_of_a_commit():
    assert checks.worst([PASSED, PENDING, FAILED]) is FAILED
    assert checks.worst([PASSED, PENDING]) is PENDING
    assert checks.worst([]) is None


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "//host/x", "ftp://host/x", "https://", "https://a b", "http://[x"],
)
def test_a_page_links_to_nothing_but_the_web(address):
    with pytest.raises(InvalidError):
        checks.check_address(address, field="target_url")


def test_a_conclusion_comes_with_the_end():
    checks.check_conclusion(RunState.COMPLETED, Conclusion.SUCCESS)
    for state, conclusion in ((RunState.COMPLETED, None), (RunState.QUEUED, Conclusion.SUCCESS)):
        with pytest.raises(InvalidError):
            checks.check_conclusion(state, conclusion)
