"""`codara scan suppressions`: what a repository wants no alerts of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place_of
from appliance.cli.context import Context, Plain, Verb, current, table
from appliance.domain import suppressions as of_file

COLUMNS = {
    "kinds": "KINDS",
    "paths": "PATHS",
    "rules": "RULES",
    "reason": "REASON",
    "comment": "COMMENT",
    "until": "UNTIL",
}


@click.command(cls=Verb)
@options.repository
@current
def suppressions(context: Context, repository: str) -> None:
    """Show what a repository wants no alerts of: its file .codara/scanning.toml."""
    found = context.api.call("GET", f"{place_of(repository)}/suppressions")
    context.show(found, lambda: _told(found))


@click.command("check-file", cls=Plain)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@current
def check_file(context: Context, file: Path) -> None:
    """Say whether a .codara/scanning.toml can be understood; needs no appliance."""
    entries = [each.plain() for each in of_file.read(file.read_bytes())]
    context.show({"entries": entries}, lambda: [f"{len(entries)} entries. It can be understood."])


def _told(found: dict[str, Any]) -> Iterable[str]:
    if not found["exists"]:
        yield "There is no .codara/scanning.toml on the default branch."
        return
    if found["error"]:
        yield f"Nothing of it counts: {found['error']}"
        return
    rows = [
        {
            **each,
            **{key: ", ".join(each[key]) or "all" for key in ("kinds", "paths", "rules")},
            "until": each["until"] or "",
        }
        for each in found["entries"]
    ]
    yield from table(rows, COLUMNS)
    yield f"{found['suppressed']} alerts are dismissed by it."
