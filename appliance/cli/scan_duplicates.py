"""`codara scan duplicates`: files that are nearly the same."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place_of
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current


@click.command(cls=Verb)
@click.argument("where", metavar="OWNER/REPO|ORG")
@click.option(
    "--similarity",
    type=click.FloatRange(0.7, 1),
    default=0.8,
    show_default=True,
    help="How alike files are at least; 1: the same.",
)
@click.option("--here", is_flag=True, help="Only in this repository, not in others of its owner.")
@click.option("--csv", "as_csv", is_flag=True, help="Write a table with a line for each file.")
@options.limit
@current
def duplicates(
    context: Context,
    /,
    where: str,
    similarity: float,
    *,
    here: bool,
    as_csv: bool,
    limit: int | None,
) -> None:
    """Show files that are nearly the same: of a repository, or of an organisation."""
    is_repository = "/" in where
    if here and not is_repository:
        raise click.UsageError("--here is for a repository: name it OWNER/REPO.")
    place = place_of(where) if is_repository else f"/orgs/{segment(where)}"
    query = {"elsewhere": "false"} if here else {}
    found = options.listed(
        context, f"{place}/duplicates", limit, similarity=str(similarity), **query
    )
    far = context.api.call("GET", f"{place}/duplicates/summary")
    if as_csv:
        _table(found)
        return
    context.show({"families": found, "compared": far}, lambda: _told(found, far))


def _told(found: list[dict[str, Any]], far: dict[str, Any]) -> Iterable[str]:
    for each in found:
        alike = (
            "the same" if each["similarity"] == 1 else f"at least {each['similarity']:.0%} alike"
        )
        yield f"{each['count']} files, {alike}, {each['repeated_lines']} repeated lines:"
        yield from (f"  {one['repository']}:{one['path']}" for one in each["files"])
        yield from ([f"  and {more} more"] if (more := each["count"] - len(each["files"])) else [])
    if far["compared_at"] is None:
        yield "Files were not compared yet: how many are nearly the same is unknown."
        return
    if not found:
        yield "No two of the compared files are as alike as that."
    left = ", ".join(f"{count} {why.replace('_', ' ')}" for why, count in far["left_out"].items())
    yield f"{far['files']} files compared{f', but for {left}' if left else ''}."
    if far["waiting"]:
        yield f"{far['waiting']} repositories were not compared yet: unknown."
    if far["cut"]:
        yield "Some files have more copies than were looked for."


def _table(found: list[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow(("family", "similarity", "repository", "ref", "path", "lines", "size_bytes"))
    for number, each in enumerate(found, 1):
        for one in each["files"]:
            writer.writerow(
                (
                    *(number, each["similarity"], one["repository"], one["ref"]),
                    *(options.cell(one["path"]), one["lines"], one["size_bytes"]),
                )
            )
