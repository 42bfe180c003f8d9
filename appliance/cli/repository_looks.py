"""`codara repo matrix`, `codara repo forks`: how branches and forks are to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current, table

FEWEST = 2


@click.command(cls=Verb)
@options.repository
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
@current
def matrix(context: Context, repository: str, refs: Sequence[str]) -> None:
    """Compare several branches, tags or commits: how far each is ahead of and behind each."""
    if len(refs) < FEWEST:
        raise click.UsageError("Name two or more.")
    found = context.api.call("GET", f"{place(repository)}/matrix", query={"ref": list(refs)})
    context.show(found, lambda: _lines(found))
    if not found["is_complete"]:
        context.say("Not all could be measured in time: ? stands for what was not.")


@click.command(cls=Verb)
@options.repository
@current
def forks(context: Context, repository: str) -> None:
    """Show what a repository was forked from, and what was forked from it."""
    found = context.api.call("GET", f"{place(repository)}/forks/tree")["items"]
    context.show(found, lambda: [f"{'  ' * each['depth']}{each['path']}" for each in found])


def _lines(found: dict[str, Any]) -> Iterator[str]:
    """A row for each, a column for each: ahead and behind."""
    names = [each["ref"] for each in found["sides"]]
    cells = {(each["ref"], each["base"]): _distance(each) for each in found["distances"]}
    rows = [{"": name, **{base: cells.get((name, base), "") for base in names}} for name in names]
    yield from table(rows, {"": "", **{name: name for name in names}})


def _distance(each: dict[str, Any]) -> str:
    return "?" if each["ahead"] is None else f"+{each['ahead']} -{each['behind']}"
