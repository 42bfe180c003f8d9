"""`codara dependency vex` and `bill`: what others say of components, handed in and taken out."""

from __future__ import annotations

import json
from typing import IO, Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

BILLS = {
    "name": "NAME",
    "format": "FORMAT",
    "components": "COMPONENTS",
    "uploaded_at": "UPLOADED",
}
a_file = click.argument("file", type=click.File("rb"))
bill_name = click.argument("name")


@click.group(cls=Noun)
def vex() -> None:
    """What is said of vulnerabilities: VEX documents, handed in and taken out."""


@vex.command("upload")
@options.repository
@a_file
@current
def upload_vex(context: Context, repository: str, file: IO[bytes]) -> None:
    """Let a document decide about alerts: OpenVEX 0.2, CSAF or CycloneDX, in JSON."""
    found = _sent(context, "POST", f"{place(repository)}/vex", file)
    context.show(found, lambda: [_outcome(found)])


@vex.command("download")
@options.repository
@current
def download_vex(context: Context, repository: str) -> None:
    """Print what was decided about alerts of dependencies, as OpenVEX 0.2."""
    found = context.api.call("GET", f"{place(repository)}/vex")
    context.show(found, lambda: [json.dumps(found, indent=2, ensure_ascii=False)])


@click.group(cls=Noun)
def bill() -> None:
    """Bills of materials that somebody hands in for a repository."""


@bill.command("upload")
@options.repository
@bill_name
@a_file
@current
def upload_bill(context: Context, repository: str, name: str, file: IO[bytes]) -> None:
    """Hand in a bill under a name: CycloneDX 1.2 to 1.7 or SPDX 2.x, in JSON."""
    found = _sent(context, "PUT", f"{place(repository)}/inventories/{segment(name)}", file)
    context.show(found, lambda: [f"{found['name']}: {found['components']} components"])


@bill.command("list")
@options.repository
@current
def list_bills(context: Context, repository: str) -> None:
    """List the bills that were handed in."""
    found = context.api.call("GET", f"{place(repository)}/inventories")["items"]
    context.show_list(found, BILLS)


@bill.command("remove")
@options.repository
@bill_name
@current
def remove_bill(context: Context, repository: str, name: str) -> None:
    """Compare the components of a bill no more."""
    context.api.call("DELETE", f"{place(repository)}/inventories/{segment(name)}")
    context.show({"name": name}, lambda: [f"{name} is removed."])


def _outcome(found: dict[str, Any]) -> str:
    numbers = ", ".join(f"#{each}" for each in found["changed"]) or "none"
    return (
        f"{found['statements']} statements by {found['author']}: {found['matched']} speak of "
        f"components here, {found['superseded']} came too late. Alerts changed: {numbers}."
    )


def _sent(context: Context, method: str, where: str, file: IO[bytes]) -> Any:
    answer = context.api.open(method, where, file)
    try:
        return json.loads(answer.body.read())
    finally:
        answer.body.close()
