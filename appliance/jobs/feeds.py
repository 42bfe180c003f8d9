"""The job that checks and reads a feed of advisories; see services/feed_reading.py."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from appliance.domain.identity import appliance
from appliance.services import feed_reading

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def read(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Check a feed, and write it beside the current one."""
    number = int(claimed.arguments["number"])
    with wiring.database.reading(appliance()) as work:
        task = feed_reading.plan(work, number, wiring.home.root)
    if task is None:
        return
    report("Checking the signatures")
    begin = partial(wiring.database.begin, appliance())
    came = feed_reading.read(task, begin, report, now=datetime.now(UTC))
    with begin() as work:
        if isinstance(came, feed_reading.Refused):
            feed_reading.refuse(work, number, came)
        else:
            feed_reading.note_read(work, task, came, now=datetime.now(UTC))
    feed_reading.forget_files(task.folder)


def give_up(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    """Say that the feed was not read."""
    number = int(claimed.arguments["number"])
    with wiring.database.begin(appliance()) as work:
        feed_reading.refuse(work, number, feed_reading.given_up(reason))


def sweep(wiring: Wiring) -> None:
    """Remove the files of feeds that nobody reads."""
    with wiring.database.reading(appliance()) as work:
        late = feed_reading.unclaimed(work, wiring.home.root, now=datetime.now(UTC))
    for folder in late:
        feed_reading.forget_files(folder)
