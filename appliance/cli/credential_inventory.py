"""`codara token inventory`: every token and key, with last use, owner and age."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current

KINDS = ("token", "ssh_key", "deploy_key", "scim_token", "ssh_authority", "signing_key")
COLUMNS = {
    "kind": "KIND",
    "id": "ID",
    "name": "NAME",
    "owner": "OWNER",
    "is_machine": "MACHINE",
    "scopes": "MAY",
    "created_at": "CREATED",
    "expires_at": "EXPIRES",
    "used_at": "LAST USED",
}


@click.command(cls=Verb)
@click.option("--org", default="", metavar="ORG", help="What reaches an organisation; all else.")
@click.option("--kind", type=click.Choice(KINDS), help="Only of this kind.")
@click.option("--holder", type=click.Choice(("person", "machine")), help="Only of these.")
@click.option("--unused-days", type=click.IntRange(1, 3650), help="Not used for so many days.")
@click.option("--search", default="", metavar="TEXT", help="Part of a name, owner or beginning.")
@click.option(
    "--sort", default="-created", metavar="ORDER", help="created, used, expires or name; - turns."
)
@options.limit
@current
def inventory(
    context: Context,
    org: str,
    kind: str | None,
    holder: str | None,
    unused_days: int | None,
    search: str,
    sort: str,
    limit: int | None,
) -> None:
    """List every token and key, with last use, owner and age."""
    place = f"/orgs/{segment(org)}/credentials" if org else "/credentials"
    asked = {"kind": kind, "holder": holder, "unused_days": unused_days}
    wanted = {name: value for name, value in asked.items() if value is not None}
    found = options.listed(context, place, limit, q=search, sort=sort, **wanted)
    context.show_list(found, COLUMNS)


@click.command(cls=Verb)
@click.argument("kind", type=click.Choice(KINDS))
@options.identifier
@click.option("--org", default="", metavar="ORG", help="As an owner of an organisation.")
@options.dry_run
@options.yes
@current
def end(
    context: Context, kind: str, identifier: str, org: str, *, dry_run: bool, yes: bool
) -> None:
    """End a token or key; what is a person's an organisation keeps out."""
    above = f"/orgs/{segment(org)}/credentials" if org else "/credentials"
    place = f"{above}/{kind}/{segment(identifier)}"
    question = f"End the {kind.replace('_', ' ')} {identifier}?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes, act="revoke")
