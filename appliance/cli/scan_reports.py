"""`codara scan upload`: what another tool found becomes alerts."""

from __future__ import annotations

import json
from typing import IO, Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place_of
from appliance.cli.context import Context, Verb, current


@click.command(cls=Verb)
@options.repository
@click.argument("file", type=click.File("rb"))
@click.option("--ref", default="", metavar="REF", help="As refs/heads/main; usually the default.")
@click.option("--commit", default="", metavar="COMMIT", help="What the tool looked at.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["sarif", "trufflehog3"]),
    default="sarif",
    help="trufflehog3: its JSON, whose issues become alerts of secrets.",
)
@current
def upload(
    context: Context, repository: str, file: IO[bytes], ref: str, commit: str, form: str
) -> None:
    """Hand in a report of another tool: SARIF 2.1.0, as it is or packed with gzip."""
    query = {"ref": ref or None, "commit": commit or None, "format": form}
    answer = context.api.open("POST", f"{place_of(repository)}/sarif", file, query=query)
    try:
        found = json.loads(answer.body.read())
    finally:
        answer.body.close()
    context.show(found, lambda: [_line(each) for each in found["runs"]] or ["It has no runs."])


def _line(run: dict[str, Any]) -> str:
    name = f"{run['tool']} {run['category']}".strip()
    counts = ", ".join(f"{run[each]} {each}" for each in ("new", "reopened", "fixed", "skipped"))
    return f"{name}: {run['results']} results, {counts}"
