"""`codara repo branch health`, `policy`, `due`, `deleted`, `restore`: how branches are kept."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, current
from appliance.cli.repository_refs import branch

__all__ = ["branch"]

COLUMNS = {
    "name": "BRANCH",
    "updated_at": "UPDATED",
    "ahead": "AHEAD",
    "behind": "BEHIND",
    "checks": "CHECKS",
    "pull_request": "PULL",
    "is_protected": "PROTECTED",
    "is_merged": "MERGED",
    "is_stale": "STALE",
}
DUE_COLUMNS = {"name": "BRANCH", "commit": "COMMIT", "merged_at": "MERGED"}
DELETED_COLUMNS = {
    "name": "BRANCH",
    "commit": "COMMIT",
    "merged_at": "MERGED",
    "deleted_at": "DELETED",
    "id": "ID",
}
POLICY_FIELDS = {
    "delete_branches": "Delete after a merge",
    "merged_branch_days": "Delete merged ones after days",
    "inherits": "As the organisation says",
}
CHECKS = ("any", "passed", "pending", "failed", "none")
SORTS = ("newest", "name", "ahead", "behind")
CHOICES = ("all", "active", "stale", "merged")


@branch.command()
@options.repository
@click.option("--show", type=click.Choice(CHOICES), default="all", show_default=True)
@click.option("--checks", type=click.Choice(CHECKS), default="any", show_default=True)
@click.option("--sort", type=click.Choice(SORTS), default="newest", show_default=True)
@click.option("--reverse", is_flag=True, help="The other way round: oldest or nearest first.")
@options.limit
@current
def health(
    context: Context,
    repository: str,
    show: str,
    checks: str,
    sort: str,
    limit: int | None,
    *,
    reverse: bool,
) -> None:
    """List branches with their age, distance, checks and marks."""
    wanted = {"show": show, "checks": checks, "order": sort, "reverse": reverse}
    found = options.listed(context, f"{place(repository)}/branch-health", limit, **wanted)
    context.show_list(found, COLUMNS)


@branch.command()
@options.repository
@click.option(
    "--after-merge",
    type=click.Choice(["yes", "no", "inherit"]),
    help="Whether source branches are deleted after a merge.",
)
@click.option(
    "--merged-days",
    metavar="DAYS",
    help="Delete branches that have been merged for so long; 0: never, or inherit.",
)
@current
def policy(
    context: Context, repository: str, after_merge: str | None, merged_days: str | None
) -> None:
    """Show or change what becomes of merged branches."""
    wanted: dict[str, Any] = {}
    if after_merge:
        wanted["delete_branches"] = {"yes": True, "no": False}.get(after_merge)
    if merged_days:
        wanted["merged_branch_days"] = _days(merged_days)
    where = f"{place(repository)}/merge-settings"
    found = context.api.call("PATCH" if wanted else "GET", where, wanted or None)
    context.show_thing(found, POLICY_FIELDS)


@branch.command()
@options.repository
@click.option("--days", type=click.IntRange(min=0), metavar="DAYS", help="Another number of days.")
@current
def due(context: Context, repository: str, days: int | None) -> None:
    """List the merged branches that the policy would delete now."""
    query = "" if days is None else f"?days={days}"
    found = context.api.call("GET", f"{place(repository)}/branch-cleanup{query}")
    context.show_list(found["items"], DUE_COLUMNS)


@branch.command()
@options.repository
@options.limit
@current
def deleted(context: Context, repository: str, limit: int | None) -> None:
    """List the branches that the policy has deleted in the last 90 days."""
    found = options.listed(context, f"{place(repository)}/deleted-branches", limit)
    context.show_list(found, DELETED_COLUMNS)


@branch.command()
@options.repository
@options.identifier
@current
def restore(context: Context, repository: str, identifier: str) -> None:
    """Bring a branch back that the policy has deleted."""
    where = f"{place(repository)}/deleted-branches/{identifier}/restore"
    found = context.api.call("POST", where)
    context.show(found, lambda: [f"The branch {found['name']} is back."])


def _days(text: str) -> int | None:
    if text == "inherit":
        return None
    if not text.isdecimal():
        raise click.UsageError("Say a number of days, or inherit.")
    return int(text)
