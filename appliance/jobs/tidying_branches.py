"""Deletes the merged branches of a repository that have had their time, as its policy says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import ApplianceError, HiddenError
from appliance.jobs.moving import mover
from appliance.services import branch_tidying, ref_moving, ref_updates

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.services.branch_tidying import Due, Plan
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def tidy(wiring: Wiring, claimed: Claimed, report: Callable[[str, int, int], None]) -> None:
    """Delete what is due; what a rule forbids, or somebody has pushed to meanwhile, stays."""
    repository_id = UUID(claimed.arguments["repository_id"])
    try:
        with wiring.database.reading(appliance()) as work:
            planned = branch_tidying.plan_of(work, repository_id, repositories=wiring.repositories)
    except HiddenError:
        return  # It went away since the job was promised.
    found = branch_tidying.look(planned, now=datetime.now(UTC)).due
    for number, each in enumerate(found):
        report("Deleting merged branches", number, len(found))
        _delete(wiring, planned, each)


def _delete(wiring: Wiring, planned: Plan, gone: Due) -> None:
    moving, path, ref = mover(wiring, appliance()), planned.repository.path, gone.branch.ref
    try:
        with moving.reads() as work:
            leave = ref_updates.plan(work, path, tools=moving.tools, now=moving.clock())
        change = ref_updates.draft_branch_deletion(leave, ref.short, expected=ref.target)
        ref_moving.move(moving, leave, change)
    except ApplianceError:
        return  # It stays until the next look.
    with moving.begins() as work:
        branch_tidying.note(work, planned, gone, now=moving.clock())
