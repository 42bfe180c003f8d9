"""`codara repo wiki`: the pages of a repository's wiki."""

from __future__ import annotations

from typing import IO, Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current
from appliance.cli.issues import file, said, text

COLUMNS = {"title": "PAGE", "path": "FILE"}
page_name = click.argument("page", metavar="PAGE")
message = click.option("--message", default="", metavar="WORDS", help="A line for the history.")
expected = click.option(
    "--expected",
    metavar="ID",
    help="Only if the page is still this object; empty: if there is none.",
)


@click.group(cls=Noun)
def wiki() -> None:
    """Wikis: pages written together by whoever may push to a repository."""


@wiki.command()
@options.repository
@current
def enable(context: Context, repository: str) -> None:
    """Let a repository have a wiki."""
    _switch(context, repository, is_on=True)


@wiki.command()
@options.repository
@current
def disable(context: Context, repository: str) -> None:
    """Keep the wiki of a repository out of sight; what it says stays."""
    _switch(context, repository, is_on=False)


@wiki.command()
@options.repository
@click.option("--search", default="", metavar="WORDS", help="Pages whose name or text has them.")
@options.limit
@current
def pages(context: Context, repository: str, search: str, limit: int | None) -> None:
    """List the pages of a wiki."""
    context.show_list(options.listed(context, _pages(repository), limit, q=search), COLUMNS)


@wiki.command()
@options.repository
@page_name
@click.option("--at", default="", metavar="COMMIT", help="As it was in this commit of the wiki.")
@current
def show(context: Context, repository: str, page: str, at: str) -> None:
    """Show what a page says."""
    query = f"?at={at}" if at else ""
    found = context.api.call("GET", f"{_one(repository, page)}{query}")
    context.show(found, found["content"].splitlines)


@wiki.command()
@options.repository
@page_name
@text
@file
@click.option("--rename", default="", metavar="NAME", help="What it is called from now on.")
@message
@expected
@current
def write(
    context: Context,
    /,
    repository: str,
    page: str,
    body: str | None,
    body_file: IO[str] | None,
    **how: Any,
) -> None:
    """Write a page, or make it."""
    sent = {"content": said(body, body_file), "new_name": how["rename"]}
    sent |= {"message": how["message"], "expected": how["expected"]}
    made = context.api.call("PUT", _one(repository, page), sent)
    context.show(made, lambda: [f"{made['path']} is written."])


@wiki.command()
@options.repository
@page_name
@message
@expected
@current
def delete(
    context: Context, repository: str, page: str, message: str, expected: str | None
) -> None:
    """Delete a page; its history stays."""
    sent = {"message": message, "expected": expected}
    made = context.api.call("DELETE", _one(repository, page), sent)
    context.show(made, lambda: [f"{made['path']} is deleted."])


def _pages(repository: str) -> str:
    return f"{place(repository)}/wiki/pages"


def _one(repository: str, page: str) -> str:
    return f"{_pages(repository)}/{'/'.join(map(segment, page.split('/')))}"


def _switch(context: Context, repository: str, *, is_on: bool) -> None:
    found = context.api.call("PATCH", place(repository), {"has_wiki": is_on})
    words = "has a wiki now" if is_on else "shows no wiki"
    context.show(found, lambda: [f"{found['path']} {words}."])
