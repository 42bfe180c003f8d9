"""`codara alert overview` and `coverage`: figures of alerts, and what was not scanned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current, table

UNKNOWN = "unknown"
SEVERITIES = ("critical", "high", "medium", "low", "unknown")
organisation = click.option(
    "--org", "organisation", metavar="ORG", help="Only of one organisation's repositories."
)


@click.command(cls=Verb)
@organisation
@current
def overview(context: Context, organisation: str | None) -> None:
    """Show how many alerts are open, how old they are, and how far that can be trusted."""
    found = context.api.call("GET", f"{_of(organisation)}/alert-overview")
    context.show(found, lambda: _told(found))


@click.command(cls=Verb)
@organisation
@options.limit
@current
def coverage(context: Context, organisation: str | None, limit: int | None) -> None:
    """Show when repositories were scanned last, and what was not scanned."""
    found = options.listed(context, f"{_of(organisation)}/scan-coverage", limit)
    rows = found if context.is_json else [_scans(each) for each in found]
    columns = {"repository": "REPOSITORY", "secret": "SECRETS", "dependency": "DEPENDENCIES"}
    context.show_list(rows, {**columns, "code": "CODE", "licence": "LICENCES"})


def _of(organisation: str | None) -> str:
    return f"/orgs/{segment(organisation)}" if organisation else ""


def _told(found: dict[str, Any]) -> Iterable[str]:
    rows = [
        {
            "kind": kind,
            **{
                severity: counts.get(severity) or (0 if found["known"][kind] else UNKNOWN)
                for severity in SEVERITIES
            },
        }
        for kind, counts in found["open"].items()
    ]
    yield from table(rows, {"kind": "OPEN", **{each: each.upper() for each in SEVERITIES}})
    yield ""
    days = found["mean_days_to_fix"]
    yield f"overdue: {sum(found['overdue'].values())}"
    yield f"dismissed by a rule: {found['auto_dismissed']}"
    yield f"mean time to fix: {'-' if days is None else f'{days:.1f} days'}"
    yield f"secrets refused: {found['secrets_blocked']}, bypassed: {found['secrets_bypassed']}"
    yield f"feed: {found['feed']}"


def _scans(found: dict[str, Any]) -> dict[str, Any]:
    said = {"repository": found["repository"]}
    for kind in ("secret", "dependency", "code", "licence"):
        scan = found["scans"].get(kind)
        said[kind] = "never" if scan is None else _scan(scan)
    return said


def _scan(scan: dict[str, Any]) -> str:
    left = f", {scan['skipped_count']} skipped" if scan["skipped_count"] else ""
    return f"{scan['at']}{left}"
