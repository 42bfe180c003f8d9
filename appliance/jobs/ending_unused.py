"""The job that warns of tokens and keys that nobody uses, and ends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.services import unused_credentials

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring

AT_ONCE = 200


def end_unused(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Each kind in turn, some in a transaction."""
    del claimed
    for number, kind in enumerate(unused_credentials.KINDS):
        after: UUID | None = None
        while True:
            report("Looking for what nobody uses", number, len(unused_credentials.KINDS))
            with wiring.database.begin(appliance()) as work:
                after = unused_credentials.end_some(
                    work, kind, after=after, limit=AT_ONCE, now=datetime.now(UTC)
                )
            if after is None:
                break
