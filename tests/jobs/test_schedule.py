"""Schedulers as real processes: a promise needs nobody to carry it."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.cli import programs
from appliance.db.doorbell import Doorbell
from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from tests.peers.server import running

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@pytest.fixture
def queue(world, request):
    """The embedded queue server beside SQLite, Redis beside PostgreSQL."""
    if "sqlite" in world.environment["CODARA_DATABASE__URL"]:
        place = world.home / "run" / "queue.sock"
        words = ["--port", "0", "--unixsocket", place, "--save", "", "--dir", world.home / "queue"]
        with running([programs.queue_server(), *words], ready="(?i)ready to accept connections"):
            yield
        return
    world.configure(CODARA_QUEUE__URL=request.getfixturevalue("redis_url"))
    world.wiring.redis.flushall()
    yield


@contextmanager
def process(world, name):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **world.environment}
    command = [sys.executable, "-m", "appliance.cli", name, "--home", world.home]
    child = subprocess.Popen(command, env=environment)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def until(is_so):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


@pytest.mark.usefixtures("queue")
def test_what_is_promised_is_done(world, office):
    with process(world, "scheduler") as scheduler, process(world, "worker") as worker:
        job_id = office.promise(Job.SWEEP_LFS)
        until(lambda: office.row(job_id).state is JobState.DONE)
        for child in (scheduler, worker):
            child.send_signal(signal.SIGTERM)

        assert (scheduler.wait(), worker.wait()) == (0, 0)


@pytest.mark.usefixtures("queue")
def test_two_schedulers_begin_the_agenda_once(world):
    def promised():
        with world.reading(appliance()) as work:
            return sorted(work.session.scalars(sa.select(JobRecord.job)))

    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(process(world, "scheduler"))
        until(lambda: len(promised()) >= 2)
        until(lambda: len(world.wiring.redis.keys("codara:pulse:scheduler:*")) == 2)

        assert len(promised()) == len(set(promised()))


def test_a_scheduler_outlives_a_queue_that_comes_later(world, office, tmp_path):
    world.configure(CODARA_QUEUE__URL=f"unix://{tmp_path / 'late.sock'}")
    job_id = office.promise(Job.SWEEP_LFS)
    with process(world, "scheduler"):
        until((world.home / "run" / "relay.sock").exists)
        words = ["--port", "0", "--unixsocket", tmp_path / "late.sock", "--save", ""]
        with running([programs.queue_server(), *words], ready="(?i)ready to accept connections"):
            until(lambda: office.row(job_id).relayed_at is not None)


def test_the_bell_is_heard_and_need_not_be(tmp_path):
    bell = Doorbell(tmp_path / "bell")
    bell.ring()
    with bell.listen() as listener:
        bell.ring()
        bell.ring()

        assert listener.recv(16) == b"!"
    with bell.listen() as listener:
        bell.ring()

        assert listener.recv(16) == b"!"
