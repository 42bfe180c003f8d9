"""`codara provider rule`: what being in a group of an identity provider gives."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, WeightyVerb, current
from appliance.domain.identity_providers import ROLES_OF, Gives

PLACE = "/admin/identity-providers"
COLUMNS = {"group": "GROUP", "gives": "GIVES", "target": "ON", "role": "ROLE", "id": "ID"}
FIELDS = {"group": "Group", "gives": "Gives", "target": "On", "role": "Role", "id": "Id"}

name_argument = click.argument("name", metavar="NAME")


@click.group(cls=Noun)
def rule() -> None:
    """What being in a group of an identity provider gives."""


@rule.command("list")
@name_argument
@current
def list_rules(context: Context, name: str) -> None:
    """List the rules of an identity provider, by group."""
    context.show_list(context.api.call("GET", _place(name))["items"], COLUMNS)


@rule.command(cls=WeightyVerb)
@name_argument
@click.argument("group", metavar="GROUP")
@click.option("--team", metavar="ORG/TEAM", type=options.TEAM, help="It puts them into this team.")
@click.option("--org", "organisation", metavar="ORG", help="It gives a role in this one.")
@click.option(
    "--role",
    type=click.Choice([str(each) for each in ROLES_OF[Gives.ORGANISATION]]),
    help="Which role in the organisation.",
)
@click.option(
    "--instance-role",
    type=click.Choice([str(each) for each in ROLES_OF[Gives.INSTANCE]]),
    help="It gives this role on the whole appliance.",
)
@current
def add(context: Context, /, name: str, group: str, **said: Any) -> None:
    """Let a group give a team, a role in an organisation, or one on the appliance."""
    given = [each for each in ("team", "organisation", "instance_role") if said[each]]
    if len(given) != 1 or bool(said["role"]) is not bool(said["organisation"]):
        raise click.UsageError("Say --team, or --org with --role, or --instance-role.")
    gives = {"team": Gives.TEAM, "organisation": Gives.ORGANISATION}.get(given[0], Gives.INSTANCE)
    body = {
        "group": group,
        "gives": str(gives),
        "target": said["team"] or said["organisation"] or "",
        "role": said["role"] or said["instance_role"] or "",
    }
    context.show_thing(context.api.call("POST", _place(name), body), FIELDS)


@rule.command(cls=WeightyVerb)
@name_argument
@options.identifier
@options.dry_run
@options.yes
@current
def remove(context: Context, name: str, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Let a group give that no more."""
    place = f"{_place(name)}/{identifier}"
    question = "Remove this rule? Whoever has the right by nothing else loses it."
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes, act="remove")


def _place(name: str) -> str:
    return f"{PLACE}/{segment(name)}/rules"
