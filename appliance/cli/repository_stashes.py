"""`codara repo stash`: changes set aside, which only their owner is told of."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current
from appliance.cli.repository_operations import branch, dry_run, expected, explained, message

COLUMNS = {"id": "ID", "branch": "BRANCH", "created_at": "WHEN", "message": "SAYS"}
FIELDS = {
    "id": "Id",
    "branch": "Branch",
    "base": "Made at",
    "commit": "Commit",
    "message": "Says",
    "created_at": "When",
}


@click.group(cls=Noun)
def stash() -> None:
    """Changes set aside: yours alone."""


@stash.command("list")
@options.repository
@options.limit
@current
def list_stashes(context: Context, repository: str, limit: int | None) -> None:
    """List your stashes, the newest first."""
    context.show_list(options.listed(context, _stashes(repository), limit), COLUMNS)


@stash.command()
@options.repository
@click.argument("commit", metavar="COMMIT")
@branch
@message
@expected
@current
def store(context: Context, /, repository: str, commit: str, **how: Any) -> None:
    """Set a commit aside that is there already, as one that `git stash` made and you pushed."""
    body = {name: value for name, value in how.items() if value}
    made = context.api.call("POST", f"{_stashes(repository)}/store", body | {"commit": commit})
    context.show_thing(made, FIELDS)


@stash.command()
@options.repository
@click.option("--write", "written", multiple=True, metavar="PATH=FILE", help="A local file there.")
@click.option("--remove", "removed", multiple=True, metavar="PATH", help="No file or folder there.")
@branch
@message
@expected
@current
def push(
    context: Context,
    /,
    repository: str,
    written: tuple[str, ...],
    removed: tuple[str, ...],
    **how: Any,
) -> None:
    """Set changes to files aside; the branch stays where it is."""
    changes = [*_written(written), *({"action": "remove", "path": path} for path in removed)]
    if not changes:
        raise click.UsageError("Say --write PATH=FILE or --remove PATH.")
    body = {name: value for name, value in how.items() if value}
    made = context.api.call("POST", _stashes(repository), body | {"changes": changes})
    context.show_thing(made, FIELDS)


stash.add_command(push, "create")


@stash.command()
@options.repository
@options.identifier
@current
def show(context: Context, repository: str, identifier: str) -> None:
    """Show one of your stashes."""
    context.show_thing(context.api.call("GET", _one(repository, identifier)), FIELDS)


@stash.command()
@options.repository
@options.identifier
@click.option("--drop", is_flag=True, help="Drop it once it is applied.")
@branch
@message
@expected
@dry_run
@current
def apply(context: Context, /, repository: str, identifier: str, **how: Any) -> None:
    """Apply a stash as one commit of yours, merged with what has come since."""
    _apply(context, repository, identifier, how)


@stash.command()
@options.repository
@options.identifier
@branch
@message
@expected
@dry_run
@current
def pop(context: Context, /, repository: str, identifier: str, **how: Any) -> None:
    """Apply a stash, and drop it if it could be applied."""
    _apply(context, repository, identifier, how | {"drop": True})


@stash.command("branch")
@options.repository
@options.identifier
@click.argument("name", metavar="BRANCH")
@message
@current
def of_branch(context: Context, /, repository: str, identifier: str, **how: Any) -> None:
    """Make a branch where a stash was made, apply it there and drop it."""
    body = {name: value for name, value in how.items() if value}
    found = context.api.call("POST", f"{_one(repository, identifier)}/branch", body)
    context.show(found, lambda: explained(found))


@stash.command()
@options.repository
@options.identifier
@options.dry_run
@options.yes
@current
def drop(context: Context, repository: str, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Drop a stash for good."""
    where, question = _one(repository, identifier), f"Drop the stash {identifier}?"
    options.remove(context, where, identifier, question, dry_run=dry_run, yes=yes)


@stash.command()
@options.repository
@options.dry_run
@options.yes
@current
def clear(context: Context, repository: str, *, dry_run: bool, yes: bool) -> None:
    """Drop all your stashes of a repository for good."""
    question = f"Drop all your stashes of {repository}?"
    if dry_run:
        found = [each["id"] for each in options.listed(context, _stashes(repository), None)]
        context.show({"would_drop": found}, lambda: [f"Would drop {each}." for each in found])
        return
    context.confirm(question, yes=yes)
    gone = context.api.call("DELETE", _stashes(repository))
    context.show(gone, lambda: [f"Dropped {each}." for each in gone["dropped"]])


def _apply(context: Context, repository: str, identifier: str, how: dict[str, Any]) -> None:
    body = {name: value for name, value in how.items() if value}
    found = context.api.call("POST", f"{_one(repository, identifier)}/apply", body)
    context.show(found, lambda: explained(found))


def _written(pairs: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for pair in pairs:
        path, sign, file = pair.partition("=")
        if not (path and sign and Path(file).is_file()):
            raise click.UsageError(f"{pair} is not PATH=FILE with a local file.")
        content = base64.b64encode(Path(file).read_bytes()).decode()
        yield {"action": "write", "path": path, "content": content, "encoding": "base64"}


def _stashes(repository: str) -> str:
    return f"{place(repository)}/stash"


def _one(repository: str, identifier: str) -> str:
    return f"{_stashes(repository)}/{identifier}"
