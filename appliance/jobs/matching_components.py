"""The job that compares all components with the current feed; it reads no repository."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.domain.identity import appliance
from appliance.services import advisory_rematch, feed_reading

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def match(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Judge every package anew, then make the alerts of the repositories that have them."""
    del claimed
    database = wiring.database
    after: int | None = 0
    while after is not None:
        report("Comparing components with advisories")
        with database.begin(appliance()) as work:
            after = advisory_rematch.match_some(work, after)
    done = 0
    while True:
        with database.reading(appliance()) as work:
            waiting = advisory_rematch.waiting(work)
        if not waiting:
            break
        for some in advisory_rematch.batches(waiting):
            report("Opening and closing alerts", done)
            with database.begin(appliance()) as work:
                advisory_rematch.settle(work, some, now=datetime.now(UTC))
            done += len(some)
    report("Removing what feeds before these said")
    with database.begin(appliance()) as work:
        is_more = feed_reading.purge(work)
    while is_more:
        with database.begin(appliance()) as work:
            is_more = feed_reading.purge(work)
