"""`codara search`: find anything that you may see."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli.context import Context, Verb, current
from codara_client.client import PAGE_LIMIT

COLUMNS: dict[str, dict[str, str]] = {
    "repositories": {"path": "NAME", "title": "WHAT IT IS"},
    "issues": {"path": "REPOSITORY", "number": "NUMBER", "state": "STATE", "title": "TITLE"},
    "pulls": {"path": "REPOSITORY", "number": "NUMBER", "state": "STATE", "title": "TITLE"},
    "content": {"path": "REPOSITORY", "file": "FILE", "line": "LINE", "title": "TEXT"},
    "files": {"path": "REPOSITORY", "file": "FILE"},
    "commits": {"path": "REPOSITORY", "commit": "COMMIT", "title": "SUBJECT"},
    "wiki": {"path": "REPOSITORY", "title": "PAGE"},
    "organisations": {"path": "NAME", "title": "WHAT IT IS"},
    "users": {"path": "NAME", "title": "WHAT IT IS"},
}
USUAL = 100


@click.command(cls=Verb)
@click.argument("words")
@click.option(
    "--kind",
    type=click.Choice(tuple(COLUMNS)),
    default="repositories",
    show_default=True,
    help="What to find.",
)
@click.option("--owner", metavar="NAME", default="", help="Only in repositories of this owner.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=USUAL,
    show_default=True,
    help="At most so many results.",
)
@current
def search(context: Context, words: str, kind: str, owner: str, limit: int) -> None:
    """Find what you may see: by names, by what issues and pull requests say, and in the default
    branches of repositories. In other branches, `codara repo grep` finds lines.
    """
    found: list[dict[str, Any]] = []
    searched, incomplete = 0, []
    query: dict[str, Any] = {"q": words, "kind": kind, "owner": owner or None}
    while True:
        query["limit"] = min(limit - len(found), int(PAGE_LIMIT))
        page = context.api.call("GET", "/search", query=query)
        found += page["items"]
        searched += page["searched"] or 0
        incomplete += page["incomplete"]
        query["cursor"] = page["next"]
        if query["cursor"] is None or len(found) >= limit:
            break
    context.show_list(found, COLUMNS[kind])
    if searched:
        context.say(_said(searched, incomplete, is_whole=query["cursor"] is None))


def _said(searched: int, incomplete: list[str], *, is_whole: bool) -> str:
    """How much was searched."""
    parts = [f"Repositories searched: {searched:,}."]
    if not is_whole:
        parts.append("There are more: raise --limit.")
    if incomplete:
        parts.append(f"Only in part: {', '.join(incomplete)}.")
    return " ".join(parts)
