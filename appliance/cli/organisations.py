"""`codara org`: organisations, and who belongs to them."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import (
    options,
    repository_hooks,
    repository_properties,
    signing_rules,
    token_rules,
)
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current
from appliance.errors import ConflictError

MEMBER_ROLES = ("member", "owner", "security_officer", "auditor")
COLUMNS = {"name": "NAME", "display_name": "DISPLAY NAME", "created_at": "CREATED"}
FIELDS = {
    "name": "Name",
    "display_name": "Display name",
    "description": "Description",
    "base_role": "Role of every member",
    "members_create_repositories": "Members create repositories",
    "deletes_branches": "Delete branches after a merge",
    "merged_branch_days": "Delete merged branches after days",
    "quota_bytes": "Quota in bytes",
    "created_at": "Created",
    "id": "Id",
}
MEMBER_COLUMNS = {
    "name": "NAME",
    "display_name": "DISPLAY NAME",
    "role": "ROLE",
    "is_machine": "MACHINE",
    "since": "SINCE",
}


@click.group(cls=Noun)
def org() -> None:
    """Organisations: they own repositories, and have members and teams."""


org.add_command(token_rules.token_rule)
org.add_command(signing_rules.signing_rule)
org.add_command(repository_hooks.organisation_hook)
org.add_command(repository_properties.definitions)


@org.command()
@options.organisation
@click.option("--display-name", default="", metavar="TEXT", help="Its name, as people write it.")
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
@current
def create(context: Context, organisation: str, display_name: str, description: str) -> None:
    """Create an organisation; you become its owner."""
    about = {"name": organisation, "display_name": display_name, "description": description}
    context.show_thing(context.api.call("POST", "/orgs", about), FIELDS)


@org.command("list")
@options.limit
@current
def list_organisations(context: Context, limit: int | None) -> None:
    """List the organisations you may see."""
    context.show_list(options.listed(context, "/orgs", limit), COLUMNS)


@org.command()
@options.organisation
@current
def show(context: Context, organisation: str) -> None:
    """Show an organisation."""
    context.show_thing(context.api.call("GET", _place(organisation)), FIELDS)


@org.command()
@options.organisation
@click.option("--display-name", metavar="TEXT", help="Its name, as people write it.")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option(
    "--base-role",
    type=click.Choice(["none", *options.ROLES]),
    help="The role that every member has on its repositories.",
)
@click.option(
    "--members-create-repositories/--only-owners-create-repositories",
    default=None,
    help="Who may create repositories in it.",
)
@click.option(
    "--delete-branches/--keep-branches",
    "deletes_branches",
    default=None,
    help="What becomes of source branches after a merge, where a repository says no more.",
)
@click.option(
    "--merged-branch-days",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Delete branches that have been merged for so long; 0: never.",
)
@click.option("--quota-bytes", type=click.IntRange(min=0), help="For administrators; 0: as usual.")
@current
def change(context: Context, /, organisation: str, **changes: Any) -> None:
    """Change an organisation; what is left out stays."""
    wanted = {key: value for key, value in changes.items() if value is not None}
    if not wanted:
        raise click.UsageError("Say what to change; --help lists what there is.")
    if wanted.get("base_role") == "none":
        wanted["base_role"] = None
    context.show_thing(context.api.call("PATCH", _place(organisation), wanted), FIELDS)


@org.command()
@options.organisation
@click.argument("new_name")
@current
def rename(context: Context, organisation: str, new_name: str) -> None:
    """Give an organisation another name; the old one leads to it until somebody takes it."""
    found = context.api.call("PATCH", _place(organisation), {"name": new_name})
    context.show_thing(found, FIELDS)


@org.command()
@options.organisation
@options.dry_run
@options.yes
@current
def delete(context: Context, organisation: str, *, dry_run: bool, yes: bool) -> None:
    """Delete an organisation and its teams. It must own no repositories."""
    found = context.api.call("GET", _place(organisation))
    owned = options.listed(context, "/repos", 1, owner=found["name"])
    if owned:
        raise ConflictError(
            f"{organisation} owns {owned[0]['path']}. Transfer or delete its repositories first."
        )
    question = f"Delete the organisation {organisation} and its teams for good?"
    options.remove(context, _place(organisation), organisation, question, dry_run=dry_run, yes=yes)


@org.group()
def member() -> None:
    """Who belongs to an organisation, and as what."""


@member.command("add")
@options.organisation
@options.user
@click.option(
    "--role", type=click.Choice(MEMBER_ROLES), default="member", show_default=True, help="As what."
)
@current
def add_member(context: Context, organisation: str, user: str, role: str) -> None:
    """Add a user to an organisation, or change as what they belong to it."""
    place = f"{_place(organisation)}/members/{segment(user)}"
    context.show_thing(context.api.call("PUT", place, {"role": role}), _titles(MEMBER_COLUMNS))


@member.command("list")
@options.organisation
@options.limit
@current
def list_members(context: Context, organisation: str, limit: int | None) -> None:
    """List an organisation's members."""
    found = options.listed(context, f"{_place(organisation)}/members", limit)
    context.show_list(found, MEMBER_COLUMNS)


@member.command("remove")
@options.organisation
@options.user
@options.dry_run
@options.yes
@current
def remove_member(
    context: Context, organisation: str, user: str, *, dry_run: bool, yes: bool
) -> None:
    """Remove a user from an organisation and all of its teams."""
    place = f"{_place(organisation)}/members/{segment(user)}"
    question = f"Remove {user} from {organisation} and all of its teams?"
    name = f"{user} from {organisation}"
    options.remove(context, place, name, question, dry_run=dry_run, yes=yes, act="remove")


def _place(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}"


def _titles(columns: dict[str, str]) -> dict[str, str]:
    return {key: title.capitalize() for key, title in columns.items()}
