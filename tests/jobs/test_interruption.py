"""A worker that is asked to end may be anywhere: its job returns to the queue all the same."""

from __future__ import annotations

import sys

import pytest

from appliance.domain.jobs import Job, JobState
from appliance.interruption import Shield, shield
from appliance.jobs import tasks
from appliance.jobs.performer import Performer, WorkerEndsError
from tests.jobs.conftest import Office

STRIDE = 53
"""Lines of Python from one place that is tried to the next."""


class Interrupter:
    """A tracer that asks the worker to end at one line, as a signal would."""

    def __init__(self, line: int) -> None:
        self.lines_left = line

    def __call__(self, *_: object) -> Interrupter | None:
        self.lines_left -= 1
        if self.lines_left:
            return self
        sys.settrace(None)
        shield.interrupt(WorkerEndsError())
        return None


def test_a_job_is_given_back_wherever_its_worker_was(world, monkeypatch):
    office, performer = Office(world), Performer(world.wiring)
    line = STRIDE
    while (interrupter := Interrupter(line)).lines_left > 0:

        def measure(_wiring, _claimed, report, interrupter=interrupter):
            sys.settrace(interrupter)
            try:
                report("Waiting", 1, 10)
            finally:
                sys.settrace(None)

        monkeypatch.setitem(
            tasks.TASKS, Job.MEASURE_REPOSITORY, tasks.Task(measure, lambda *_: None)
        )
        job_id = office.promise(Job.MEASURE_REPOSITORY)
        before = office.row(job_id).attempts_left
        performer.perform(job_id)
        row = office.row(job_id)
        if interrupter.lines_left > 0:
            break
        assert (row.state, row.attempts_left) == (JobState.QUEUED, before), line
        line += STRIDE

    assert line > 10 * STRIDE


def test_what_is_not_shielded_is_interrupted_at_once():
    with pytest.raises(WorkerEndsError):
        Shield().interrupt(WorkerEndsError())


def test_an_interruption_waits_for_the_outermost_end():
    one, reached = Shield(), []

    def work():
        with one:
            with one:
                one.interrupt(WorkerEndsError())
                reached.append("inner")
            reached.append("outer")
        reached.append("after")

    with pytest.raises(WorkerEndsError):
        work()

    assert reached == ["inner", "outer"]
