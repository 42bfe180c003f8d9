"""From the outbox to the queue, after the commit; and what was lost on the way, once more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from appliance.domain.identity import appliance
from appliance.jobs import tasks
from appliance.jobs.queue import JobQueue
from appliance.services import job_runs
from appliance.wiring import Wiring

log = structlog.get_logger()

AT_ONCE = 100
# A job that waits in the queue for longer than this is looked for there.
LOST_AFTER = timedelta(seconds=30)


class Relay:
    """Hands on what was promised."""

    def __init__(self, wiring: Wiring, queue: JobQueue) -> None:
        self._wiring = wiring
        self._database = wiring.database
        self._queue = queue

    def pass_on(self) -> int:
        """Give the queue what waits; gives how many.

        Sent first and noted then: a crash in between sends one twice, and the second is ignored.

        Errors:
            UnavailableError: the database or the queue does not answer.
        """
        now = datetime.now(UTC)
        with self._database.reading(appliance()) as work:
            waiting = job_runs.waiting(work, now=now, limit=AT_ONCE)
        for each in waiting:
            self._queue.send(each.id, each.job)
        if waiting:
            with self._database.begin(appliance()) as work:
                job_runs.note_relayed(work, waiting, now=now)
        return len(waiting)

    def recover(self) -> None:
        """Put back what a worker that died had, and send again what the queue has lost.

        Errors:
            UnavailableError: the database or the queue does not answer.
        """
        now = datetime.now(UTC)
        with self._database.begin(appliance()) as work:
            dead = job_runs.recover(work, now=now)
        for job in dead:
            log.error("job.died", job=job.job, id=str(job.id))
            tasks.give_up(self._wiring, job, job_runs.WORKER_DIED)
        with self._database.reading(appliance()) as work:
            stale = job_runs.unclaimed(work, relayed_before=now - LOST_AFTER, limit=AT_ONCE)
        lost = sorted(set(stale) - self._queue.holds()) if stale else []
        if lost:
            log.warning("queue.lost", jobs=len(lost))
            with self._database.begin(appliance()) as work:
                job_runs.send_again(work, lost)
