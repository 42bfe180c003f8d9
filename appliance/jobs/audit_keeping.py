"""The jobs that keep the audit log: exports of it, what goes in time, time stamps."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import ConflictError
from appliance.services.audit_log import anchors, erasure, export_jobs, pruning, removal, thinning
from appliance.services.audit_log.export import Form

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def export(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Write an export of the audit log."""
    export_id, now = UUID(claimed.arguments["export_id"]), datetime.now(UTC)
    with wiring.database.reading(appliance()) as work:
        task = export_jobs.begin(work, export_id)
    if task is None:
        return
    asking = task.actor
    with wiring.database.reading(asking) as work:
        task = export_jobs.plan(work, task, now=now)
    done = export_jobs.write(
        lambda: wiring.database.reading(asking),
        task,
        folder=wiring.home.exports,
        tools=wiring.logs,
        progress=report,
    )
    kept_days = wiring.settings.audit.exports_kept_days
    with wiring.database.begin(asking) as work:
        export_jobs.finish(work, task, done, now=datetime.now(UTC), kept_days=kept_days)


def give_up_export(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    """Say that an export has failed, and remove what was written."""
    export_id = UUID(claimed.arguments["export_id"])
    with wiring.database.begin(appliance()) as work:
        export_jobs.give_up(work, export_id, reason=reason, now=datetime.now(UTC))
    for form in Form:
        export_jobs.forget_file(wiring.home.exports, export_id, form)


def prune(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Remove old content of the audit log, and thin its signed states."""
    del claimed
    now = datetime.now(UTC)
    begins = partial(wiring.database.begin, appliance())
    if wiring.settings.audit.prune:
        report("Looking what is old enough")
        with wiring.database.reading(appliance()) as work:
            planned = pruning.due(work, now=now)
        for each in planned:
            # What is being removed already is not asked for twice.
            with suppress(ConflictError), begins() as work:
                pruning.authorise(work, each, tools=wiring.logs, now=now)
    with wiring.database.reading(appliance()) as work:
        unfinished = removal.unfinished(work)
        logs = thinning.old(work, now=now)
    for pruning_id in unfinished:
        removal.carry_out(begins, pruning_id, tools=wiring.logs, now=now, report=report)
    for log_id in logs:
        report("Thinning signed states")
        thinning.thin_all(begins, log_id, now=now)
    erasure.finish(begins, tools=wiring.logs, now=now)


def stamp(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Have the audit logs time-stamped, where a service is named."""
    del claimed
    rules = wiring.settings.witnesses
    if not rules.time_stamp_url:
        return
    with wiring.database.reading(appliance()) as work:
        unstamped = anchors.due(work, now=datetime.now(UTC))
    for number, each in enumerate(unstamped):
        report("Asking for time stamps", number, len(unstamped))
        stamp = anchors.ask(rules.time_stamp_url, each, rules=rules)
        with wiring.database.begin(appliance()) as work:
            anchors.keep(work, each.log_id, each.size, stamp, now=datetime.now(UTC))
