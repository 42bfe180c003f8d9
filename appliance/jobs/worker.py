"""A worker: takes jobs from the queue and does them, one at a time, as the appliance."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

import redis
import rq
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from appliance import garbage, logs, settings, wiring, wiring_heartbeats
from appliance.errors import UnavailableError
from appliance.interruption import shield
from appliance.jobs import pulse
from appliance.jobs.performer import LEASE_SECONDS, Performer, WorkerEndsError
from appliance.jobs.queue import JobQueue, Lane

NICENESS = 10  # Imports and maintenance take what pages and pushes leave of the processor.


class Worker(rq.SimpleWorker):
    """RQ's worker, which ends at once when asked: its job returns to the queue."""

    performer: Performer
    spare_kib = 0
    _is_waiting = False

    def _install_signal_handlers(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)

    def _end(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop_requested = True
        if self.performer.is_interruptible:
            self.performer.is_interruptible = False
            shield.interrupt(WorkerEndsError())
        if self._is_waiting:
            raise StopRequested

    def dequeue_job_and_maintain_ttl(self, *arguments: Any, **options: Any) -> Any:
        """Wait for the next job, only here nothing is lost by being interrupted; gives none if
        none came for long and it is time to end.
        """
        self._is_waiting = True
        try:
            while True:
                found = super().dequeue_job_and_maintain_ttl(*arguments, **options)
                if found is not None or garbage.own_kib() >= self.spare_kib:
                    return found
        finally:
            self._is_waiting = False


_performer: Performer | None = None


def perform(job_id: str) -> None:
    """What the queue asks for: one job, by its id."""
    if _performer is None:
        raise UnavailableError("This process is no worker.")
    _performer.perform(UUID(job_id))


def run(
    home: Path,
    lanes: tuple[str, ...] = tuple(Lane),
    idle_seconds: int | None = None,
    spare_kib: int = 0,
) -> None:
    """Take jobs of these lanes until we are asked to end, or have had none for so long and hold
    that much memory.
    """
    os.environ["CODARA_HOME"] = os.fspath(home)
    present_settings = settings.from_process(home)
    logs.configure(present_settings.telemetry.log_level)
    if {Lane.LONG, Lane.UPKEEP} & set(lanes):
        os.nice(NICENESS)
    objects = wiring.build(home, present_settings)
    garbage.settle()
    wanted = tuple(Lane(lane) for lane in lanes)
    work(objects, wanted, idle_seconds=idle_seconds, spare_kib=spare_kib)


def work(
    objects: wiring.Wiring,
    lanes: tuple[Lane, ...],
    *,
    lease_seconds: float = LEASE_SECONDS,
    idle_seconds: int | None = None,
    spare_kib: int = 0,
) -> None:
    """The same, with everything built."""
    global _performer  # noqa: PLW0603 - RQ calls a function by name and can hand it nothing.
    _performer = Performer(objects, lease_seconds=lease_seconds)
    worker = Worker(
        JobQueue(objects.redis).lanes(lanes),
        connection=objects.redis,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    worker.performer = _performer
    worker.spare_kib = spare_kib
    try:
        with (
            pulse.beating(objects.redis, "worker"),
            wiring_heartbeats.beating(objects.database, objects.logs.signer),
        ):
            worker.work(logging_level="WARNING", max_idle_time=idle_seconds)
    except redis.RedisError as error:
        raise UnavailableError("The queue is not responding.") from error
