"""The job that reads `.codara/scanning.toml`; see services/suppressions.py."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import DamagedError, HiddenError, TimeoutExceededError
from appliance.services import suppressions

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def read(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Read the file of a default branch, and let it hold."""
    repository_id = UUID(claimed.arguments["repository_id"])
    with suppress(HiddenError, DamagedError, TimeoutExceededError):
        with wiring.database.reading(appliance()) as work:
            planned = suppressions.plan(work, repository_id)
        if planned is None:
            return
        report("Reading suppressions")
        found = suppressions.look(planned, wiring.repositories.folder(repository_id))
        with wiring.database.begin(appliance()) as work:
            suppressions.keep(work, planned, found, now=datetime.now(UTC))
