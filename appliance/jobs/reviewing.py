"""The job that ends reviews at their due date, begins the next ones, and follows directories."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.domain.identity import appliance
from appliance.errors import ConflictError
from appliance.services import access_reviews, review_decisions

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def tend(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Each review in a transaction of its own: what fails with one stops no other."""
    del claimed
    now = datetime.now(UTC)
    with wiring.database.reading(appliance()) as work:
        ended = review_decisions.ended(work, now=now)
        repeating = review_decisions.repeating(work, now=now)
    for review_id in ended:
        report("Ending reviews")
        with suppress(ConflictError), wiring.database.begin(appliance()) as work:
            review_decisions.finish_by_itself(work, review_id, now=now)
    for review_id in repeating:
        report("Beginning reviews")
        with wiring.database.begin(appliance()) as work:
            access_reviews.repeat_by_itself(work, review_id, now=now)
    report("Looking at directories")
    with wiring.database.begin(appliance()) as work:
        review_decisions.follow(work, now=now)
