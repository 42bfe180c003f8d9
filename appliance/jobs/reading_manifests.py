"""The job that reads what a repository depends on; see services/manifest_reading.py."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import DamagedError, HiddenError, TimeoutExceededError
from appliance.services import components, manifest_reading

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def read(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Read the manifests that have changed, and keep what they say."""
    repository_id = UUID(claimed.arguments["repository_id"])
    pushed_by = claimed.arguments.get("pushed_by")
    with suppress(HiddenError, DamagedError, TimeoutExceededError):
        with wiring.database.reading(appliance()) as work:
            planned = manifest_reading.plan(work, repository_id)
        if planned is None:
            return
        report("Reading manifests")
        found = manifest_reading.look(planned, wiring.repositories.folder(repository_id))
        report("Comparing components with advisories")
        with wiring.database.begin(appliance()) as work:
            components.keep(
                work,
                planned,
                found,
                pushed_by=UUID(pushed_by) if pushed_by else None,
                now=datetime.now(UTC),
            )
