"""`codara user access`: where each right of a user comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current, table

COLUMNS = {
    "on": "ON",
    "name": "NAME",
    "role": "ROLE",
    "source": "BECAUSE",
    "through": "THROUGH",
    "since": "SINCE",
}


@click.command(cls=Verb)
@options.user
@click.option("--org", metavar="ORG", help="Only in this organisation; for its owners.")
@current
def access(context: Context, user: str, org: str | None) -> None:
    """Say what a user may do, and where each right comes from."""
    place = f"/users/{segment(user)}/access"
    if org:
        place = f"/orgs/{segment(org)}/members/{segment(user)}/access"
    found = context.api.call("GET", place)
    context.show(found, lambda: _lines(found))
    if found["cut"]:
        context.say("There are more repositories than are named here.")


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['user']}, {found['state']}"
    yield from table(found["rights"], COLUMNS)
    if found["held"]:
        yield ", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in found["held"].items())
