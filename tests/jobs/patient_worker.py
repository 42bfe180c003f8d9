"""A real worker that measures repositories in its own way, so that tests can kill it in the middle.

It notes what it does in a file, and waits for a word before it ends a job.

    patient_worker.py HOME NOTES LEASE_SECONDS
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from appliance import logs, settings, wiring
from appliance.domain.jobs import Job
from appliance.errors import UnavailableError
from appliance.jobs import tasks, worker
from appliance.jobs.queue import Lane

home, notes = Path(sys.argv[1]), Path(sys.argv[2])
a_moment = threading.Event()


def note(word: str) -> None:
    with notes.open("a") as file:
        file.write(f"{word}\n")


def measure(_wiring: wiring.Wiring, claimed: tasks.Claimed, report: tasks.Report) -> None:
    note("begun")
    number = 0
    while not notes.with_suffix(".go").exists():
        number += 1
        report("Waiting", number, 1000)
        a_moment.wait(0.02)
    if notes.with_suffix(".fail").exists():
        raise UnavailableError("Not today.")
    note(f"done {claimed.attempt}")


tasks.TASKS[Job.MEASURE_REPOSITORY] = tasks.Task(measure, lambda *_: note("given up"))
logs.configure("info")
worker.work(
    wiring.build(home, settings.from_process(home)),
    tuple(Lane),
    lease_seconds=float(sys.argv[3]),
)
