"""The job that looks for suspicious activity in what the audit logs have recorded since."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.domain.identity import appliance
from appliance.errors import ConflictError
from appliance.services import activity_facts, activity_watch

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def watch(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Some facts at a time, each step in a transaction of its own: what ends in between goes on
    where it was.
    """
    del claimed
    done = 0
    while True:
        report("Reading the audit logs", done)
        with wiring.database.reading(appliance()) as work:
            batch = activity_facts.following(work)
        if batch is None:
            return
        authors = activity_facts.authors(batch, repositories=wiring.repositories)
        with suppress(ConflictError), wiring.database.begin(appliance()) as work:
            activity_watch.take(work, batch, authors, now=datetime.now(UTC))
        done += len(batch.rows)
