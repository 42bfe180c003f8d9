"""`codara pr`: branches that are to come into others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any
from urllib.parse import quote

import click

from appliance.cli import issues, merge_queue, options, reactions
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current, facts
from appliance.cli.issues import file, said, text
from appliance.cli.pull_changes import apply_, compare, update

COLUMNS = {
    "number": "#",
    "title": "TITLE",
    "state": "STATE",
    "head": "FROM",
    "base": "INTO",
    "author": "BY",
    "reviewers": "REVIEWERS",
    "updated_at": "CHANGED",
}
FIELDS = {
    "number": "#",
    "title": "Title",
    "state": "State",
    "head": "From",
    "base": "Into",
    "patch_set": "Patch set",
    "merge_state": "Merge",
    "conflicts": "Conflicts",
    "author": "By",
    "reviewers": "Reviews asked for",
    "labels": "Labels",
    "assignees": "Assigned",
    "milestone": "Milestone",
    "created_at": "Opened",
    "closed_at": "Closed",
    "web_url": "Portal",
}
SETS = {"number": "#", "head": "HEAD", "base": "BASE", "shift": "HOW", "by": "BY", "at": "WHEN"}
REVIEWS = {
    "id": "ID",
    "author": "BY",
    "verdict": "VERDICT",
    "patch_set": "PATCH SET",
    "is_dismissed": "DISMISSED",
    "submitted_at": "WHEN",
}
OBSTACLES = {"rule": "RULE", "text": "WHAT", "source": "WHOSE RULE"}
METHODS = ("merge", "squash", "rebase", "fast-forward", "semi-linear")
THREADS = {"id": "ID", "place": "LINES", "state": "STATE", "author": "BY", "body": "LAST SAID"}
title = click.option("--title", metavar="TEXT", help="What it is called.")
method = click.option("--method", type=click.Choice(METHODS), help="The usual one if left out.")
message_title = click.option("--title", metavar="TEXT", help="The commit's first line.")
into = click.option("--into", "base", metavar="BRANCH", help="The branch it is to come into.")


@click.group(cls=Noun)
def pr() -> None:
    """Pull requests: branches that are to come into others."""


pr.add_command(compare)
pr.add_command(apply_)
pr.add_command(update)
pr.add_command(reactions.to_pull)
pr.add_command(merge_queue.queue)
pr.add_command(merge_queue.prioritise)
pr.add_command(merge_queue.unqueue)


@pr.command()
@options.repository
@click.argument("head", metavar="BRANCH")
@click.option("--title", required=True, metavar="TEXT", help="What it is called.")
@text
@file
@into
@click.option("--draft", is_flag=True, help="It is not to be merged yet.")
@click.option(
    "--reviewer", "reviewers", multiple=True, metavar="NAME", help="A user, or a team ORG/TEAM."
)
@issues.sorting
@current
def create(
    context: Context,
    /,
    repository: str,
    head: str,
    body: str | None,
    body_file: IO[str] | None,
    **asked: Any,
) -> None:
    """Ask that BRANCH be merged; of a fork, OWNER/NAME:BRANCH."""
    wanted = {"head": head, "body": said(body, body_file)}
    wanted |= {key: value for key, value in asked.items() if value}
    _show(context, context.api.call("POST", f"{place(repository)}/pulls", wanted))


@pr.command("list")
@options.repository
@click.option(
    "--search",
    default="is:open",
    show_default=True,
    metavar="QUERY",
    help="As in the portal: is:draft base:main review:approved reviewer:me words.",
)
@options.limit
@current
def list_pulls(context: Context, repository: str, search: str, limit: int | None) -> None:
    """List the pull requests that a search finds."""
    found = options.listed(context, f"{place(repository)}/pulls", limit, q=search)
    rows = found if context.is_json else [_in_words(each) for each in found]
    context.show_list(rows, COLUMNS)


@pr.command()
@options.repository
@options.number
@current
def show(context: Context, repository: str, number: int) -> None:
    """Show a pull request, and what was said of the whole."""
    found = context.api.call("GET", _one(repository, number))
    said_of_it = list(context.api.each(f"{_one(repository, number)}/comments"))
    context.show({**found, "comments": said_of_it}, lambda: _told(found, said_of_it))


@pr.command("patch-sets")
@options.repository
@options.number
@current
def patch_sets(context: Context, repository: str, number: int) -> None:
    """List what its branch was after each push."""
    found = context.api.call("GET", f"{_one(repository, number)}/patch-sets")
    context.show_list(found["items"], SETS)


@pr.command()
@options.repository
@options.number
@text
@file
@current
def comment(
    context: Context, repository: str, number: int, body: str | None, body_file: IO[str] | None
) -> None:
    """Say something of a pull request as a whole."""
    sent = {"body": said(body, body_file)}
    made = context.api.call("POST", f"{_one(repository, number)}/comments", sent)
    context.show(made, lambda: [f"Commented on #{number}."])


@pr.command()
@options.repository
@options.number
@title
@text
@file
@into
@issues.sorting_anew
@current
def edit(context: Context, /, repository: str, number: int, **wanted: Any) -> None:
    """Change a pull request; what is left out stays. Sorting is for triagers."""
    sent = issues.changes(wanted)
    _show(context, context.api.call("PATCH", _one(repository, number), sent))


@pr.command()
@options.repository
@options.number
@click.option("--undo", is_flag=True, help="It is a draft again.")
@current
def ready(context: Context, repository: str, number: int, *, undo: bool) -> None:
    """Say that a draft may be reviewed and merged."""
    _show(context, context.api.call("PATCH", _one(repository, number), {"draft": undo}))


@pr.command()
@options.repository
@options.number
@current
def close(context: Context, repository: str, number: int) -> None:
    """Close a pull request without a merge."""
    _show(context, context.api.call("PATCH", _one(repository, number), {"state": "closed"}))


@pr.command()
@options.repository
@options.number
@current
def reopen(context: Context, repository: str, number: int) -> None:
    """Open a closed pull request again."""
    _show(context, context.api.call("PATCH", _one(repository, number), {"state": "open"}))


@pr.command()
@options.repository
@options.number
@click.argument("reviewer")
@click.option("--undo", is_flag=True, help="Their review is waited for no more.")
@current
def ask(context: Context, repository: str, number: int, reviewer: str, *, undo: bool) -> None:
    """Ask a user, or a team ORG/TEAM, for a review; or once more."""
    where = f"{_one(repository, number)}/reviewers/{quote(reviewer)}"
    context.api.call("DELETE" if undo else "PUT", where)
    context.show({"reviewer": reviewer, "asked": not undo}, lambda: ["Done."])


@pr.command()
@options.repository
@options.number
@click.option("--approve", "verdict", flag_value="approve", help="It may be merged.")
@click.option(
    "--request-changes", "verdict", flag_value="request_changes", help="It may not, as it is."
)
@click.option(
    "--comment", "verdict", flag_value="comment", default=True, help="Say no verdict (the usual)."
)
@text
@file
@current
def review(
    context: Context,
    repository: str,
    number: int,
    verdict: str,
    body: str | None,
    body_file: IO[str] | None,
) -> None:
    """Review a pull request, with all that you have noted before."""
    sent = {"verdict": verdict, "body": said(body, body_file)}
    made = context.api.call("POST", f"{_one(repository, number)}/reviews", sent)
    context.show(made, lambda: [f"Reviewed #{number}: {made['verdict'].replace('_', ' ')}."])


@pr.command()
@options.repository
@options.number
@current
def reviews(context: Context, repository: str, number: int) -> None:
    """List what reviewers said of the whole."""
    found = context.api.call("GET", f"{_one(repository, number)}/reviews")
    context.show_list(found["items"], REVIEWS)


@pr.command()
@options.repository
@options.number
@current
def threads(context: Context, repository: str, number: int) -> None:
    """List what was said of lines."""
    found = context.api.call("GET", f"{_one(repository, number)}/threads")
    rows = found["items"] if context.is_json else [_line(each) for each in found["items"]]
    context.show_list(rows, THREADS)


@pr.command()
@options.repository
@options.number
@click.argument("thread", metavar="ID")
@click.option("--undo", is_flag=True, help="Something is left to say.")
@current
def resolve(context: Context, repository: str, number: int, thread: str, *, undo: bool) -> None:
    """Say that nothing is left to say of a thread's lines."""
    where = f"{_one(repository, number)}/threads/{quote(thread, safe='')}"
    context.api.call("PATCH", where, {"resolved": not undo})
    context.show({"id": thread, "is_resolved": not undo}, lambda: ["Done."])


@pr.command()
@options.repository
@options.number
@click.argument("review", metavar="ID")
@click.option("--reason", default="", metavar="TEXT", help="Why; of another's it is needed.")
@current
def dismiss(context: Context, repository: str, number: int, review: str, reason: str) -> None:
    """Let a reviewer's verdict count no more."""
    where = f"{_one(repository, number)}/reviews/{quote(review, safe='')}/dismiss"
    found = context.api.call("POST", where, {"reason": reason})
    context.show(found, lambda: ["It counts no more."])


@pr.command()
@options.repository
@options.number
@method
@message_title
@click.option("--message", metavar="TEXT", help="The rest of the commit's message.")
@click.option("--delete-branch/--keep-branch", default=None, help="Afterwards.")
@click.option("--auto", is_flag=True, help="As soon as nothing stands in the way.")
@click.option("--bypass", metavar="REASON", help="Past rules that you may go past: say why.")
@current
def merge(context: Context, /, repository: str, number: int, *, auto: bool, **wanted: Any) -> None:
    """Merge a pull request, or promise to."""
    sent = {key: value for key, value in wanted.items() if value is not None}
    where = _one(repository, number)
    if auto and "bypass" in sent:
        raise click.UsageError("Say --auto or --bypass, not both.")
    if auto:
        context.api.call("PUT", f"{where}/auto-merge", sent)
        context.show({"number": number, "auto_merge": True}, lambda: [f"#{number} will be merged."])
        return
    done = context.api.call("POST", f"{where}/merge", sent)
    context.show(done, lambda: [f"Merged #{number} by {done['method']}: {done['commit'][:10]}"])


@pr.command("no-auto")
@options.repository
@options.number
@current
def no_auto(context: Context, repository: str, number: int) -> None:
    """Let a pull request be merged by hand only."""
    context.api.call("DELETE", f"{_one(repository, number)}/auto-merge")
    context.show({"number": number, "auto_merge": False}, lambda: ["Done."])


@pr.command()
@options.repository
@options.number
@current
def obstacles(context: Context, repository: str, number: int) -> None:
    """List what stands in the way of merging."""
    found = context.api.call("GET", f"{_one(repository, number)}/merge")
    context.show_list(found["obstacles"], OBSTACLES)


@pr.command()
@options.repository
@options.number
@current
def revert(context: Context, repository: str, number: int) -> None:
    """Ask that a merged pull request be taken back."""
    _show(context, context.api.call("POST", f"{_one(repository, number)}/revert"))


@pr.command()
@options.repository
@options.number
@click.argument("branch")
@current
def backport(context: Context, repository: str, number: int, branch: str) -> None:
    """Ask that a merged pull request come into BRANCH, too."""
    where = f"{_one(repository, number)}/backport"
    _show(context, context.api.call("POST", where, {"base": branch}))


def _line(found: dict[str, Any]) -> dict[str, Any]:
    anchor, comments = found["anchor"], found["comments"]
    return {
        "id": found["id"],
        "place": f"{anchor['path']}:{anchor['line'] or ''}".rstrip(":"),
        "state": "resolved" if found["is_resolved"] else "open",
        "author": comments[0]["author"] if comments else "",
        "body": " ".join(comments[-1]["body"].split())[:60] if comments else "",
    }


def _one(repository: str, number: int) -> str:
    return f"{place(repository)}/pulls/{number}"


def _show(context: Context, found: dict[str, Any]) -> None:
    context.show(found, lambda: facts(_in_words(found), FIELDS))


def _in_words(found: dict[str, Any]) -> dict[str, Any]:
    milestone, head, base = found["milestone"], found["head"], found["base"]
    state = "merged" if found["is_merged"] else found["state"]
    is_same = head["repository"] == base["repository"]
    return {
        **found,
        "labels": [each["name"] for each in found["labels"]],
        "milestone": milestone and milestone["title"],
        "state": "draft" if found["is_draft"] and state == "open" else state,
        "head": head["branch"] if is_same else f"{head['repository']}:{head['branch']}",
        "base": base["branch"],
    }


def _told(found: dict[str, Any], said_of_it: list[dict[str, Any]]) -> Iterable[str]:
    yield from facts(_in_words(found), FIELDS)
    if found["body"]:
        yield ""
        yield from found["body"].splitlines()
    for each in said_of_it:
        yield ""
        yield f"-- {each['author'] or '?'}, {each['created_at'][:16].replace('T', ' ')}Z"
        yield from ["(deleted)"] if each["is_deleted"] else each["body"].splitlines()
