"""What a mirror has to do, and when it tries again."""

from datetime import timedelta

import pytest

from appliance.domain.mirrors import Step, pause, steps

MAIN, OLD, NEW = b"refs/heads/main", b"refs/heads/old", b"refs/heads/new"


def test_the_steps_make_here_what_is_there():
    here, there = {MAIN: "1", OLD: "1"}, {MAIN: "2", NEW: "3"}

    found = list(steps(here, there))

    assert found == [Step(MAIN, "1", "2"), Step(NEW, None, "3"), Step(OLD, "1", None)]
    for each in found:
        here.pop(each.ref, None)
        here |= {each.ref: each.after} if each.after else {}
    assert here == there
    assert list(steps(here, there)) == []


@pytest.mark.parametrize(
    ("minutes", "failures", "hours"),
    [(60, 0, 1), (60, 1, 2), (60, 4, 16), (60, 5, 24), (60, 100, 24), (10080, 3, 168)],
)
def test_each_failure_makes_it_more_patient(minutes, failures, hours):
    assert pause(minutes, failures) == timedelta(hours=hours)
