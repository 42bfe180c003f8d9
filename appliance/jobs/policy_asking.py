"""The job that asks policies of what a push has brought, after it has come in."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import HiddenError
from appliance.services import policy_runs

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def ask(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Look at what each branch got, and report it as check runs."""
    with suppress(HiddenError):
        with wiring.database.reading(appliance()) as work:
            planned = policy_runs.plan(work, UUID(claimed.arguments["push_id"]))
        report("Reading the new files")
        for each in planned:
            contents = policy_runs.look(each, repositories=wiring.repositories)
            with wiring.database.begin(appliance()) as work:
                policy_runs.note(work, each, contents, now=datetime.now(UTC))
