"""`codara repo merge-settings`: how pull requests of a repository are merged."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current

FIELDS = {
    "methods": "Methods, the usual one first",
    "merge_title": "First line of a merge commit",
    "merge_body": "Rest of its message",
    "squash_title": "First line of a squashed commit",
    "squash_body": "Rest of its message",
    "delete_branches": "Branches are deleted afterwards",
    "auto_merge": "May be promised",
}
METHODS = ("merge", "squash", "rebase", "fast-forward", "semi-linear")


@click.command("merge-settings", cls=Verb)
@options.repository
@click.option(
    "--method",
    "methods",
    multiple=True,
    type=click.Choice(METHODS),
    help="All that may be used, the usual one first.",
)
@click.option("--merge-title", metavar="TEXT", help="With places like %{title}; empty: as usual.")
@click.option("--merge-body", metavar="TEXT", help="The same for the rest of the message.")
@click.option("--squash-title", metavar="TEXT", help="The same for squashed commits.")
@click.option("--squash-body", metavar="TEXT", help="The same for the rest of their message.")
@click.option("--delete-branches/--keep-branches", default=None, help="After the merge.")
@click.option("--auto/--no-auto", "auto_merge", default=None, help="Whether it may be promised.")
@current
def merge_settings(context: Context, /, repository: str, **wanted: Any) -> None:
    """Show how pull requests are merged, or change it; what is left out stays."""
    sent = {key: value for key, value in wanted.items() if value not in (None, ())}
    where = f"{place(repository)}/merge-settings"
    found = context.api.call("PATCH", where, sent) if sent else context.api.call("GET", where)
    context.show_thing(found, FIELDS)
