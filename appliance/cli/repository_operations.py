"""`codara repo merge, rebase, cherry-pick, revert, reset`: branches moved without a work tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current, facts, table

METHODS = ("merge", "squash", "rebase", "fast-forward", "semi-linear")
FIELDS = {
    "result": "Result",
    "branch": "Branch",
    "before": "Was at",
    "after": "Is at",
    "new_commits": "New commits",
}
COLUMNS = {"path": "IN CONFLICT", "kind": "WHY", "commit": "COMMIT"}

branch = click.option("--branch", default="", metavar="NAME", help="Not the default branch.")
expected = click.option(
    "--expected-head", metavar="ID", help="Only if the branch is still at this commit."
)
dry_run = click.option("--dry-run", is_flag=True, help="Say what would come of it.")
message = click.option("--message", default="", metavar="WORDS", help="Instead of git's words.")
mainline = click.option(
    "--mainline", type=int, metavar="NUMBER", help="Which parent of a merge its change is from."
)
commits = click.argument("commits", metavar="COMMIT...", nargs=-1, required=True)


@click.command(cls=Verb)
@options.repository
@click.argument("source", metavar="SOURCE")
@click.option("--method", type=click.Choice(METHODS), default="merge", show_default=True)
@message
@branch
@expected
@dry_run
@current
def merge(context: Context, /, repository: str, **said: Any) -> None:
    """Bring a branch, tag or commit into a branch."""
    _ask(context, repository, "merge", said)


@click.command(cls=Verb)
@options.repository
@click.argument("onto", metavar="ONTO")
@branch
@expected
@dry_run
@options.yes
@current
def rebase(context: Context, /, repository: str, *, yes: bool, **said: Any) -> None:
    """Make the commits of a branch again on top of another."""
    _confirm(context, said, yes=yes)
    _ask(context, repository, "rebase", said)


@click.command("cherry-pick", cls=Verb)
@options.repository
@commits
@mainline
@click.option("--record-origin", is_flag=True, help="Say in the message which one it was.")
@branch
@expected
@dry_run
@current
def cherry_pick(context: Context, /, repository: str, **said: Any) -> None:
    """Make commits again on top of a branch."""
    _ask(context, repository, "cherry-pick", said)


@click.command(cls=Verb)
@options.repository
@commits
@mainline
@message
@branch
@expected
@dry_run
@current
def revert(context: Context, /, repository: str, **said: Any) -> None:
    """Take commits back, the newest first, each by one that undoes it."""
    _ask(context, repository, "revert", said)


@click.command(cls=Verb)
@options.repository
@click.argument("to", metavar="TO")
@branch
@expected
@dry_run
@options.yes
@current
def reset(context: Context, /, repository: str, *, yes: bool, **said: Any) -> None:
    """Let a branch be at another commit. What it had beyond that is on it no more."""
    _confirm(context, said, yes=yes)
    _ask(context, repository, "reset", said)


def _confirm(context: Context, said: dict[str, Any], *, yes: bool) -> None:
    if not said["dry_run"]:
        name = said["branch"] or "the default branch"
        context.confirm(f"Replace commits of {name}?", yes=yes)


def _ask(context: Context, repository: str, verb: str, said: dict[str, Any]) -> None:
    body = {name: value for name, value in said.items() if value not in {None, ""}}
    found = context.api.call("POST", f"{place(repository)}/{verb}", body)
    context.show(found, lambda: explained(found))


def explained(found: dict[str, Any]) -> Iterable[str]:
    """What came of it, in lines."""
    yield from facts(found, FIELDS)
    if found["conflicts"]:
        yield ""
        yield from table(found["conflicts"], COLUMNS)
