"""`codara pr compare`, `codara pr apply`: two patch sets, and what reviewers suggest."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current

COMMITS = {"fate": "WHAT", "old": "BEFORE", "new": "NOW", "subject": "SUBJECT"}
patch_set = click.IntRange(min=1)


@click.command(cls=Verb)
@options.repository
@options.number
@click.argument("old", type=patch_set)
@click.argument("new", type=patch_set, required=False)
@current
def compare(context: Context, repository: str, number: int, old: int, new: int | None) -> None:
    """List what became of each commit from patch set OLD to NEW, or to the last one."""
    asked = {"old": old} | ({"new": new} if new is not None else {})
    address = f"{place(repository)}/pulls/{number}/comparison"
    context.show_list(context.api.call("GET", address, query=asked)["commits"], COMMITS)


@click.command("apply", cls=Verb)
@options.repository
@options.number
@click.argument("comments", nargs=-1, required=True, metavar="COMMENT...")
@current
def apply_(context: Context, repository: str, number: int, comments: tuple[str, ...]) -> None:
    """Apply what comments suggest, as one commit on the source branch."""
    address = f"{place(repository)}/pulls/{number}/suggestions"
    made = context.api.call("POST", address, {"comments": list(comments)})
    context.show_thing(made, {"commit": "Commit"})
