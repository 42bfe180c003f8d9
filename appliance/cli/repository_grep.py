"""`codara repo grep`: lines of a repository's files that match."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current


@click.command(cls=Verb)
@options.repository
@click.argument("pattern")
@click.option("--ref", default="", metavar="REF", help="A branch, tag or id; the default branch.")
@click.option("--path", default="", metavar="PATH", help="Only there and below.")
@click.option("--glob", "globs", multiple=True, metavar="GLOB", help="Only such files, as *.py.")
@click.option("--literal", is_flag=True, help="The pattern is text.")
@click.option("--ignore-case", is_flag=True, help="Ignore case.")
@click.option("--whole-words", is_flag=True, help="Only whole words.")
@click.option("--around", type=click.IntRange(0, 10), default=0, help="Lines before and after.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="At most so many.")
@current
def grep(context: Context, /, repository: str, **wanted: Any) -> None:
    """Find lines by a regular expression of RE2: no back-references, no looking around."""
    body = {**wanted, "globs": list(wanted["globs"])}
    found = context.api.call("POST", f"{place(repository)}/grep", body)
    context.show(found, lambda: list(_told(found)))


def _told(found: dict[str, Any]) -> Iterator[str]:
    for each in found["items"]:
        first = each["line"] - len(each["before"])
        yield from _lines(each["path"], "-", first, each["before"])
        yield from _lines(each["path"], ":", each["line"], [each["content"]])
        yield from _lines(each["path"], "-", each["line"] + 1, each["after"])
        if each["before"] or each["after"]:
            yield "--"
    if found["is_cut"]:
        yield "There is more; say more closely what to look for."


def _lines(path: str, mark: str, first: int, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines, first):
        yield f"{path}{mark}{number}{mark}{line}"
