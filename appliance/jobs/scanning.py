"""The jobs that look for secrets: in what a push has brought, in a repository, in all of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.alerts import ScanCause
from appliance.domain.identity import appliance
from appliance.errors import DamagedError, HiddenError, TimeoutExceededError
from appliance.services import secret_alerts, secret_rescans, secret_scans

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.change_scans import Change, ChangePlan
    from appliance.services.job_runs import Claimed
    from appliance.services.secret_scans import ScanPlan
    from appliance.wiring import Wiring


def push(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Look through what a push has brought."""
    with suppress(HiddenError):
        with wiring.database.reading(appliance()) as work:
            planned = secret_scans.plan_push(
                work, UUID(claimed.arguments["push_id"]), repositories=wiring.repositories
            )
        if planned is not None:
            _scan(wiring, planned, report)


def history(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Look through all of a repository."""
    with suppress(HiddenError):
        with wiring.database.reading(appliance()) as work:
            planned = secret_scans.plan_history(
                work, UUID(claimed.arguments["repository_id"]), repositories=wiring.repositories
            )
        _scan(wiring, planned, report)


def again(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Look through all repositories that were not, with the rules of now."""
    del claimed
    digest = wiring.git.scanner.door.greet().digest
    due: UUID | None = None
    while True:
        with wiring.database.reading(appliance()) as work:
            due = secret_rescans.next_due(work, digest, after=due, now=datetime.now(UTC))
        if due is None:
            return
        report("Looking for secrets with new rules")
        with suppress(HiddenError, DamagedError, TimeoutExceededError):
            with wiring.database.reading(appliance()) as work:
                planned = secret_scans.plan_history(
                    work, due, repositories=wiring.repositories, cause=ScanCause.RULES
                )
            _scan(wiring, planned, report)


def change(
    wiring: Wiring, planned: ChangePlan, wanted: Change, report: Report
) -> tuple[list[str], list[dict[str, str]]]:
    """Look through what a pull request brings; gives its objects, and what could not be read."""
    plan = replace(planned.secrets, tips=(wanted.head,), known=(wanted.base,))
    total = _scan(wiring, plan, report)
    return [each.oid for some in secret_scans.portions(plan) for each in some], total.skipped


def _scan(wiring: Wiring, plan: ScanPlan, report: Report) -> secret_scans.Sum:
    tools, database = wiring.git.scanner, wiring.database
    # Where nobody is there, the job comes again later.
    digest = secret_scans.digest(plan, tools=tools)
    with database.begin(appliance()) as work:
        scan_id = secret_scans.begin(work, plan, digest, now=datetime.now(UTC))
    total = secret_scans.Sum()
    for some in secret_scans.portions(plan):
        report("Looking for secrets", total.objects)
        with database.reading(appliance()) as work:
            unseen = secret_scans.unseen(work, some, digest)
        if not unseen:
            continue
        portion = secret_scans.look(plan, unseen, tools=tools)
        commits = secret_scans.commits_of(plan, portion)
        total.add(portion)
        with database.begin(appliance()) as work:
            secret_alerts.note(
                *(work, plan, scan_id, portion, commits),
                tools=tools,
                sign_in=wiring.sign_in,
                now=datetime.now(UTC),
            )
    with database.begin(appliance()) as work:
        secret_scans.end(work, plan, scan_id, total, now=datetime.now(UTC))
    return total
