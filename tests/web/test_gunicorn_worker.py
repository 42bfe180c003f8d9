"""Which connections a web process waits for on its way out, and when it goes by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from appliance.web.gunicorn_worker import Worker
from appliance.web.metrics import SHARED_FOLDER
from tests.journeys.running import until
from tests.peers.appliance import serve

HASTY = """
from appliance.web.gunicorn_worker import Worker

class worker_class(Worker):
    quiet_seconds, spare_kib = 0.2, 0
"""
COUNTING = """
import os
from appliance.web import metrics

for place in (1, 2, 1):
    child = os.fork()
    if child == 0:
        metrics.take_place(place)
        metrics.REQUESTS.labels("GET", "health.alive", 200).inc()
        os._exit(0)
    os.waitpid(child, 0)
"""


@dataclass
class Socket:
    """Whether somebody has begun to ask on it."""

    has_begun: bool


@dataclass
class Connection:
    """One that waits for the head of a request."""

    sock: Socket
    timeout: float = 100.0


def test_who_never_asked_is_waited_for_no_longer_than_who_has_an_answer():
    worker = Worker.__new__(Worker)
    silent, asking = Connection(Socket(has_begun=False)), Connection(Socket(has_begun=True))
    kept = Connection(Socket(has_begun=False))
    worker.keepalived_conns, worker.pending_conns = deque([kept]), deque([silent, asking])

    worker._cap_keepalive(2.0)  # Gunicorn does, once it is told to end.

    assert (kept.timeout, silent.timeout, asking.timeout) == (2.0, 2.0, 100.0)


def web_processes(arbiter):
    tasks = Path(f"/proc/{arbiter}/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_was_used_and_rests_makes_room_for_a_new_one(world):
    with serve(world, more=HASTY) as served:
        before = web_processes(served.process.pid)
        assert requests.get(f"{served.url}/sign-in", timeout=60).status_code == 200
        until(lambda: web_processes(served.process.pid) - before)

        assert requests.get(f"{served.url}/sign-in", timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("used_at", "busy", "spare_kib", "is_spent"),
    [
        (60.0, 0, 0, True),
        (None, 0, 0, False),
        (90.0, 0, 0, False),
        (60.0, 1, 0, False),
        (60.0, 0, 10**9, False),
    ],
    ids=["spent", "never used", "used lately", "busy", "small"],
)
def test_who_goes_on_and_who_does_not(used_at, busy, spare_kib, is_spent):
    worker = Worker.__new__(Worker)
    kept = Connection(Socket(has_begun=False))
    worker.keepalived_conns, worker.nr_conns = deque([kept]), 1 + busy
    worker.quiet_seconds, worker.spare_kib, worker._used_at = 30.0, spare_kib, used_at

    assert worker._is_spent(100.0) is is_spent


def test_places_are_taken_again(tmp_path):
    """Counters of a process that has ended are gone on with, not left behind as one more file."""
    words = [sys.executable, "-c", COUNTING]
    subprocess.run(words, env={**os.environ, SHARED_FOLDER: str(tmp_path)}, check=True)

    collector = MultiProcessCollector(CollectorRegistry(), path=str(tmp_path))
    (counted,) = [each for each in collector.collect() if each.name == "codara_http_requests"]
    assert [sample.value for sample in counted.samples] == [3.0]
    assert sorted(file.name for file in tmp_path.glob("counter*")) == [
        "counter_web-1.db",
        "counter_web-2.db",
    ]
