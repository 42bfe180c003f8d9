"""An export of the audit log that a command writes itself, at the console."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.cli import at_console
from appliance.cli.context import Context
from appliance.domain.audit_terms import between
from appliance.errors import InvalidError
from appliance.services.audit_log import bundle, tables
from appliance.services.audit_log import export as audit_export
from appliance.services.audit_log.export import Form, Progress, Wanted


def export(
    context: Context, out: Path, form: Form, said: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Write an export as the console's user; gives what is to be said of it.

    Errors:
        InvalidError, ConflictError: it cannot be written there, or something is there already.
        HiddenError, RefusedError, NotFoundError: as for a plan.
    """
    form, period = Form(form), between(said["since"], said["until"])
    if not out.parent.is_dir():
        raise InvalidError(f"There is no folder {out.parent}.")
    with at_console.opened(context) as console:
        tools, now = console.objects.logs, datetime.now(UTC)
        with console.reading() as work:
            selection = audit_export.selection(work, said["query"], said["log"], now=now)
        wanted = Wanted(
            log=said["log"],
            query=said["query"],
            selection=selection,
            since=period.since,
            until=period.until,
            known_sizes=tuple(said["known_sizes"]),
        )
        with console.begin() as work:
            plan = audit_export.plan(work, wanted, now=now)
            audit_export.note_request(work, plan, form)
        if form is Form.BUNDLE:
            done = bundle.write(console.reading, plan, out, tools=tools, progress=progress)
        else:
            done = tables.write(
                console.reading, plan, out, form=form, tools=tools, progress=progress
            )
        with console.begin() as work:
            audit_export.note_done(work, done, form)
    return {
        "file": str(out),
        "format": str(form),
        "logs": [part.tree.name for part in done.plan.parts],
        "entries": done.counts.entries,
        "matched": done.counts.matched,
        "bodies": done.counts.bodies,
        "values": done.counts.values,
        "size_bytes": done.size_bytes,
        "sha256": done.sha256,
        "begun": str(done.begun),
    }
