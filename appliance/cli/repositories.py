"""`codara repo`: everything one does with a repository as a whole."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import (
    inbox,
    merge_queue,
    options,
    repository_access,
    repository_archives,
    repository_arrival,
    repository_bin,
    repository_branches,
    repository_check,
    repository_checks,
    repository_commits,
    repository_export,
    repository_files,
    repository_grep,
    repository_hooks,
    repository_keys,
    repository_labels,
    repository_looks,
    repository_merging,
    repository_mirrors,
    repository_operations,
    repository_properties,
    repository_pushes,
    repository_refs,
    repository_sbom,
    repository_stashes,
    repository_wiki,
    ruleset,
    signing_rules,
)
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current, table

COLUMNS = {
    "path": "REPOSITORY",
    "visibility": "VISIBILITY",
    "size": "SIZE",
    "pushed_at": "PUSHED",
    "is_archived": "ARCHIVED",
    "description": "DESCRIPTION",
}
FIELDS = {
    "path": "Repository",
    "description": "Description",
    "visibility": "Visibility",
    "default_branch": "Default branch",
    "content": "Content",
    "size": "Size",
    "large_files": "Large files",
    "is_template": "Template",
    "created_at": "Created",
    "pushed_at": "Pushed",
    "archived_at": "Archived",
    "https_url": "HTTPS",
    "ssh_url": "SSH",
    "web_url": "Portal",
    "id": "Id",
}
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
STEP = 1024


@click.group(cls=Noun)
def repo() -> None:
    """Repositories: where the work is."""


repo.add_command(repository_access.grant)
repo.add_command(repository_access.revoke)
repo.add_command(repository_access.grants)
repo.add_command(repository_access.access)
repo.add_command(repository_access.protect)
repo.add_command(repository_access.unprotect)
repo.add_command(repository_access.protections)
repo.add_command(signing_rules.signing_rules)
repo.add_command(inbox.watch)
repo.add_command(inbox.watchers)
repo.add_command(ruleset.rules)
repo.add_command(inbox.star)
repo.add_command(ruleset.code_owners)
repo.add_command(repository_arrival.import_repository)
repo.add_command(repository_arrival.fork)
repo.add_command(repository_bin.delete)
repo.add_command(repository_bin.restore)
repo.add_command(repository_bin.purge)
repo.add_command(repository_check.check)
repo.add_command(repository_checks.status)
repo.add_command(repository_checks.check_run)
repo.add_command(repository_commits.commit)
repo.add_command(repository_export.export)
repo.add_command(repository_files.file)
repo.add_command(repository_grep.grep)
repo.add_command(repository_sbom.sbom)
repo.add_command(repository_hooks.hook)
repo.add_command(merge_queue.merge_queue)
repo.add_command(repository_mirrors.mirror)
repo.add_command(repository_archives.import_archive)
repo.add_command(repository_keys.key)
repo.add_command(repository_labels.label)
repo.add_command(repository_labels.milestone)
repo.add_command(repository_looks.matrix)
repo.add_command(repository_looks.forks)
repo.add_command(repository_merging.merge_settings)
repo.add_command(repository_operations.merge)
repo.add_command(repository_operations.rebase)
repo.add_command(repository_operations.cherry_pick)
repo.add_command(repository_operations.revert)
repo.add_command(repository_operations.reset)
repo.add_command(repository_branches.branch)
repo.add_command(repository_properties.properties)
repo.add_command(repository_refs.tag)
repo.add_command(repository_pushes.pushes)
repo.add_command(repository_pushes.push)
repo.add_command(repository_pushes.push_certificate)
repo.add_command(repository_stashes.stash)
repo.add_command(repository_wiki.wiki)


@repo.command()
@options.repository
@click.option(
    "--visibility",
    type=click.Choice(options.VISIBILITIES),
    default="private",
    show_default=True,
    help="Who may read it without a role on it.",
)
@click.option(
    "--default-branch",
    default="main",
    show_default=True,
    metavar="NAME",
    help="The branch that a clone begins with.",
)
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
@click.option("--readme", is_flag=True, help="Begin with a README.")
@click.option("--licence", metavar="NAME", help="Begin with this licence: MIT, Apache-2.0, …")
@click.option("--ignore", metavar="KIND", help="Begin with a .gitignore for Python, Node, …")
@click.option("--template", metavar="OWNER/NAME", help="Begin with the files of this template.")
@current
def create(context: Context, /, repository: str, **wanted: str | bool | None) -> None:
    """Create a repository: an empty one, or one that begins with something."""
    owner, _, name = repository.partition("/")
    wanted = {key: value for key, value in wanted.items() if value is not None}
    wanted |= {"owner": owner, "name": name}
    show_repository(context, context.api.call("POST", "/repos", wanted))


@repo.command("list")
@click.option("--owner", metavar="NAME", help="Only those of this user or organisation.")
@click.option("--search", "words", metavar="TEXT", help="Part of a name or description.")
@click.option("--visibility", type=click.Choice(options.VISIBILITIES), help="Only these.")
@click.option("--archived/--not-archived", default=None, help="Only those that are, or are not.")
@click.option("--deleted", is_flag=True, help="Those in the bin that you could restore, instead.")
@options.limit
@current
def list_repositories(
    context: Context,
    owner: str | None,
    words: str | None,
    visibility: str | None,
    limit: int | None,
    *,
    archived: bool | None,
    deleted: bool,
) -> None:
    """List the repositories you may read."""
    wanted = {
        "q": words,
        "visibility": visibility,
        "archived": None if archived is None else str(archived).lower(),
    }
    if deleted:
        if any(value is not None for value in wanted.values()):
            raise click.UsageError("What is in the bin can be narrowed with --owner only.")
        repository_bin.show_list(context, owner, limit)
        return
    wanted["owner"] = owner
    found = options.listed(context, "/repos", limit, **wanted)
    context.show(found, lambda: table([_for_people(each) for each in found], COLUMNS))


@repo.command()
@options.repository
@current
def show(context: Context, repository: str) -> None:
    """Show a repository."""
    show_repository(context, context.api.call("GET", place(repository)))


@repo.command("clone-url")
@options.repository
@click.option("--ssh", is_flag=True, help="For Git over SSH, not HTTPS.")
@current
def clone_url(context: Context, repository: str, *, ssh: bool) -> None:
    """Print the address to clone a repository from."""
    found = context.api.call("GET", place(repository))
    addresses = {key: found[key] for key in ("https_url", "ssh_url")}
    context.show(addresses, lambda: [addresses["ssh_url" if ssh else "https_url"]])


@repo.command()
@options.repository
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option(
    "--visibility",
    type=click.Choice(options.VISIBILITIES),
    help="Who may read it without a role on it.",
)
@click.option("--default-branch", metavar="NAME", help="The branch that a clone begins with.")
@click.option("--template/--no-template", "is_template", default=None, help="To begin others with.")
@click.option("--quota-bytes", type=click.IntRange(min=0), help="For administrators; 0: as usual.")
@current
def change(context: Context, /, repository: str, **changes: Any) -> None:
    """Change a repository; what is left out stays."""
    wanted = {key: value for key, value in changes.items() if value is not None}
    if not wanted:
        raise click.UsageError("Say what to change; --help lists what there is.")
    show_repository(context, context.api.call("PATCH", place(repository), wanted))


@repo.command()
@options.repository
@click.argument("new_name")
@current
def rename(context: Context, repository: str, new_name: str) -> None:
    """Give a repository another name; the old one leads to it until it is taken again."""
    wanted = {"name": new_name}
    show_repository(context, context.api.call("PATCH", place(repository), wanted))


@repo.command()
@options.repository
@click.argument("new_owner")
@current
def transfer(context: Context, repository: str, new_owner: str) -> None:
    """Give a repository to another user or organisation; the old path leads to it."""
    wanted = {"to": new_owner}
    show_repository(context, context.api.call("POST", f"{place(repository)}/transfer", wanted))


@repo.command()
@options.repository
@current
def archive(context: Context, repository: str) -> None:
    """Make a repository read-only for everyone."""
    wanted = {"archived": True}
    show_repository(context, context.api.call("POST", f"{place(repository)}/archive", wanted))


@repo.command()
@options.repository
@current
def unarchive(context: Context, repository: str) -> None:
    """Make a repository writable again."""
    wanted = {"archived": False}
    show_repository(context, context.api.call("POST", f"{place(repository)}/archive", wanted))


def show_repository(context: Context, found: dict[str, Any]) -> None:
    """Print a repository."""
    context.show_thing(found if context.is_json else _for_people(found), FIELDS)


def _for_people(found: dict[str, Any]) -> dict[str, Any]:
    return {
        **found,
        "size": size(found["size_bytes"]),
        "large_files": size(found["lfs_bytes"]),
    }


def size(size_bytes: int) -> str:
    """So many bytes, in the unit in which one would say it."""
    amount = float(size_bytes)
    for unit in UNITS:
        if amount < STEP or unit == UNITS[-1]:
            break
        amount /= STEP
    return f"{amount:.0f} {unit}" if unit == UNITS[0] else f"{amount:.1f} {unit}"
