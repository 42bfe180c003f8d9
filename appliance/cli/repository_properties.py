"""`codara org property`, `codara repo property`: what rulesets choose repositories by."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current, table

DEFINED = {
    "key": "NAME",
    "kind": "KIND",
    "allowed": "VALUES",
    "is_required": "REQUIRED",
    "default": "DEFAULT",
    "set_by": "SET BY",
    "description": "DESCRIPTION",
}
HOLDS = {"key": "NAME", "value": "VALUE"}
KINDS = ("text", "choice", "boolean")


@click.group("property", cls=Noun)
def definitions() -> None:
    """What the properties of an organisation's repositories are."""


@definitions.command("list")
@click.argument("organisation", metavar="ORG")
@current
def list_definitions(context: Context, organisation: str) -> None:
    """List the properties that are defined."""
    found = context.api.call("GET", f"/orgs/{segment(organisation)}/properties")["items"]
    context.show_list(found, DEFINED)


@definitions.command()
@click.argument("organisation", metavar="ORG")
@click.argument("key", metavar="NAME")
@click.option("--kind", type=click.Choice(KINDS), help="Choice if --allowed, else text.")
@click.option("--allowed", multiple=True, metavar="VALUE", help="A value of a choice. Repeat.")
@click.option("--description", default="", help="What it says of a repository.")
@click.option("--required", "is_required", is_flag=True, help="Each repository has a value.")
@click.option("--default", metavar="VALUE", help="Of repositories of which nothing is said.")
@click.option(
    "--set-by", type=click.Choice(("owners", "maintainers")), default="owners", show_default=True
)
@current
def define(
    context: Context, /, organisation: str, key: str, *, kind: str | None, **said: Any
) -> None:
    """Define a property, or define it anew."""
    body = {**said, "allowed": list(said["allowed"]), "kind": kind or _kind(said["allowed"])}
    where = f"/orgs/{segment(organisation)}/properties/{segment(key)}"
    made = context.api.call("PUT", where, body)
    context.show(made, lambda: table([made], DEFINED))


@definitions.command()
@click.argument("organisation", metavar="ORG")
@click.argument("key", metavar="NAME")
@options.dry_run
@options.yes
@current
def remove(context: Context, organisation: str, key: str, *, dry_run: bool, yes: bool) -> None:
    """Define a property no more: what was said of repositories stays, defaults do not."""
    options.remove(
        context,
        f"/orgs/{segment(organisation)}/properties/{segment(key)}",
        f"the definition of {key}",
        f"Define {key} no more?",
        dry_run=dry_run,
        yes=yes,
        act="remove",
    )


@click.group("property", cls=Noun)
def properties() -> None:
    """What is said of a repository, for rulesets to choose it by."""


@properties.command("list")
@options.repository
@current
def list_properties(context: Context, repository: str) -> None:
    """List what holds for a repository."""
    _show(context, _asked(context, repository))


@properties.command("set")
@options.repository
@click.argument("values", metavar="NAME=VALUE...", nargs=-1, required=True)
@current
def set_properties(context: Context, repository: str, values: tuple[str, ...]) -> None:
    """Set some properties; the others stay. NAME= takes one away."""
    wanted = _asked(context, repository)
    for each in values:
        key, mark, value = each.partition("=")
        if not mark:
            raise click.UsageError(f"{each} is not NAME=VALUE.")
        wanted.pop(key.strip().lower(), None)
        if value:
            wanted[key.strip().lower()] = value
    path = f"{place(repository)}/properties"
    _show(context, context.api.call("PUT", path, {"properties": wanted})["properties"])


def _asked(context: Context, repository: str) -> dict[str, str]:
    return dict(context.api.call("GET", f"{place(repository)}/properties")["properties"])


def _show(context: Context, found: dict[str, str]) -> None:
    rows = [{"key": key, "value": value} for key, value in found.items()]
    context.show_list(rows, HOLDS)


def _kind(allowed: tuple[str, ...]) -> str:
    return "choice" if allowed else "text"
