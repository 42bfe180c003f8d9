"""The job that reads what a repository depends on; see services/manifest_reading.py."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import DamagedError, HiddenError, TimeoutExceededError
from appliance.services import components, manifest_reading, source_reach

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
        _find_reach(wiring, repository_id, report)


def _find_reach(wiring: Wiring, repository_id: UUID, report: Report) -> None:
    with wiring.database.reading(appliance()) as work:
        planned = source_reach.plan(work, repository_id)
    if planned is None:
        return
    report("Looking for uses of vulnerable components")
    found = source_reach.look(planned, wiring.repositories.folder(repository_id))
    if found is not None:
        with wiring.database.begin(appliance()) as work:
            source_reach.keep(work, planned, found)
