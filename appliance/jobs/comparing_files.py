"""The job that compares files; see services/file_comparisons.py."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import DamagedError, HiddenError, TimeoutExceededError
from appliance.services import file_comparisons

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def compare(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Compare the files of a repository; without one, of all that never were."""
    if not wiring.settings.scanning.duplicates:
        return
    if named := claimed.arguments.get("repository_id"):
        _compare(wiring, UUID(named), report)
        return
    with wiring.database.begin(appliance()) as work:
        file_comparisons.sweep(work, now=datetime.now(UTC))
    due: UUID | None = None
    while True:
        with wiring.database.reading(appliance()) as work:
            due = file_comparisons.next_due(work, after=due)
        if due is None:
            return
        _compare(wiring, due, report)


def _compare(wiring: Wiring, repository_id: UUID, report: Report) -> None:
    folder = wiring.repositories.folder(repository_id)
    with suppress(HiddenError, DamagedError, TimeoutExceededError):
        with wiring.database.reading(appliance()) as work:
            planned = file_comparisons.plan(work, repository_id)
        if planned is None:
            return
        report("Comparing files")
        tree = file_comparisons.look(planned, folder)
        with wiring.database.reading(appliance()) as work:
            unsigned = file_comparisons.missing(work, tree)
        done = 0
        for some in file_comparisons.sign(folder, unsigned):
            with wiring.database.begin(appliance()) as work:
                file_comparisons.keep(work, some, now=datetime.now(UTC))
            done += len(some)
            report("Comparing files", done, len(unsigned))
        with wiring.database.begin(appliance()) as work:
            fresh = file_comparisons.settle(work, planned, tree)
        is_cut = False
        for portion in file_comparisons.portions(fresh):
            with wiring.database.begin(appliance()) as work:
                is_cut |= file_comparisons.pair(work, planned, portion)
        with wiring.database.begin(appliance()) as work:
            file_comparisons.finish(work, planned, tree, is_cut=is_cut, now=datetime.now(UTC))
