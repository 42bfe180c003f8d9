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


@branch.command("create")
@options.repository
@name_argument
@click.argument("start")
@current
def create_branch(context: Context, repository: str, name: str, start: str) -> None:
    """Create a branch that begins at START: a branch, a tag or a commit."""
    _create(context, f"{place(repository)}/branches", {"name": name, "start": start})


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
    _create(context, f"{place(repository)}/tags", wanted)


def _create(context: Context, where: str, wanted: dict[str, str]) -> None:
    context.show_thing(context.api.call("POST", where, wanted), FIELDS)


def _give_verbs(group: click.Group, kind: str, kinds: str, *, but: str) -> None:
    """Let a group list and delete refs of a kind, as every kind is."""

    @group.command("list", help=f"List {kinds} by name.")
    @options.repository
    @search
    @options.limit
    @current
    def list_refs(context: Context, repository: str, search: str | None, limit: int | None) -> None:
        query = {"q": search} if search else {}
        found = options.listed(context, f"{place(repository)}/{kinds}", limit, **query)
        context.show_list(found, COLUMNS)

    @group.command("delete", help=f"Delete a {kind}; {but}.")
    @options.repository
    @name_argument
    @expected
    @options.dry_run
    @options.yes
    @current
    def delete(
        context: Context,
        repository: str,
        name: str,
        expected: str | None,
        *,
        dry_run: bool,
        yes: bool,
    ) -> None:
        where = f"{place(repository)}/{kinds}/{quote(name)}"
        query = {"expected": expected} if expected else None
        question = f"Delete the {kind} {name} of {repository}?"
        options.remove(context, where, name, question, dry_run=dry_run, yes=yes, query=query)


_give_verbs(branch, "branch", "branches", but="not the default one, nor a protected one")
_give_verbs(tag, "tag", "tags", but="not a protected one")
