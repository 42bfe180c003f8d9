"""`codara pr compare`, `apply`, `update`: two patch sets, what reviewers suggest, what is new."""

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


@click.command(cls=Verb)
@options.repository
@options.number
@click.option("--rebase", is_flag=True, help="Make its commits again on top, without a merge.")
@click.option("--head", metavar="COMMIT", help="Only if this is still its head.")
@current
def update(
    context: Context, repository: str, number: int, *, rebase: bool, head: str | None
) -> None:
    """Bring what is new on its target into a pull request's branch."""
    sent = {"method": "rebase" if rebase else "merge"} | ({"head": head} if head else {})
    address = f"{place(repository)}/pulls/{number}/update-branch"
    done = context.api.call("POST", address, sent)
    context.show(done, lambda: [f"Updated #{number} by {done['method']}: {done['commit'][:10]}"])
