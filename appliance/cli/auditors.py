"""`codara audit auditor`: who may read an audit log for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from appliance.cli import options
from appliance.cli.context import Context, Noun, current

PLACE = "/audit/auditors"
COLUMNS = {
    "user": "USER",
    "state": "STATE",
    "since": "FROM",
    "until": "BEFORE",
    "expires_at": "MAY READ UNTIL",
    "granted_by": "GIVEN BY",
    "reason": "WHY",
    "id": "ID",
}
FIELDS = {
    "user": "User",
    "log": "Log",
    "since": "What happened from",
    "until": "What happened before",
    "expires_at": "May read until",
    "reason": "Why",
    "id": "Id",
}
DAY = click.DateTime(["%Y-%m-%d"])
of_log = click.option(
    *options.LOG,
    default="instance",
    metavar="ORG",
    help="An organisation; else the instance's log.",
)


@click.group(cls=Noun)
def auditor() -> None:
    """Who may read an audit log for a while, and nothing else."""


@auditor.command()
@options.user
@of_log
@click.option(
    "--from", "since", type=DAY, metavar="DAY", help="Nothing before this day exists for them."
)
@click.option(
    "--to", "until", type=DAY, metavar="DAY", help="Nothing after this day exists for them."
)
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366), help="So long.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the log.")
@current
def grant(
    context: Context,
    user: str,
    log: str,
    since: datetime | None,
    until: datetime | None,
    days: int,
    reason: str,
) -> None:
    """Let somebody read a log until a day."""
    wanted = {
        "user": user,
        "log": log,
        "since": _said(since),
        "until": _said(until + timedelta(days=1)) if until else None,
        "expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat(),
        "reason": reason,
    }
    made = context.api.call("POST", PLACE, wanted)
    context.show_thing(made, FIELDS)


@auditor.command("list")
@of_log
@options.limit
@current
def list_auditors(context: Context, log: str, limit: int | None) -> None:
    """List who may read a log, and who could."""
    context.show_list(options.listed(context, PLACE, limit, log=log), COLUMNS)


@auditor.command()
@click.argument("grant_id", metavar="ID", type=click.UUID)
@of_log
@options.dry_run
@options.yes
@current
def revoke(context: Context, grant_id: str, log: str, *, dry_run: bool, yes: bool) -> None:
    """Take back what somebody was given of a log."""
    options.remove(
        context,
        f"{PLACE}/{grant_id}",
        str(grant_id),
        "Take back that they may read this log?",
        dry_run=dry_run,
        yes=yes,
        act="revoke",
        query={"log": log},
    )


def _said(day: datetime | None) -> str | None:
    return day.replace(tzinfo=UTC).isoformat() if day else None
