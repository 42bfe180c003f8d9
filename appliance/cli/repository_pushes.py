"""`codara repo pushes, push, push-certificate`: who pushed what, and what they signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, current, facts, table

COLUMNS = {
    "id": "ID",
    "pushed_at": "WHEN",
    "pusher": "WHO",
    "protocol": "BY",
    "ref_count": "REFS",
    "signed": "SIGNED",
}
FIELDS = {
    "pusher": "Pushed by",
    "pushed_at": "When",
    "method": "Credential",
    "protocol": "By",
    "operation": "Operation",
    "address": "From",
    "size_bytes": "Bytes",
    "signed": "Signed",
    "id": "Id",
}
REF_COLUMNS = {"ref": "REF", "old": "OLD", "new": "NEW", "movement": "HOW", "moved": "MOVED"}
which = click.argument("push_id", metavar="ID")


@click.command(cls=Verb)
@options.repository
@click.option("--ref", default="", metavar="REF", help="Of this branch, or whole ref name.")
@click.option("--person", default="", metavar="NAME", help="By this user.")
@click.option(
    "--signed",
    type=click.Choice(["verified", "unverified", "unsigned"]),
    help="By what was signed.",
)
@options.limit
@current
def pushes(
    context: Context, repository: str, ref: str, person: str, signed: str | None, limit: int | None
) -> None:
    """List the pushes to a repository, the newest first."""
    asked = {"ref": ref, "person": person, "signed": signed}
    query = {name: value for name, value in asked.items() if value}
    found = options.listed(context, f"{place(repository)}/pushes", limit, **query)
    context.show_list([_said(each) for each in found], COLUMNS)


@click.command(cls=Verb)
@options.repository
@which
@current
def push(context: Context, repository: str, push_id: str) -> None:
    """Show a push: who, how, and each ref from where to where."""
    found = context.api.call("GET", f"{place(repository)}/pushes/{segment(push_id)}")
    context.show(found, lambda: _explained(found))


@click.command("push-certificate", cls=Verb)
@options.repository
@which
@current
def push_certificate(context: Context, repository: str, push_id: str) -> None:
    """Write what was signed with a push, as git has stored it."""
    where = f"{place(repository)}/pushes/{segment(push_id)}/certificate"
    found = context.api.call("GET", where)
    context.show(found, found["certificate"].splitlines)


def _explained(found: dict[str, Any]) -> Iterable[str]:
    yield from facts(_said(found), FIELDS)
    yield ""
    yield from table(found["refs"], REF_COLUMNS)


def _said(found: dict[str, Any]) -> dict[str, Any]:
    signature = found["signature"]
    return {**found, "signed": signature["finding"] if signature else "no"}
