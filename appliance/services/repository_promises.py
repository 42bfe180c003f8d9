"""Jobs about a repository of which one that waits does for all who ask: it sees what is so when it
begins.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.outbox import JobRecord
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.jobs import Job, JobState

QUEUED = (
    sa.select(JobRecord.id)
    .where(
        JobRecord.about == sa.bindparam("repository_id"),
        JobRecord.job == sa.bindparam("job"),
        JobRecord.state == JobState.QUEUED,
    )
    .limit(1)
)


@open_to_everyone(because="it is only promised to look at what is there already")
def once(work: UnitOfWork, job: Job, repository_id: UUID, *, pushed_by: UUID | None = None) -> None:
    """Promise a job, unless the same waits already; it is told who pushed, if somebody did."""
    if work.rows(QUEUED, {"repository_id": repository_id, "job": job}).first() is None:
        work.later(
            job,
            about=repository_id,
            repository_id=str(repository_id),
            pushed_by=str(pushed_by) if pushed_by else None,
        )
