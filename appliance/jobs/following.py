"""The job that does what commit messages say of issues."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import DamagedError, HiddenError, TimeoutExceededError
from appliance.services import commit_references

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def follow(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Close and refer to issues, as the messages of a push's new commits say."""
    with suppress(HiddenError, DamagedError, TimeoutExceededError):
        with wiring.database.reading(appliance()) as work:
            planned = commit_references.plan(work, UUID(claimed.arguments["push_id"]))
        if planned is None:
            return
        report("Reading the new commits")
        messages = commit_references.read(planned, repositories=wiring.repositories)
        with wiring.database.begin(appliance()) as work:
            commit_references.follow(work, planned, messages, now=datetime.now(UTC))
