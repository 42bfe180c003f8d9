"""`codara issue react`, `pr react` and `repo commit react`: what is said without words."""

from __future__ import annotations

from functools import partial

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current

KINDS = ("thumbs_up", "thumbs_down", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
Id = options.Identifier()
verb = partial(click.command, "react", cls=Verb)
kind = click.argument("kind", metavar="REACTION", type=click.Choice(KINDS))
undo = click.option("--undo", is_flag=True, help="Take it back.")
comment = click.option("--comment", metavar="ID", type=Id, help="To a comment in it.")


@verb()
@options.repository
@options.number
@kind
@comment
@undo
@current
def to_issue(
    context: Context, repository: str, number: int, kind: str, comment: str | None, *, undo: bool
) -> None:
    """React to an issue, or to a comment on it."""
    of = f"/comments/{comment}" if comment else ""
    _react(context, f"{place(repository)}/issues/{number}{of}", kind, undo=undo)


@verb()
@options.repository
@options.number
@kind
@comment
@click.option("--line-comment", metavar="ID", type=Id, help="To a comment on lines.")
@undo
@current
def to_pull(
    context: Context,
    /,
    repository: str,
    number: int,
    kind: str,
    comment: str | None,
    line_comment: str | None,
    *,
    undo: bool,
) -> None:
    """React to a pull request, or to a comment on it or on its lines."""
    if comment and line_comment:
        raise click.UsageError("Name one comment.")
    of = f"/comments/{comment}" if comment else ""
    of = f"/review-comments/{line_comment}" if line_comment else of
    _react(context, f"{place(repository)}/pulls/{number}{of}", kind, undo=undo)


@verb()
@options.repository
@click.argument("which", metavar="COMMIT")
@click.argument("comment", metavar="ID", type=Id)
@kind
@undo
@current
def to_commit(
    context: Context, repository: str, which: str, comment: str, kind: str, *, undo: bool
) -> None:
    """React to a comment on a commit."""
    where = f"{place(repository)}/commits/{segment(which)}/comments/{comment}"
    _react(context, where, kind, undo=undo)


def _react(context: Context, where: str, kind: str, *, undo: bool) -> None:
    context.api.call("DELETE" if undo else "PUT", f"{where}/reactions/{kind}")
    done = "taken back" if undo else "given"
    context.show({"reaction": kind, "given": not undo}, lambda: [f"{kind} is {done}."])
