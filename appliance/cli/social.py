"""`codara user stars, pins, pin, activity` and `codara feed`: who likes what, who did what."""

from __future__ import annotations

from collections.abc import Sequence

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current

REPOSITORIES = {"path": "REPOSITORY", "description": "DESCRIPTION"}
ACTS = {
    "happened_at": "WHEN",
    "actor": "WHO",
    "action": "WHAT",
    "repository": "REPOSITORY",
    "number": "#",
}
most = click.option(
    "--limit",
    type=click.IntRange(min=1, max=100),
    default=20,
    show_default=True,
    metavar="N",
    help="At most so many.",
)


@click.command(cls=Verb)
@options.user
@options.limit
@current
def stars(context: Context, user: str, limit: int | None) -> None:
    """List what a user has starred, the latest first."""
    found = options.listed(context, f"/users/{segment(user)}/stars", limit)
    context.show_list(found, REPOSITORIES)


@click.command(cls=Verb)
@options.user
@current
def pins(context: Context, user: str) -> None:
    """List what stands first on a user's page."""
    found = context.api.call("GET", f"/users/{segment(user)}/pins")
    context.show_list(found["items"], REPOSITORIES)


@click.command(cls=Verb)
@click.argument("repositories", nargs=-1, metavar="[OWNER/NAME]...", type=options.REPOSITORY)
@current
def pin(context: Context, repositories: Sequence[str]) -> None:
    """Let these repositories stand first on your own page, in this order, and no others."""
    found = context.api.call("PUT", "/user/pins", {"repositories": list(repositories)})
    context.show_list(found["items"], REPOSITORIES)


@click.command(cls=Verb)
@options.user
@most
@current
def activity(context: Context, user: str, limit: int) -> None:
    """List what a user did lately, in repositories that you may read."""
    where = f"/users/{segment(user)}/activity"
    context.show_list(context.api.call("GET", where, query={"limit": limit})["items"], ACTS)


@click.command(cls=Verb)
@most
@current
def feed(context: Context, limit: int) -> None:
    """List what happened lately in all repositories that you may read."""
    found = context.api.call("GET", "/user/feed", query={"limit": limit})
    context.show_list(found["items"], ACTS)
