"""`codara repo sbom`: what a repository is made of, as a bill of materials."""

from __future__ import annotations

import json

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current


@click.command(cls=Verb)
@options.repository
@click.option(
    "--format",
    "form",
    type=click.Choice(["cyclonedx", "spdx"]),
    default="cyclonedx",
    help="CycloneDX, or SPDX.",
)
@click.option("--spec", default="", metavar="VERSION", help="CycloneDX: 1.6, 1.7; SPDX: 2.3, 3.0.")
@current
def sbom(context: Context, repository: str, form: str, spec: str) -> None:
    """Print the bill of materials of the default branch as JSON."""
    query = {"format": form, "version": spec}
    bill = context.api.call("GET", f"{place(repository)}/sbom", query=query)
    context.show(bill, lambda: [json.dumps(bill, indent=2, ensure_ascii=False)])
