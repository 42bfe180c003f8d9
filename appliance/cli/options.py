"""Arguments and options that several commands take, spelled and explained once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import click
from click.shell_completion import CompletionItem

from appliance.cli import suggestions
from appliance.cli.context import Context
from appliance.errors import ApplianceError
from codara_client.client import PAGE_LIMIT

ROLES = ("reader", "triager", "writer", "maintainer", "owner")
VISIBILITIES = ("private", "internal", "public")


class TwoNames(click.ParamType[str, str]):
    """A name below another, as `OWNER/NAME`."""

    def __init__(self, metavar: str, example: str) -> None:
        self.name = metavar
        self._example = example

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same, if there are two names in it."""
        above, _, name = value.partition("/")
        if not above or not name or "/" in name:
            self.fail(f"{value!r} is not {self.name}, as in {self._example}.", param, ctx)
        return value


class Identifier(click.ParamType[str, str]):
    """The id of something, as lists and answers show it."""

    name = "ID"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same in its usual spelling."""
        try:
            return str(UUID(value))
        except ValueError:
            self.fail(f"{value!r} is no id. `list` shows those that there are.", param, ctx)


LOG = ("--org", "--log", "log")
"""Of whose log; the second spelling is the one of earlier days."""
REPOSITORY = TwoNames("OWNER/NAME", "lab/notes")
TEAM = TwoNames("ORG/TEAM", "lab/writers")


def _names(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What a begun name may become, for the shell's completion."""

    def complete(
        context: click.Context, _parameter: click.Parameter, begun: str
    ) -> list[CompletionItem]:
        try:
            api = context.ensure_object(Context).api
        except ApplianceError:
            return []
        there = suggestions.known(api, kind, begun)
        return [CompletionItem(name) for name in there if name.startswith(begun)]

    return complete


# The names of these say to `suggestions` what kind of thing was named.
user = click.argument("user", metavar="NAME", shell_complete=_names("user"))
organisation = click.argument("organisation", metavar="ORG", shell_complete=_names("organisation"))
team = click.argument("team", metavar="ORG/TEAM", type=TEAM, shell_complete=_names("team"))
repository = click.argument(
    "repository", metavar="OWNER/NAME", type=REPOSITORY, shell_complete=_names("repository")
)
number = click.argument("number", metavar="N", type=click.IntRange(min=1))
identifier = click.argument("identifier", metavar="ID", type=Identifier())
of_user = click.option(
    "--user", metavar="NAME", shell_complete=_names("user"), help="Whose; yours otherwise."
)
limit = click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many; all otherwise."
)
networks = click.option(
    "--network",
    "networks",
    metavar="NETWORK",
    multiple=True,
    help="Only from there, as 192.0.2.0/24 (repeatable); from anywhere otherwise.",
)
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
dry_run = click.option("--dry-run", is_flag=True, help="Only say what would be done.")


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A value of a table for other programs: none may take what somebody wrote for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def listed(context: Context, path: str, limit: int | None, **query: Any) -> list[dict[str, Any]]:
    """The items of a list, over all of its pages or up to a limit."""
    page = min(limit, int(PAGE_LIMIT)) if limit else int(PAGE_LIMIT)
    found: Iterator[dict[str, Any]] = context.api.each(path, query={**query, "limit": page})
    return list(itertools.islice(found, limit))


def remove(
    context: Context,
    path: str,
    name: str,
    question: str,
    *,
    dry_run: bool,
    yes: bool,
    act: str = "delete",
    query: Mapping[str, str] | None = None,
) -> None:
    """Delete, remove or revoke (`act`) what is at a path of the API, if the person means it.

    Errors:
        click.Abort: they do not.
    """
    if dry_run:
        context.show({f"would_{act}": name}, lambda: [f"Would {act} {name}."])
        return
    context.confirm(question, yes=yes)
    context.api.call("DELETE", path, query=query)
    context.show({f"{act}d": name}, lambda: [f"{act.capitalize()}d {name}."])
