"""The queue: RQ on Redis or on the embedded queue server, which speaks the same language.

It carries ids and nothing else. Losing one, or having one twice, does no harm.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import redis
import rq
from rq.serializers import JSONSerializer

from appliance.domain.jobs import RULES, Job
from appliance.errors import UnavailableError

PERFORM = "appliance.jobs.worker.perform"
LONG_SECONDS = 3600
FAILURE_KEPT_SECONDS = 3600
PREFIX = "codara-"


class Lane(StrEnum):
    """Long jobs wait for each other, so that quick ones never wait for them; upkeep waits for all.

    In the order in which a worker that serves several takes from them.
    """

    QUICK = "quick"
    LONG = "long"
    UPKEEP = "upkeep"


def lane_of(job: Job) -> Lane:
    """Where a kind of job queues up."""
    if RULES[job].is_upkeep:
        return Lane.UPKEEP
    return Lane.LONG if RULES[job].timeout_seconds > LONG_SECONDS else Lane.QUICK


class JobQueue:
    """The lanes of one appliance."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._lanes = {
            lane: rq.Queue(f"{PREFIX}{lane}", connection=connection, serializer=JSONSerializer)
            for lane in Lane
        }

    def lanes(self, wanted: tuple[Lane, ...]) -> list[rq.Queue]:
        """RQ's queues for these lanes, in this order."""
        return [self._lanes[lane] for lane in wanted]

    def send(self, job_id: UUID, job: Job) -> None:
        """Let a worker have a job.

        Errors:
            UnavailableError: the queue does not answer.
        """
        try:
            self._lanes[lane_of(job)].enqueue_call(
                PERFORM,
                args=(str(job_id),),
                timeout=RULES[job].timeout_seconds,
                result_ttl=0,
                failure_ttl=FAILURE_KEPT_SECONDS,
                description=job,
            )
        except redis.RedisError as error:
            raise UnavailableError("The queue is not responding.") from error

    def holds(self) -> frozenset[UUID]:
        """The jobs that wait in it.

        Errors:
            UnavailableError: the queue does not answer.
        """
        found: set[UUID] = set()
        try:
            for lane in self._lanes.values():
                jobs = rq.job.Job.fetch_many(
                    lane.get_job_ids(), connection=lane.connection, serializer=JSONSerializer
                )
                found |= {UUID(job.args[0]) for job in jobs if job is not None}
        except redis.RedisError as error:
            raise UnavailableError("The queue is not responding.") from error
        return frozenset(found)

    def has_some(self) -> bool:
        """Whether a job waits in it. While it does not answer, nobody could take one."""
        try:
            # A queue in which nothing waits is none.
            return bool(self._connection.exists(*(lane.key for lane in self._lanes.values())))
        except redis.RedisError:
            return False

    def length(self) -> int:
        """How many jobs wait in it.

        Errors:
            UnavailableError: the queue does not answer.
        """
        try:
            return sum(lane.count for lane in self._lanes.values())
        except redis.RedisError as error:
            raise UnavailableError("The queue is not responding.") from error
