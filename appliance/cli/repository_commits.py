"""`codara repo commit`: what people say of a commit."""

from __future__ import annotations

from typing import IO, Any

import click

from appliance.cli import options, reactions
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current
from appliance.cli.issues import file, said, text

COLUMNS = {
    "author": "BY",
    "created_at": "SAID",
    "path": "FILE",
    "line": "LINE",
    "body": "TEXT",
    "id": "ID",
}
LABEL_COLUMNS = {"name": "LABEL", "colour": "COLOUR"}
LABELLED_COLUMNS = {"commit": "COMMIT", "given_at": "SINCE"}
which = click.argument("which", metavar="COMMIT")


@click.group(cls=Noun)
def commit() -> None:
    """Comments on commits, and their labels."""


commit.add_command(reactions.to_commit)


@commit.command()
@options.repository
@which
@options.limit
@current
def comments(context: Context, repository: str, which: str, limit: int | None) -> None:
    """List what was said of a commit."""
    found = options.listed(context, f"{_one(repository, which)}/comments", limit)
    context.show_list(found, COLUMNS)


@commit.command()
@options.repository
@which
@text
@file
@click.option("--path", default="", metavar="FILE", help="A file of its diff.")
@click.option("--line", type=click.IntRange(min=1), metavar="N", help="A line of that file.")
@click.option("--old", is_flag=True, help="The file as it was before.")
@current
def comment(
    context: Context,
    /,
    repository: str,
    which: str,
    body: str | None,
    body_file: IO[str] | None,
    **spot: Any,
) -> None:
    """Say something of a commit, of a file of its diff, or of a line."""
    sent = {"body": said(body, body_file), "path": spot["path"], "line": spot["line"]}
    sent["side"] = "old" if spot["old"] else "new"
    made = context.api.call("POST", f"{_one(repository, which)}/comments", sent)
    context.show(made, lambda: [f"Commented on {which}."])


@commit.command()
@options.repository
@which
@click.argument("labels", nargs=-1, metavar="[LABEL]...")
@click.option("--none", "is_none", is_flag=True, help="Take all labels away.")
@current
def label(
    context: Context, repository: str, which: str, labels: tuple[str, ...], *, is_none: bool
) -> None:
    """Show the labels of a commit, or give it these and no others."""
    where = f"{_one(repository, which)}/labels"
    if labels or is_none:
        found = context.api.call("PUT", where, {"labels": list(labels)})
    else:
        found = context.api.call("GET", where)
    context.show_list(found["labels"], LABEL_COLUMNS)


@commit.command()
@options.repository
@click.argument("label", metavar="LABEL")
@options.limit
@current
def labelled(context: Context, repository: str, label: str, limit: int | None) -> None:
    """List the commits that have a label."""
    found = options.listed(context, f"{place(repository)}/labelled-commits", limit, label=label)
    context.show_list(found, LABELLED_COLUMNS)


def _one(repository: str, which: str) -> str:
    return f"{place(repository)}/commits/{segment(which)}"
