"""`codara repo grant, revoke, grants, access, protect, unprotect, protections`: who may do what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current, table

GRANT_COLUMNS = {
    "grantee_type": "TO",
    "name": "NAME",
    "role": "ROLE",
    "granted_at": "SINCE",
}
REASON_COLUMNS = {"role": "ROLE", "source": "BY", "name": "NAME"}
RULE_COLUMNS = {
    "pattern": "PATTERN",
    "push_role": "MAY PUSH",
    "allow_force": "FORCE",
    "allow_delete": "DELETE",
    "signed_by": "SIGNED BY",
    "signed_push": "SIGNED PUSH",
    "created_at": "SINCE",
}
KINDS = ["ssh", "openpgp", "x509", "appliance"]
to_user = click.option("--user", metavar="NAME", help="To this user.")
to_team = click.option("--team", type=options.TEAM, metavar="ORG/TEAM", help="To this team.")


@click.command(cls=Verb)
@options.repository
@to_user
@to_team
@click.option("--role", type=click.Choice(options.ROLES), required=True, help="As what.")
@current
def grant(context: Context, repository: str, user: str | None, team: str | None, role: str) -> None:
    """Give a user or a team a role on a repository, or another one."""
    given = context.api.call("PUT", _grant_place(repository, user, team), {"role": role})
    context.show(given, lambda: table([given], GRANT_COLUMNS))


@click.command(cls=Verb)
@options.repository
@click.option("--user", metavar="NAME", help="From this user.")
@click.option("--team", type=options.TEAM, metavar="ORG/TEAM", help="From this team.")
@options.dry_run
@options.yes
@current
def revoke(
    context: Context,
    repository: str,
    user: str | None,
    team: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Take back a role that a user or a team was given; those that come by other ways stay."""
    whose = user or team or ""
    question = f"Take the role of {whose} on {repository} back?"
    name = f"the role of {whose} on {repository}"
    options.remove(
        context,
        _grant_place(repository, user, team),
        name,
        question,
        dry_run=dry_run,
        yes=yes,
        act="revoke",
    )


@click.command(cls=Verb)
@options.repository
@current
def grants(context: Context, repository: str) -> None:
    """List the roles that were given on a repository itself."""
    found = context.api.call("GET", f"{place(repository)}/grants")["items"]
    context.show_list(found, GRANT_COLUMNS)


@click.command(cls=Verb)
@options.repository
@options.user
@current
def access(context: Context, repository: str, user: str) -> None:
    """Say which role a user has on a repository, and by what."""
    found = context.api.call("GET", f"{place(repository)}/access/{segment(user)}")
    context.show(found, lambda: _explained(found, repository))


@click.command(cls=Verb)
@options.repository
@click.argument("pattern")
@click.option(
    "--push-role",
    type=click.Choice(options.ROLES),
    default="writer",
    show_default=True,
    help="Who may push to them.",
)
@click.option("--allow-force", is_flag=True, help="Their history may be rewritten.")
@click.option("--allow-delete", is_flag=True, help="They may be deleted.")
@click.option(
    "--signed-by",
    multiple=True,
    type=click.Choice([*KINDS, "any"]),
    help="New commits and tags need a verified signature of this kind; repeat it for several.",
)
@click.option("--signed-push", is_flag=True, help="Pushes must be signed (git push --signed).")
@current
def protect(
    context: Context,
    repository: str,
    pattern: str,
    push_role: str,
    *,
    allow_force: bool,
    allow_delete: bool,
    signed_by: tuple[str, ...],
    signed_push: bool,
) -> None:
    """Protect the branches that PATTERN names: main, release/*; or tags: refs/tags/v*."""
    wanted = {
        "pattern": pattern,
        "push_role": push_role,
        "allow_force": allow_force,
        "allow_delete": allow_delete,
        "signed_by": KINDS if "any" in signed_by else list(signed_by),
        "signed_push": signed_push,
    }
    made = context.api.call("PUT", f"{place(repository)}/protections", wanted)
    context.show(made, lambda: table([made], RULE_COLUMNS))


@click.command(cls=Verb)
@options.repository
@click.argument("pattern")
@options.dry_run
@options.yes
@current
def unprotect(context: Context, repository: str, pattern: str, *, dry_run: bool, yes: bool) -> None:
    """Remove the rule of a pattern."""
    options.remove(
        context,
        f"{place(repository)}/protections",
        f"the rule for {pattern} of {repository}",
        f"Remove the protection of {pattern} from {repository}?",
        dry_run=dry_run,
        yes=yes,
        act="remove",
        query={"pattern": pattern},
    )


@click.command(cls=Verb)
@options.repository
@current
def protections(context: Context, repository: str) -> None:
    """List the rules for branches and tags."""
    found = context.api.call("GET", f"{place(repository)}/protections")["items"]
    context.show_list(found, RULE_COLUMNS)


def _grant_place(repository: str, user: str | None, team: str | None) -> str:
    if (user is None) == (team is None):
        raise click.UsageError("Say --user NAME or --team ORG/TEAM, one of them.")
    names = (user or team or "").split("/")
    return "/".join([place(repository), "grants", *map(segment, names)])


def _explained(found: dict[str, Any], repository: str) -> Iterable[str]:
    role = found["role"]
    if role is None:
        yield f"{found['user']} has no role on {repository}."
        return
    yield f"{found['user']} is {role} of {repository}:"
    yield from table(found["reasons"], REASON_COLUMNS)
