"""Jobs to try things with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.services import job_runs
from tests.world import NOON, World


class Office:
    """Promises jobs in a world and looks at their rows."""

    def __init__(self, world: World) -> None:
        self.world = world

    def promise(self, job: Job = Job.SWEEP, *, not_before: datetime | None = None) -> UUID:
        with self.world.begin(appliance()) as work:
            return work.later(job, not_before=not_before)

    def claim(self, job_id: UUID, *, now: datetime = NOON, until: datetime | None = None):
        with self.world.begin(appliance()) as work:
            return job_runs.claim(work, job_id, until=until or now, now=now)

    def row(self, job_id: UUID) -> JobRecord:
        with self.world.reading(appliance()) as work:
            found = work.session.get(JobRecord, job_id)
        assert found is not None
        return found


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)
