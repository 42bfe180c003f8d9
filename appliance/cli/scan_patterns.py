"""`codara scan pattern list|add|remove|try`: patterns of secrets of an organisation's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, current

COLUMNS = {"name": "NAME", "lane": "LANE", "pattern": "PATTERN", "created_at": "SINCE"}
FOUND = {"path": "PATH", "line": "LINE", "preview": "SECRET"}
organisation = click.argument("organisation", metavar="ORG")


@click.group(cls=Noun)
def pattern() -> None:
    """Patterns of secrets of an organisation's own."""


def _drafted(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--pattern", required=True, metavar="REGEX", help="RE2, such as badge-[0-9]{8}."
        ),
        click.option("--match", multiple=True, metavar="TEXT", help="What it must find."),
        click.option("--not", "refuse", multiple=True, metavar="TEXT", help="What it must not."),
        click.option("--entropy", type=click.FloatRange(0, 8), default=0.0, help="Least bits."),
    ):
        command = option(command)
    return command


@pattern.command("list", cls=Verb)
@organisation
@current
def list_all(context: Context, organisation: str) -> None:
    """List the patterns in use."""
    context.show_list(context.api.call("GET", _place(organisation))["items"], COLUMNS)


@pattern.command(cls=Verb)
@organisation
@click.argument("name")
@_drafted
@click.option("--block", is_flag=True, help="Stop pushes that hold it.")
@click.option("--cure", default="", metavar="TEXT", help="What who pushed it is to do.")
@current
def add(context: Context, /, organisation: str, name: str, *, block: bool, **said: Any) -> None:
    """Use a pattern from now on; it is tried first."""
    body = _body(name, said) | {"lane": "block" if block else "review", "cure": said["cure"]}
    found = context.api.call("POST", _place(organisation), body)
    context.show(found, lambda: [f"{found['name']} is used from now on."])


@pattern.command("try", cls=Verb)
@organisation
@_drafted
@click.option("--repository", metavar="OWNER/REPO", help="Try it on the files in it.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="On it.")
@current
def try_out(
    context: Context, /, organisation: str, repository: str | None, file: Path | None, **said: Any
) -> None:
    """Show what a pattern would find. Nothing is kept."""
    body = _body("trial", said) | {"repository": repository}
    body["text"] = file.read_text("utf-8", "replace") if file else ""
    found = context.api.call("POST", f"{_place(organisation)}/trial", body)
    context.show_list(found["found"], FOUND)


@pattern.command(cls=Verb)
@organisation
@click.argument("name")
@current
def remove(context: Context, organisation: str, name: str) -> None:
    """Use a pattern no more."""
    context.api.call("DELETE", f"{_place(organisation)}/{segment(name)}")
    context.say(f"{name} is used no more.")


def _place(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/secret-patterns"


def _body(name: str, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "pattern": said["pattern"],
        "matches": list(said["match"]),
        "refuses": list(said["refuse"]),
        "entropy": said["entropy"],
    }
