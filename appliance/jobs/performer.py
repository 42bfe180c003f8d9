"""Does one job from claim to end: the lease, the heartbeat, the progress, and every way to end."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from rq.timeouts import JobTimeoutException

from appliance import wiring
from appliance.domain.identity import appliance
from appliance.errors import ApplianceError, InvalidError, NotFoundError, UnavailableError, sentence
from appliance.jobs import tasks
from appliance.repeating import repeating
from appliance.services import job_runs
from appliance.services.job_runs import Beat, Claimed
from appliance.telemetry import Tracing

log = structlog.get_logger()

LEASE_SECONDS = 20.0
BEATS_PER_LEASE = 4
WRITES_PER_SECOND = 2
TOOK_TOO_LONG = sentence("It took too long.")


class CancelledError(Exception):
    """Somebody cancelled the job."""


class LeaseLostError(Exception):
    """Somebody else was given the job, because we gave no sign of life for too long."""


class WorkerEndsError(BaseException):
    """This process has to end now. Not an Exception, so that no task can swallow it."""


class Report:
    """What a task calls to say how far it is, and where it learns that it is to stop.

    Never inside a transaction of the task's own: the row is written in another one.
    """

    def __init__(self, performer: Performer, claimed: Claimed) -> None:
        self._performer = performer
        self._claimed = claimed
        self._written_at = float("-inf")
        self._beat = Beat(is_ours=True, is_cancelled=claimed.is_cancelled)

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done, and how much of how much.

        Errors:
            CancelledError, LeaseLostError: stop, and leave nothing half done.
        """
        if time.monotonic() - self._written_at >= 1 / WRITES_PER_SECOND:
            self._written_at = time.monotonic()
            self._performer.write_progress(self, step, done, total)
        self.check()

    def check(self) -> None:
        """Go on only if the job is still to be done, and by us."""
        if not self._beat.is_ours:
            raise LeaseLostError
        if self._beat.is_cancelled:
            raise CancelledError

    @property
    def claimed(self) -> Claimed:
        """The job this is about."""
        return self._claimed

    def hear(self, beat: Beat) -> None:
        """Take note of what the row says."""
        self._beat = beat


class Performer:
    """Does single jobs. Its state is whether it is in the middle of one."""

    def __init__(self, objects: wiring.Wiring, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._wiring = objects
        self._database = objects.database
        self._tracing = Tracing(objects.settings.telemetry.traces_endpoint, "worker")
        self._lease = timedelta(seconds=lease_seconds)
        self.is_interruptible = False

    def perform(self, job_id: UUID) -> None:
        """Do one job, if it is still to be done and nobody else does it."""
        now = datetime.now(UTC)
        with self._database.begin(appliance()) as work:
            claimed = job_runs.claim(work, job_id, until=now + self._lease, now=now)
        if claimed is None:
            return
        structlog.contextvars.bind_contextvars(job=claimed.job, job_id=str(claimed.id))
        report = Report(self, claimed)
        started = time.perf_counter()
        with self._heart(report):
            outcome = self._do(claimed, report)
        log.info("job", outcome=outcome, seconds=round(time.perf_counter() - started, 3))
        structlog.contextvars.clear_contextvars()

    def write_progress(self, report: Report, step: str, done: int, total: int) -> None:
        """Write down how far a job is; not being able to is no reason to stop."""
        try:
            with self._database.begin(appliance()) as work:
                beat = job_runs.note_progress(
                    work, report.claimed, step=step, done=done, total=total, until=self._until()
                )
        except UnavailableError:
            return
        report.hear(beat)

    def _do(self, claimed: Claimed, report: Report) -> str:
        """Do the job and write down how it ended; gives that in a word."""
        try:
            self._run(claimed, report)
        except WorkerEndsError:
            with self._database.begin(appliance()) as work:
                job_runs.give_back(work, claimed)
            return "given back"
        except LeaseLostError:
            return "lost"
        except CancelledError:
            return self._stop(claimed)
        except Exception as error:  # noqa: BLE001 - the one handler of this door that catches everything.
            return self._explain(claimed, error)
        with self._database.begin(appliance()) as work:
            job_runs.finish(work, claimed, now=datetime.now(UTC))
        return "done"

    def _run(self, claimed: Claimed, report: Report) -> None:
        report.check()
        self.is_interruptible = True
        try:
            with self._tracing.span(claimed.job, attempt=claimed.attempt):
                tasks.do(self._wiring, claimed, report)
        finally:
            self.is_interruptible = False

    def _stop(self, claimed: Claimed) -> str:
        with self._database.begin(appliance()) as work:
            job_runs.note_cancelled(work, claimed, now=datetime.now(UTC))
        tasks.give_up(self._wiring, claimed, sentence("It was cancelled."))
        return "cancelled"

    def _explain(self, claimed: Claimed, error: Exception) -> str:
        if isinstance(error, JobTimeoutException):
            return self._fail(claimed, TOOK_TOO_LONG)
        if isinstance(error, ApplianceError):
            log.warning("job.failed", code=error.code, exc_info=error)
            # What does not exist or makes no sense will not do so in a minute either.
            is_final = isinstance(error, InvalidError | NotFoundError)
            return self._fail(claimed, str(error), is_final=is_final)
        log.error("job.crashed", exc_info=error)
        said = sentence(
            "Something went wrong. The log says more at %(reference)s.", reference=claimed.id
        )
        return self._fail(claimed, said)

    def _fail(self, claimed: Claimed, error: str, *, is_final: bool = False) -> str:
        with self._database.begin(appliance()) as work:
            is_dead = job_runs.fail(
                work, claimed, error=error, is_final=is_final, now=datetime.now(UTC)
            )
        if is_dead:
            tasks.give_up(self._wiring, claimed, error)
        return "dead" if is_dead else "to be tried again"

    def _heart(self, report: Report) -> AbstractContextManager[None]:
        """Extend the lease from another thread for the length of the block."""

        def beat() -> None:
            try:
                with self._database.begin(appliance()) as work:
                    report.hear(job_runs.extend(work, report.claimed, until=self._until()))
            except ApplianceError as error:
                log.warning("job.heartbeat_failed", code=error.code)

        pause_seconds = self._lease.total_seconds() / BEATS_PER_LEASE
        return repeating(
            beat, name="heartbeat", every_seconds=pause_seconds, first_after_seconds=pause_seconds
        )

    def _until(self) -> datetime:
        return datetime.now(UTC) + self._lease
