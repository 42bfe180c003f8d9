"""`codara repo label`, `codara repo milestone`: by what issues and pull requests are sorted."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current

LABEL_COLUMNS = {"name": "NAME", "colour": "COLOUR", "open": "OPEN", "description": "DESCRIPTION"}
LABEL_FIELDS = {
    "name": "Name",
    "colour": "Colour",
    "description": "Description",
    "open": "Open issues with it",
}
COLUMNS = {
    "number": "#",
    "title": "TITLE",
    "due_on": "DUE",
    "is_open": "OPEN",
    "percent": "% DONE",
    "open": "OPEN ISSUES",
    "closed": "CLOSED ISSUES",
}
FIELDS = {
    "number": "#",
    "title": "Title",
    "description": "Description",
    "due_on": "Due",
    "is_open": "Open",
    "percent": "% done",
    "open": "Open issues",
    "closed": "Closed issues",
    "closed_at": "Closed",
}
NO_DAY = "none"
colour = click.option("--colour", metavar="RRGGBB", help="Six hexadecimal digits.")
about = click.option("--description", metavar="TEXT", help="What it is for.")
label_name = click.argument("label", metavar="LABEL")
number = click.argument("number", metavar="N", type=click.IntRange(min=1))
due = click.option("--due", "due_on", metavar="DAY", help="As 2027-03-31; none: no day.")


@click.group(cls=Noun)
def label() -> None:
    """Labels of issues and pull requests."""


@label.command("list")
@options.repository
@current
def list_labels(context: Context, repository: str) -> None:
    """List labels."""
    found = context.api.call("GET", f"{place(repository)}/labels")
    context.show_list(found["items"], LABEL_COLUMNS)


@label.command("create")
@options.repository
@label_name
@click.option(
    "--colour",
    default="6b7280",
    show_default=True,
    metavar="RRGGBB",
    help="Six hexadecimal digits.",
)
@about
@current
def create_label(context: Context, /, repository: str, label: str, **wanted: str | None) -> None:
    """Add a label."""
    body = {"name": label, **_said(wanted)}
    context.show_thing(context.api.call("POST", f"{place(repository)}/labels", body), LABEL_FIELDS)


@label.command("change")
@options.repository
@label_name
@click.option("--name", metavar="NAME", help="What it is called from now on.")
@colour
@about
@current
def change_label(context: Context, /, repository: str, label: str, **wanted: str | None) -> None:
    """Change a label; what is left out stays."""
    context.show_thing(
        context.api.call("PATCH", _label(repository, label), _some(_said(wanted))), LABEL_FIELDS
    )


@label.command("delete")
@options.repository
@label_name
@options.dry_run
@options.yes
@current
def delete_label(
    context: Context, repository: str, label: str, *, dry_run: bool, yes: bool
) -> None:
    """Delete a label; whatever has it loses it."""
    question = f"Delete the label {label} of {repository}?"
    where = _label(repository, label)
    options.remove(context, where, label, question, dry_run=dry_run, yes=yes)


@click.group(cls=Noun)
def milestone() -> None:
    """Milestones: what is to be done until a day."""


@milestone.command("list")
@options.repository
@click.option("--closed/--open", default=None, help="Only those that are closed, or open.")
@current
def list_milestones(context: Context, repository: str, *, closed: bool | None) -> None:
    """List milestones; what is due first comes first."""
    query = {} if closed is None else {"closed": str(closed).lower()}
    found = context.api.call("GET", f"{place(repository)}/milestones", query=query)
    context.show_list(found["items"], COLUMNS)


@milestone.command()
@options.repository
@number
@current
def show(context: Context, repository: str, number: int) -> None:
    """Show a milestone."""
    context.show_thing(context.api.call("GET", _milestone(repository, number)), FIELDS)


@milestone.command()
@options.repository
@click.argument("title")
@about
@due
@current
def create(context: Context, /, repository: str, title: str, **wanted: str | None) -> None:
    """Add a milestone."""
    body = {"title": title, **_dated(wanted)}
    context.show_thing(context.api.call("POST", f"{place(repository)}/milestones", body), FIELDS)


@milestone.command()
@options.repository
@number
@click.option("--title", metavar="TEXT", help="What it is called from now on.")
@about
@due
@click.option("--closed/--open", default=None, help="Close it, or open it again.")
@current
def change(context: Context, /, repository: str, number: int, **wanted: Any) -> None:
    """Change a milestone; what is left out stays."""
    body = _some(_dated(wanted))
    context.show_thing(context.api.call("PATCH", _milestone(repository, number), body), FIELDS)


@milestone.command()
@options.repository
@number
@options.dry_run
@options.yes
@current
def delete(context: Context, repository: str, number: int, *, dry_run: bool, yes: bool) -> None:
    """Delete a milestone; what was planned for it belongs to none."""
    question = f"Delete milestone {number} of {repository}?"
    where = _milestone(repository, number)
    options.remove(context, where, str(number), question, dry_run=dry_run, yes=yes)


def _label(repository: str, label: str) -> str:
    return f"{place(repository)}/labels/{quote(label, safe='')}"


def _milestone(repository: str, number: int) -> str:
    return f"{place(repository)}/milestones/{number}"


def _said(wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wanted.items() if value is not None}


def _some(found: dict[str, Any]) -> dict[str, Any]:
    if not found:
        raise click.UsageError("Say what to change; --help lists what there is.")
    return found


def _dated(wanted: dict[str, Any]) -> dict[str, Any]:
    """With the word for no day as the API has it."""
    found = _said(wanted)
    return {**found, "due_on": None} if found.get("due_on") == NO_DAY else found
