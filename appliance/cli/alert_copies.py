"""`codara alert copies` and `carry`: the same alert in copies of a file and in forks."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current

COLUMNS = {
    "repository": "REPOSITORY",
    "number": "NUMBER",
    "state": "STATE",
    "similarity": "SIMILARITY",
    "fork": "FORK",
    "where": "WHERE",
}


@click.command(cls=Verb)
@options.repository
@options.number
@current
def copies(context: Context, repository: str, number: int) -> None:
    """Show where an alert stands once more: in copies of its file, and in forks."""
    _show(context, context.api.call("GET", _copies(repository, number)))


@click.command(cls=Verb)
@options.repository
@options.number
@current
def carry(context: Context, repository: str, number: int) -> None:
    """Dismiss the open copies of a dismissed alert for the same reason, where you may.

    Where another has to approve, it becomes a request.
    """
    _show(context, context.api.call("POST", _copies(repository, number)))


def _show(context: Context, found: dict[str, Any]) -> None:
    items = found["items"]
    context.show_list(items if context.is_json else [_in_words(each) for each in items], COLUMNS)


def _in_words(each: dict[str, Any]) -> dict[str, Any]:
    line = f":{each['line']}" if each["line"] else ""
    similarity = "" if each["similarity"] is None else f"{each['similarity']:.2f}"
    fork = "yes" if each["fork"] else ""
    where = f"{each['path']}{line}"
    return {**each, "similarity": similarity, "fork": fork, "where": where}


def _copies(repository: str, number: int) -> str:
    return f"{place(repository)}/alerts/{number}/copies"
