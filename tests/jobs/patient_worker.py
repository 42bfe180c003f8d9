"""A real worker that measures repositories in its own way, so that tests can kill it in the middle.

It notes what it does in a file, and waits for a word before it ends a job. The words that `main` is
called with are HOME NOTES LEASE_SECONDS, and IDLE_SECONDS if it may end by itself.
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

a_moment = threading.Event()


class Patience:
    """How this worker does its work; its state is what it notes."""

    def __init__(self, notes: Path) -> None:
        self.notes = notes

    def note(self, word: str) -> None:
        with self.notes.open("a") as file:
            file.write(f"{word}\n")

    def measure(self, _: wiring.Wiring, claimed: tasks.Claimed, report: tasks.Report) -> None:
        self.note("begun")
        number = 0
        while not self.notes.with_suffix(".go").exists():
            number += 1
            report("Waiting", number, 1000)
            a_moment.wait(0.02)
        if self.notes.with_suffix(".fail").exists():
            raise UnavailableError("Not today.")
        self.note(f"done {claimed.attempt}")

    def give_up(self, *_: object) -> None:
        self.note("given up")


def main() -> None:
    home, notes, lease_seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    patience = Patience(notes)
    tasks.TASKS[Job.MEASURE_REPOSITORY] = tasks.Task(patience.measure, patience.give_up)
    logs.configure("info")
    objects = wiring.build(home, settings.from_process(home))
    print("about to work", flush=True)  # noqa: T201 - somebody waits for this word.
    idle_seconds = int(sys.argv[4]) if sys.argv[4:] else None
    worker.work(
        objects, tuple(Lane), lease_seconds=lease_seconds, idle_seconds=idle_seconds, spare_kib=1
    )
    notes.with_suffix(".ended").touch()
