"""`codara inbox`: what one is told of conversations."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, Verb, current, facts

COLUMNS = {
    "repository": "REPOSITORY",
    "number": "#",
    "title": "TITLE",
    "reason": "REASON",
    "last": "LAST",
    "by": "BY",
    "happened_at": "WHEN",
    "id": "ID",
}
FIELDS = {
    "own_mail": "E-mail for your own",
    "watching_mail": "E-mail for what you watch",
    "digest": "Digest every",
    "tells_own": "Of your own acts",
    "address": "Address",
    "is_vouched": "Somebody vouches for it",
    "is_sent": "E-mail can be sent",
}
WHENS = ("at_once", "digest", "never")
LEVELS = ("participating", "all", "ignored")
MARKS = ("read", "unread", "done", "inbox")


@click.group(cls=Noun)
def inbox() -> None:
    """What one is told of issues, pull requests and commits."""


@inbox.command("list")
@click.option(
    "--part",
    type=click.Choice(("unread", "inbox", "done")),
    default="unread",
    show_default=True,
    help="What was not read, all, or what is done.",
)
@click.option("--reason", metavar="REASON", help="Only for this: mention, assigned, author ...")
@click.option("--repository", metavar="OWNER/NAME", type=options.REPOSITORY, help="Only of this.")
@options.limit
@current
def list_notifications(
    context: Context, part: str, reason: str | None, repository: str | None, limit: int | None
) -> None:
    """List the conversations in which something happened."""
    query = {"part": part, "reason": reason, "repository": repository}
    known = {key: value for key, value in query.items() if value}
    context.show_list(options.listed(context, "/user/notifications", limit, **known), COLUMNS)


@inbox.command()
@click.argument("mark", type=click.Choice(MARKS))
@click.argument("identifiers", metavar="[ID]...", nargs=-1, type=options.Identifier())
@click.option("--all", "is_all", is_flag=True, help="All that there are now.")
@click.option("--repository", metavar="OWNER/NAME", type=options.REPOSITORY, help="With --all.")
@current
def mark(
    context: Context,
    mark: str,
    identifiers: tuple[str, ...],
    is_all: bool,  # noqa: FBT001 - click gives it by name.
    repository: str | None,
) -> None:
    """Mark conversations as read, unread, done, or back in the inbox."""
    if bool(identifiers) is is_all:
        raise click.UsageError("Name ids, or say --all.")
    wanted: dict[str, Any] = {"mark": mark}
    wanted |= {"repository": repository or ""} if is_all else {"ids": list(identifiers)}
    done = context.api.call("POST", "/user/notifications/mark", wanted)
    context.show(done, lambda: [f"Marked {done['marked']}."])


@inbox.command()
@click.option("--own-mail", type=click.Choice(WHENS), help="E-mail for conversations of your own.")
@click.option("--watching-mail", type=click.Choice(WHENS), help="E-mail for what you watch.")
@click.option("--digest", type=click.Choice(("day", "week")), help="How often a digest is sent.")
@click.option("--tells-own/--not-own", default=None, help="Of what you do yourself, too.")
@current
def settings(context: Context, /, **wanted: Any) -> None:
    """Show or choose how one is told."""
    path = "/user/notification-settings"
    chosen = {key: value for key, value in wanted.items() if value is not None}
    found = context.api.call("PATCH", path, chosen) if chosen else context.api.call("GET", path)
    context.show(found, lambda: facts(found, FIELDS))


@click.command(cls=Verb)
@options.repository
@click.option("--level", type=click.Choice(LEVELS), help="Be told so much from now on.")
@current
def watch(context: Context, repository: str, level: str | None) -> None:
    """Show or set how much of a repository one is told."""
    path = f"{place(repository)}/watch"
    found = context.api.call("PUT", path, {"level": level}) if level else None
    found = found or context.api.call("GET", path)
    context.show(found, lambda: [f"{repository}: {found['level']}"])


@click.command(cls=Verb)
@options.repository
@options.limit
@current
def watchers(context: Context, repository: str, limit: int | None) -> None:
    """List who is told all of a repository."""
    found = options.listed(context, f"{place(repository)}/watchers", limit)
    context.show_list(found, {"name": "NAME"})


@click.command(cls=Verb)
@options.repository
@click.option("--undo", is_flag=True, help="Star it no longer.")
@current
def star(context: Context, repository: str, *, undo: bool) -> None:
    """Star a repository, to find it again."""
    path = f"{place(repository)}/star"
    context.api.call("DELETE" if undo else "PUT", path)
    found = context.api.call("GET", path)
    context.show(found, lambda: [f"{repository}: {found['stars']} stars"])
