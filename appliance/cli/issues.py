"""`codara issue`: what is to be done in a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import IO, Any

import click

from appliance.cli import options, reactions
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current, facts

COLUMNS = {
    "number": "#",
    "title": "TITLE",
    "state": "STATE",
    "labels": "LABELS",
    "assignees": "ASSIGNED",
    "author": "BY",
    "comments": "COMMENTS",
    "updated_at": "CHANGED",
}
FIELDS = {
    "number": "#",
    "title": "Title",
    "state": "State",
    "closed_as": "Closed as",
    "duplicate_of": "Duplicate of",
    "author": "By",
    "labels": "Labels",
    "assignees": "Assigned",
    "milestone": "Milestone",
    "created_at": "Opened",
    "closed_at": "Closed",
    "web_url": "Portal",
}
REASONS = ("completed", "not_planned", "duplicate")
text = click.option("--body", metavar="TEXT", help="What it says, in Markdown.")
file = click.option(
    "--body-file", type=click.File(encoding="utf-8"), metavar="FILE", help="The same; - is stdin."
)


def sorting(command: Callable[..., None]) -> Callable[..., None]:
    """What a new conversation gets."""
    for option in (
        click.option("--milestone", type=click.IntRange(min=1), metavar="N", help="For triagers."),
        click.option(
            "--assignee", "assignees", multiple=True, metavar="NAME", help="For triagers."
        ),
        click.option("--label", "labels", multiple=True, metavar="NAME", help="For triagers."),
    ):
        command = option(command)
    return command


def sorting_anew(command: Callable[..., None]) -> Callable[..., None]:
    """What a conversation is to have instead."""
    for option in (
        click.option("--milestone", type=click.IntRange(min=0), metavar="N", help="0: none."),
        click.option("--assignee", "assignees", multiple=True, metavar="NAME", help="All of them."),
        click.option("--label", "labels", multiple=True, metavar="NAME", help="All it is to have."),
    ):
        command = option(command)
    return command


@click.group(cls=Noun)
def issue() -> None:
    """Issues: what is to be done in a repository."""


issue.add_command(reactions.to_issue)


@issue.command()
@options.repository
@click.argument("title")
@text
@file
@sorting
@current
def create(
    context: Context,
    /,
    repository: str,
    title: str,
    body: str | None,
    body_file: IO[str] | None,
    **sorting: Any,
) -> None:
    """Open an issue."""
    wanted = {"title": title, "body": said(body, body_file)}
    wanted |= {key: value for key, value in sorting.items() if value}
    _show(context, context.api.call("POST", f"{place(repository)}/issues", wanted))


@issue.command("list")
@options.repository
@click.option(
    "--search",
    default="is:open",
    show_default=True,
    metavar="QUERY",
    help="As in the portal: is:closed label:bug author:me assignee:none words.",
)
@options.limit
@current
def list_issues(context: Context, repository: str, search: str, limit: int | None) -> None:
    """List the issues that a search finds."""
    found = options.listed(context, f"{place(repository)}/issues", limit, q=search)
    rows = found if context.is_json else [_in_words(each) for each in found]
    context.show_list(rows, COLUMNS)


@issue.command()
@options.repository
@options.number
@current
def show(context: Context, repository: str, number: int) -> None:
    """Show an issue and what was said in it."""
    found = context.api.call("GET", _one(repository, number))
    said = list(context.api.each(f"{_one(repository, number)}/comments"))
    context.show({**found, "comments": said}, lambda: _told(found, said))


@issue.command()
@options.repository
@options.number
@text
@file
@current
def comment(
    context: Context, repository: str, number: int, body: str | None, body_file: IO[str] | None
) -> None:
    """Say something in an issue."""
    sent = {"body": said(body, body_file)}
    made = context.api.call("POST", f"{_one(repository, number)}/comments", sent)
    context.show(made, lambda: [f"Commented on #{number}."])


@issue.command()
@options.repository
@options.number
@click.option(
    "--reason",
    type=click.Choice(REASONS),
    default="completed",
    show_default=True,
    help="Why nothing is left to do.",
)
@click.option("--duplicate-of", type=click.IntRange(min=1), metavar="N", help="Of which one.")
@current
def close(
    context: Context, repository: str, number: int, reason: str, duplicate_of: int | None
) -> None:
    """Close an issue."""
    wanted: dict[str, Any] = {
        "state": "closed",
        "closed_as": "duplicate" if duplicate_of else reason,
    }
    if duplicate_of:
        wanted["duplicate_of"] = duplicate_of
    _show(context, context.api.call("PATCH", _one(repository, number), wanted))


@issue.command()
@options.repository
@options.number
@current
def reopen(context: Context, repository: str, number: int) -> None:
    """Open a closed issue again."""
    _show(context, context.api.call("PATCH", _one(repository, number), {"state": "open"}))


@issue.command()
@options.repository
@options.number
@click.option("--title", metavar="TEXT", help="What it is called.")
@text
@file
@sorting_anew
@click.option("--lock/--unlock", "locked", default=None, help="Whether only triagers take part.")
@click.option("--pin/--unpin", "pinned", default=None, help="Whether it stands above the list.")
@current
def edit(
    context: Context,
    /,
    repository: str,
    number: int,
    **wanted: Any,
) -> None:
    """Change an issue; what is left out stays. Sorting is for triagers."""
    sent = changes(wanted)
    _show(context, context.api.call("PATCH", _one(repository, number), sent))


@issue.command()
@options.repository
@options.number
@click.argument("target", metavar="OWNER/NAME")
@current
def transfer(context: Context, repository: str, number: int, target: str) -> None:
    """Move an issue to another repository, with what was said in it."""
    where = f"{_one(repository, number)}/transfer"
    _show(context, context.api.call("POST", where, {"to": target}))


def _one(repository: str, number: int) -> str:
    return f"{place(repository)}/issues/{number}"


def changes(wanted: dict[str, Any]) -> dict[str, Any]:
    """What is to be sent of what was said; nothing is not enough."""
    body, file = wanted.pop("body"), wanted.pop("body_file")
    sent = {key: value for key, value in wanted.items() if value not in (None, ())}
    if body is not None or file is not None:
        sent["body"] = said(body, file)
    if not sent:
        raise click.UsageError("Say what to change; --help lists what there is.")
    if "milestone" in sent:
        sent["milestone"] = sent["milestone"] or None
    return sent


def said(body: str | None, file: IO[str] | None) -> str:
    """What somebody says, by an option or from a file."""
    if body is not None and file is not None:
        raise click.UsageError("Say --body or --body-file, one of them.")
    return file.read() if file is not None else body or ""


def _show(context: Context, found: dict[str, Any]) -> None:
    context.show(found, lambda: facts(_in_words(found), FIELDS))


def _in_words(found: dict[str, Any]) -> dict[str, Any]:
    milestone = found["milestone"]
    return {
        **found,
        "labels": [each["name"] for each in found["labels"]],
        "milestone": milestone and milestone["title"],
    }


def _told(found: dict[str, Any], said: list[dict[str, Any]]) -> Iterable[str]:
    yield from facts(_in_words(found), FIELDS)
    if found["body"]:
        yield ""
        yield from found["body"].splitlines()
    for each in said:
        yield ""
        yield f"-- {each['author'] or '?'}, {each['created_at'][:16].replace('T', ' ')}Z"
        yield from ["(deleted)"] if each["is_deleted"] else each["body"].splitlines()
