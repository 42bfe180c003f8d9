"""`codara team`: teams of an organisation, one inside another, and who is in them."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

COLUMNS = {"name": "NAME", "parent": "INSIDE", "members": "MEMBERS", "created_at": "CREATED"}
FIELDS = {
    "name": "Name",
    "description": "Description",
    "parent": "Inside",
    "members": "Members",
    "created_at": "Created",
    "id": "Id",
}
MEMBER_COLUMNS = {"name": "NAME", "display_name": "DISPLAY NAME", "is_machine": "MACHINE"}


@click.group(cls=Noun)
def team() -> None:
    """Teams of an organisation. A team has the roles of the team it is inside of."""


@team.command()
@options.team
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
@click.option("--inside", "parent", metavar="TEAM", help="The team it is to be inside of.")
@current
def create(context: Context, team: str, description: str, parent: str | None) -> None:
    """Create a team."""
    organisation, _, name = team.partition("/")
    wanted = {"name": name, "description": description, "parent": _last(parent)}
    made = context.api.call("POST", f"{_organisation(organisation)}/teams", wanted)
    context.show_thing(made, FIELDS)


@team.command("list")
@options.organisation
@options.limit
@current
def list_teams(context: Context, organisation: str, limit: int | None) -> None:
    """List an organisation's teams."""
    found = options.listed(context, f"{_organisation(organisation)}/teams", limit)
    context.show_list(found, COLUMNS)


@team.command()
@options.team
@current
def show(context: Context, team: str) -> None:
    """Show a team."""
    context.show_thing(context.api.call("GET", _place(team)), FIELDS)


@team.command()
@options.team
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option("--inside", "parent", metavar="TEAM", help="The team it is to be inside of.")
@click.option("--outside", is_flag=True, help="It is inside no other team.")
@current
def change(
    context: Context, team: str, description: str | None, parent: str | None, *, outside: bool
) -> None:
    """Change a team; what is left out stays."""
    if parent and outside:
        raise click.UsageError("Say --inside or --outside, not both.")
    wanted: dict[str, str | None] = {} if description is None else {"description": description}
    if parent or outside:
        wanted["parent"] = _last(parent)
    if not wanted:
        raise click.UsageError("Say what to change: --description, --inside or --outside.")
    context.show_thing(context.api.call("PATCH", _place(team), wanted), FIELDS)


@team.command()
@options.team
@click.argument("new_name")
@current
def rename(context: Context, team: str, new_name: str) -> None:
    """Give a team another name."""
    found = context.api.call("PATCH", _place(team), {"name": new_name})
    context.show_thing(found, FIELDS)


@team.command()
@options.team
@options.dry_run
@options.yes
@current
def delete(context: Context, team: str, *, dry_run: bool, yes: bool) -> None:
    """Delete a team, and the roles it has."""
    context.api.call("GET", _place(team))
    question = f"Delete the team {team} and the roles it has?"
    options.remove(context, _place(team), team, question, dry_run=dry_run, yes=yes)


@team.group()
def member() -> None:
    """Who is in a team."""


@member.command("add")
@options.team
@options.user
@current
def add_member(context: Context, team: str, user: str) -> None:
    """Add a member of the organisation to a team."""
    place = f"{_place(team)}/members/{segment(user)}"
    found = context.api.call("PUT", place)
    context.show_thing(found, {"name": "Name", "display_name": "Display name"})


@member.command("list")
@options.team
@options.limit
@current
def list_members(context: Context, team: str, limit: int | None) -> None:
    """List those in the team itself."""
    found = options.listed(context, f"{_place(team)}/members", limit)
    context.show_list(found, MEMBER_COLUMNS)


@member.command("remove")
@options.team
@options.user
@options.dry_run
@options.yes
@current
def remove_member(context: Context, team: str, user: str, *, dry_run: bool, yes: bool) -> None:
    """Remove a user from a team; they stay a member of the organisation."""
    place = f"{_place(team)}/members/{segment(user)}"
    question = f"Remove {user} from {team}?"
    name = f"{user} from {team}"
    options.remove(context, place, name, question, dry_run=dry_run, yes=yes, act="remove")


def _organisation(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}"


def _place(team: str) -> str:
    organisation, _, name = team.partition("/")
    return f"{_organisation(organisation)}/teams/{segment(name)}"


def _last(team: str | None) -> str | None:
    """The team's own name, whether its organisation was said too or not."""
    return team.rpartition("/")[2] if team else None
