"""`codara repo branch`, `codara repo tag`: branches and tags, without a working copy."""

from __future__ import annotations

from urllib.parse import quote

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current

COLUMNS = {"name": "NAME", "commit": "COMMIT", "at": "WHEN", "subject": "SUBJECT"}
FIELDS = {"name": "Name", "commit": "Commit", "at": "When", "subject": "Subject", "note": "Says"}
name_argument = click.argument("name")
search = click.option("--search", metavar="TEXT", help="Part of a name.")
expected = click.option(
    "--expected", metavar="COMMIT", help="Only if it is still there, by its 40 digits."
)


@click.group(cls=Noun)
def branch() -> None:
    """Branches of a repository."""


@click.group(cls=Noun)
def tag() -> None:
    """Tags of a repository."""


@branch.command("list")
@options.repository
@search
@options.limit
@current
def list_branches(context: Context, repository: str, search: str | None, limit: int | None) -> None:
    """List branches by name."""
    _list(context, f"{place(repository)}/branches", search, limit)


@branch.command("create")
@options.repository
@name_argument
@click.argument("start")
@current
def create_branch(context: Context, repository: str, name: str, start: str) -> None:
    """Create a branch that begins at START: a branch, a tag or a commit."""
    wanted = {"name": name, "start": start}
    context.show_thing(context.api.call("POST", f"{place(repository)}/branches", wanted), FIELDS)


@branch.command("delete")
@options.repository
@name_argument
@expected
@options.dry_run
@options.yes
@current
def delete_branch(
    context: Context,
    repository: str,
    name: str,
    expected: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete a branch; not the default one, nor a protected one."""
    where = f"{place(repository)}/branches/{quote(name)}"
    query = {"expected": expected} if expected else None
    question = f"Delete the branch {name} of {repository}?"
    options.remove(context, where, name, question, dry_run=dry_run, yes=yes, query=query)


@tag.command("list")
@options.repository
@search
@options.limit
@current
def list_tags(context: Context, repository: str, search: str | None, limit: int | None) -> None:
    """List tags by name."""
    _list(context, f"{place(repository)}/tags", search, limit)


@tag.command("create")
@options.repository
@name_argument
@click.argument("start")
@click.option("--message", metavar="TEXT", help="What an annotated tag says.")
@current
def create_tag(
    context: Context, repository: str, name: str, start: str, message: str | None
) -> None:
    """Create a tag at START: a branch, a tag or a commit."""
    wanted = {"name": name, "start": start} | ({"message": message} if message else {})
    context.show_thing(context.api.call("POST", f"{place(repository)}/tags", wanted), FIELDS)


@tag.command("delete")
@options.repository
@name_argument
@expected
@options.dry_run
@options.yes
@current
def delete_tag(
    context: Context,
    repository: str,
    name: str,
    expected: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete a tag; not a protected one."""
    where = f"{place(repository)}/tags/{quote(name)}"
    query = {"expected": expected} if expected else None
    question = f"Delete the tag {name} of {repository}?"
    options.remove(context, where, name, question, dry_run=dry_run, yes=yes, query=query)


def _list(context: Context, where: str, search: str | None, limit: int | None) -> None:
    query = {"q": search} if search else {}
    context.show_list(options.listed(context, where, limit, **query), COLUMNS)
