"""`codara repo delete`, `restore` and `purge`: into the bin, out of it, and out of this world."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, WeightyVerb, current
from appliance.errors import ConflictError, NotFoundError

COLUMNS = {
    "path": "REPOSITORY",
    "visibility": "VISIBILITY",
    "deleted_at": "DELETED",
    "purge_at": "GONE FOR GOOD",
    "id": "ID",
}
FIELDS = {"path": "Repository", "visibility": "Visibility", "web_url": "Portal", "id": "Id"}


@click.command(cls=Verb)
@options.repository
@options.dry_run
@options.yes
@current
def delete(context: Context, repository: str, *, dry_run: bool, yes: bool) -> None:
    """Put a repository into the bin, from where it can be restored for a while."""
    found = context.api.call("GET", place(repository))
    question = f"Delete {found['path']}? It can be restored for a while."
    options.remove(context, place(repository), found["path"], question, dry_run=dry_run, yes=yes)


@click.command(cls=Verb)
@options.repository
@click.option("--name", metavar="NAME", help="Another name, if its own was taken.")
@current
def restore(context: Context, repository: str, name: str | None) -> None:
    """Bring a deleted repository back from the bin.

    `codara repo list --deleted` says what is there.
    """
    found = context.api.call("POST", f"{place(repository)}/restore", {"name": name})
    context.show_thing(found, FIELDS)


@click.command(cls=WeightyVerb)
@options.repository
@click.option(
    "--id",
    "identifier",
    type=options.Identifier(),
    metavar="ID",
    help="Which one, where several had that path.",
)
@options.dry_run
@options.yes
@current
def purge(
    context: Context, repository: str, identifier: str | None, *, dry_run: bool, yes: bool
) -> None:
    """Remove a deleted repository for good, before its time in the bin is over.

    For administrators. Nothing brings it back, except a backup.
    """
    found = _binned(context, repository, identifier)
    options.remove(
        context,
        f"/bin/{segment(found['id'])}",
        found["path"],
        f"Remove {found['path']} and its {found['size_bytes']} bytes for good?",
        dry_run=dry_run,
        yes=yes,
        act="purge",
    )


def show_list(context: Context, owner: str | None, limit: int | None) -> None:
    """Print what is in the bin."""
    context.show_list(options.listed(context, "/bin", limit, owner=owner), COLUMNS)


def _binned(context: Context, repository: str, identifier: str | None) -> dict[str, Any]:
    """The one repository in the bin that is meant."""
    owner, _, name = repository.partition("/")
    there = options.listed(context, "/bin", None, owner=owner, name=name)
    found = [each for each in there if identifier in {None, each["id"]}]
    if not found:
        raise NotFoundError(
            f"There is no {repository} in the bin. `codara repo list --deleted` says what there is."
        )
    if len(found) > 1:
        raise ConflictError(
            f"{len(found)} repositories in the bin had the path {repository}. Name one with --id; "
            "`codara repo list --deleted` says their ids."
        )
    return found[0]
