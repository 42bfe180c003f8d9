"""Workers as real processes: what is promised is done once, whoever is killed when."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.cli import programs
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.jobs.queue import JobQueue, Lane
from appliance.jobs.relay import Relay
from appliance.services import job_runs, jobs
from tests.jobs.conftest import Office
from tests.peers import mould
from tests.peers.server import running, until_end
from tests.world import NOON

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


class Workshop(Office):
    """An office with a queue and workers."""

    def __init__(self, world, notes) -> None:
        super().__init__(world)
        self.notes = notes
        self.queue = JobQueue(world.wiring.redis)
        self.relay = Relay(world.wiring, self.queue)

    @contextmanager
    def worker(self, *words: str, lease_seconds=60.0):
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        process = mould.start(
            (self.world.home, self.notes, str(lease_seconds), *words),
            environment | self.world.environment,
            ROOT,
            program="tests.jobs.patient_worker:main",
        )
        with until_end(process, ready="about to work", stop=signal.SIGKILL):
            yield process

    def begin(self):
        """Promise a job, and come back once a worker is in the middle of it."""
        job_id = self.promise(Job.MEASURE_REPOSITORY)
        self.relay.pass_on()
        self.until(lambda: "begun" in self.said())
        return job_id

    def let_go(self):
        self.notes.with_suffix(".go").touch()

    def ended_well(self):
        """Whether a worker came to its end, and was neither killed nor stumbled."""
        return self.notes.with_suffix(".ended").exists()

    def said(self):
        return self.notes.read_text().split("\n")[:-1] if self.notes.exists() else []

    def until(self, is_so):
        """Relay and recover, as the scheduler does, until something has come true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.said()
            self.relay.recover()
            self.relay.pass_on()
            threading.Event().wait(0.02)

    def is_in(self, job_id, *states: JobState):
        return self.row(job_id).state in states


@pytest.fixture
def workshop(world, request, tmp_path):
    """The two ways to install it: everything embedded, or PostgreSQL and Redis."""
    if "sqlite" in world.environment["CODARA_DATABASE__URL"]:
        place = world.home / "run" / "queue.sock"
        words = ["--port", "0", "--unixsocket", place, "--save", "", "--dir", world.home / "queue"]
        with running([programs.queue_server(), *words], ready="(?i)ready to accept connections"):
            yield Workshop(world, tmp_path / "notes")
        return
    world.configure(CODARA_QUEUE__URL=request.getfixturevalue("redis_url"))
    world.wiring.redis.flushall()
    yield Workshop(world, tmp_path / "notes")


def test_a_promised_job_is_done_once_even_if_sent_twice(workshop):
    workshop.let_go()
    with workshop.worker():
        job_id = workshop.promise(Job.MEASURE_REPOSITORY)
        workshop.queue.send(job_id, Job.MEASURE_REPOSITORY)
        workshop.relay.pass_on()
        workshop.until(lambda: workshop.is_in(job_id, JobState.DONE))
        workshop.until(lambda: workshop.queue.length() == 0)

    assert workshop.said() == ["begun", "done 1"]


def test_killing_a_worker_loses_no_job(workshop):
    with workshop.worker(lease_seconds=1) as first:
        job_id = workshop.begin()
        first.send_signal(signal.SIGKILL)
        first.wait()
    with workshop.worker(lease_seconds=60):
        workshop.until(lambda: workshop.said() == ["begun", "begun"])
        workshop.let_go()
        workshop.until(lambda: workshop.is_in(job_id, JobState.DONE))

    assert workshop.said() == ["begun", "begun", "done 2"]


def test_a_worker_that_is_asked_to_end_gives_its_job_back_at_once(workshop):
    with workshop.worker() as first:
        job_id = workshop.begin()
        before = workshop.row(job_id).attempts_left
        first.send_signal(signal.SIGTERM)
        first.wait()
        assert workshop.ended_well()

    row = workshop.row(job_id)
    assert (row.state, row.attempts_left) == (JobState.QUEUED, before + 1)
    assert workshop.said() == ["begun"]

    workshop.let_go()
    with workshop.worker():
        workshop.until(lambda: workshop.is_in(job_id, JobState.DONE))


def test_an_idle_worker_ends_when_asked(workshop):
    with workshop.worker() as process:
        job_id = workshop.begin()
        workshop.let_go()
        workshop.until(lambda: workshop.is_in(job_id, JobState.DONE))
        process.send_signal(signal.SIGTERM)
        process.wait()

    assert workshop.ended_well()


def test_a_worker_that_holds_much_makes_room_when_there_is_nothing_to_do(workshop):
    workshop.let_go()
    with workshop.worker("1") as process:
        job_id = workshop.begin()
        process.wait(PATIENCE_SECONDS)

    assert workshop.ended_well()
    assert workshop.is_in(job_id, JobState.DONE)


def test_a_running_job_stops_when_it_is_cancelled(workshop):
    administrator = workshop.world.administrator()
    with workshop.worker():
        job_id = workshop.begin()
        with workshop.world.begin(administrator) as work:
            jobs.cancel(work, job_id)
        workshop.until(lambda: workshop.is_in(job_id, JobState.CANCELLED))

    assert workshop.said() == ["begun", "given up"]


def test_a_waiting_job_that_is_cancelled_never_begins(workshop):
    job_id = workshop.promise(Job.MEASURE_REPOSITORY)
    with workshop.world.begin(workshop.world.administrator()) as work:
        jobs.cancel(work, job_id)
    with workshop.worker():
        workshop.until(lambda: workshop.is_in(job_id, JobState.CANCELLED))

    assert workshop.said() == ["given up"]


def test_progress_is_shown_while_a_job_runs(workshop):
    with workshop.worker():
        job_id = workshop.begin()
        workshop.until(lambda: workshop.row(job_id).progress_done > 1)
        row = workshop.row(job_id)

    assert (row.step, row.progress_total) == ("Waiting", 1000)


def test_a_job_that_fails_waits_and_says_why(workshop):
    workshop.notes.with_suffix(".fail").touch()
    workshop.let_go()
    with workshop.worker():
        job_id = workshop.promise(Job.MEASURE_REPOSITORY)
        workshop.until(lambda: workshop.row(job_id).error == "Not today.")

    row = workshop.row(job_id)
    assert row.state is JobState.QUEUED
    assert row.not_before is not None
    assert "given up" not in workshop.said()


def test_a_job_the_queue_has_lost_is_done_all_the_same(workshop):
    workshop.let_go()
    job_id = workshop.promise(Job.MEASURE_REPOSITORY)
    with workshop.world.begin(appliance()) as work:
        sent = job_runs.waiting(work, now=workshop.row(job_id).created_at, limit=1)
        job_runs.note_relayed(work, sent, now=NOON)
    with workshop.worker():
        workshop.until(lambda: workshop.is_in(job_id, JobState.DONE))


def test_an_import_never_waits_for_upkeep(workshop):
    upkeep, long = workshop.promise(Job.CHECK_REPOSITORY), workshop.promise(Job.IMPORT_REPOSITORY)
    quick = workshop.promise(Job.SWEEP)
    workshop.relay.pass_on()

    assert workshop.queue.holds() == {quick, long, upkeep}
    assert [len(lane) for lane in workshop.queue.lanes(tuple(Lane))] == [1, 1, 1]
    assert list(Lane) == ["quick", "long", "upkeep"]
