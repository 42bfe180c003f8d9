"""Checks of the audit log that a command makes itself, at the console."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import UTC, datetime

from appliance.cli import at_console
from appliance.cli.audit_export import Said
from appliance.cli.context import Context
from appliance.errors import DamagedError, HiddenError
from appliance.services import push_settlement
from appliance.services.audit_log import check
from appliance.services.audit_log import reconcile as audit_reconcile
from appliance.services.audit_log.reconcile import Difference
from audit import report


def verify(context: Context, log: str | None, progress: Said) -> int:
    """Check one log, or all of them; gives the verdict."""
    with at_console.opened(context) as console:
        with console.reading() as work:
            names = [log] if log else check.logs(work)
        findings = check.check(
            console.reading,
            names,
            tools=console.objects.logs,
            now=datetime.now(UTC),
            progress=progress,
        )
        progress.end()
        with console.begin() as work:
            for name in names:
                # A log that is asked for alone may be called by its organisation's name.
                check.note_result(work, name, findings.count("" if log else name))
    for line in report.lines(findings) if context.is_json else report.text(findings):
        print(line)
    return int(findings.verdict)


def reconcile(context: Context, progress: Said) -> int:
    """Compare everything with everything; gives the exit status."""
    with at_console.opened(context) as console:
        now = datetime.now(UTC)
        with console.reading() as work:
            found = audit_reconcile.compare(work, signer=console.objects.logs.signer, now=now)
            repositories = audit_reconcile.repositories(work)
        for number, repository_id in enumerate(repositories):
            progress("Comparing refs", number, len(repositories))
            moved = 0
            try:
                with suppress(HiddenError), console.begin() as work:
                    moved = push_settlement.drift(
                        work, repository_id, tools=console.objects.git, now=now
                    )
            except DamagedError as error:
                found.append(Difference("refs", str(repository_id), 1, str(error)))
                continue
            if moved:
                text = f"{moved} refs are not where the last recorded change left them"
                found.append(Difference("refs", str(repository_id), moved, text))
        progress.end()
        with console.begin() as work:
            audit_reconcile.note_result(
                work, repositories=len(repositories), differences=len(found)
            )
    answer = {
        "repositories": len(repositories),
        "differences": [dataclasses.asdict(each) for each in found],
    }
    context.show(answer, lambda: [*map(_line, found), _sum(len(repositories), len(found))])
    return int(bool(found))


def _line(found: Difference) -> str:
    where = f" of {found.log}" if found.log else ""
    return f"{found.kind}{where}: {found.text}"


def _sum(repositories: int, differences: int) -> str:
    return f"Compared the logs and {repositories} repositories: {differences} differences."
