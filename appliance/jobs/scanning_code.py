"""The job that looks for weaknesses in code; see services/code_scans.py."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import DamagedError, HiddenError, TimeoutExceededError
from appliance.services import code_scans

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def scan(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Look at all of a default branch, and keep what was found."""
    rules = wiring.settings.scanning
    if not rules.code_program:
        return
    repository_id = UUID(claimed.arguments["repository_id"])
    pushed_by = claimed.arguments.get("pushed_by")
    with suppress(HiddenError, DamagedError, TimeoutExceededError):
        with wiring.database.reading(appliance()) as work:
            planned = code_scans.plan(work, repository_id)
        if planned is None:
            return
        report("Looking for weaknesses in code")
        program = code_scans.program(Path(rules.code_program))
        seen = code_scans.look(
            planned,
            wiring.repositories.folder(repository_id),
            program,
            until=time.monotonic() + rules.code_seconds,
        )
        if seen is None:
            return
        with wiring.database.begin(appliance()) as work:
            code_scans.keep(
                work,
                planned,
                seen,
                ruleset=program.rules.digest,
                pushed_by=UUID(pushed_by) if pushed_by else None,
                now=datetime.now(UTC),
            )
