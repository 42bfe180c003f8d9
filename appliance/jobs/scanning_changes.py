"""The job that scans what a pull request would bring; see services/change_scans.py."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import (
    DamagedError,
    HiddenError,
    NotFoundError,
    TimeoutExceededError,
    TooLargeError,
)
from appliance.jobs import scanning
from appliance.services import change_scans, code_scans

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.change_scans import ChangePlan
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def scan(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Look for secrets, vulnerable dependencies and weaknesses in what a pull request changes."""
    with suppress(HiddenError):
        with wiring.database.reading(appliance()) as work:
            planned = change_scans.plan(
                work, UUID(claimed.arguments["pull_id"]), repositories=wiring.repositories
            )
        if planned is None:
            return
        try:
            _scan(wiring, planned, report)
        except (DamagedError, NotFoundError, TimeoutExceededError, TooLargeError) as error:
            with wiring.database.begin(appliance()) as work:
                change_scans.give_up(work, planned, str(error), now=datetime.now(UTC))


def _scan(wiring: Wiring, planned: ChangePlan, report: Report) -> None:
    change = change_scans.change_of(planned)
    rules = wiring.settings.scanning
    secrets = scanning.change(wiring, planned, change, report) if rules.secrets else None
    report("Looking at what changes")
    program = rules.code_program
    tool = code_scans.program(Path(program)) if program else None
    made = change_scans.compare(planned, change, tool, seconds=rules.code_seconds)
    with wiring.database.begin(appliance()) as work:
        change_scans.keep(work, planned, change, made, secrets, now=datetime.now(UTC))
