"""What every command shares: which appliance, in whose name, and how to answer."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from appliance.cli import suggestions
from appliance.cli.client import Client, ProblemError
from appliance.cli.connection import DEFAULT_HOME, connect, elsewhere, is_running

BLANK = "-"
NOT_FOUND = 404
# What the API writes: RFC 3339, in UTC. People need no seconds.
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+(?:Z|\+00:00)\Z")


@dataclass
class Context:
    """What the words common to all commands said. One for each run."""

    home: Path | None = None
    """The home folder that was named; None if none was."""
    url: str = ""
    """The appliance elsewhere that was named; empty if none was."""
    user: str = ""
    """In whose name the console acts; empty for the administrator."""
    alone: str = ""
    """Why the console does alone what needs two people; empty where it does not."""
    is_json: bool = False
    _api: Client | None = field(default=None, repr=False)

    @property
    def home_folder(self) -> Path:
        """The home folder to work with, named or not."""
        return (self.home or DEFAULT_HOME).resolve()

    @property
    def is_elsewhere(self) -> bool:
        """Whether these words are for an appliance that is reached over the network."""
        return elsewhere(self.home, self.url) is not None

    @property
    def place(self) -> str:
        """Where the appliance is: its address, or its home folder."""
        found = elsewhere(self.home, self.url)
        return str(self.home_folder) if found is None else found.url

    @property
    def is_served(self) -> bool:
        """Whether its processes are there, so that what is promised is also done."""
        return self.is_elsewhere or is_running(self.home_folder)

    @property
    def api(self) -> Client:
        """The API of the appliance these words are for.

        Errors:
            UnavailableError: there is none here, or it does not answer.
        """
        if self._api is None:
            self._api = connect(self.home, self.user, self.url, self.alone)
        return self._api

    def show(self, value: Any, text: Callable[[], Iterable[str]] | None = None) -> None:
        """Print an answer: as JSON where that was asked for, else as `text`."""
        if self.is_json or text is None:
            print(json.dumps(value, indent=2, ensure_ascii=False))
            return
        for line in text():
            print(harmless(line))

    def show_list(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
        """Print a list: as JSON, or as a table with these columns (key: heading)."""
        self.show(list(rows), lambda: table(rows, columns))

    def show_thing(self, thing: Mapping[str, Any], fields: Mapping[str, str]) -> None:
        """Print one thing: as JSON, or its fields below each other (key: heading)."""
        self.show(thing, lambda: facts(thing, fields))

    def say(self, sentence: str) -> None:
        """Tell the person something that is not the answer."""
        print(sentence, file=sys.stderr)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Go on only if the person means it; `yes` says that they have said so already.

        Errors:
            click.Abort: they do not, or nobody is there to ask.
        """
        if yes:
            return
        try:
            is_meant = click.confirm(question, err=True)
        except click.Abort:
            self.say(
                "" if sys.stdin.isatty() else "\nNobody answered. --yes goes on without asking."
            )
            raise
        if not is_meant:
            raise click.Abort


current = click.make_pass_decorator(Context, ensure=True)


def json_option() -> click.Option:
    """`--json`, which every command takes."""
    return click.Option(
        ["--json", "is_json"],
        is_flag=True,
        expose_value=False,
        callback=_remember("is_json"),
        help="Answer in JSON, for programs.",
    )


def appliance_options() -> list[click.Parameter]:
    """Which appliance, and as whom: before the noun or after the verb."""
    return [
        click.Option(
            ["--home"],
            type=click.Path(file_okay=False, path_type=Path),
            envvar="CODARA_HOME",
            expose_value=False,
            callback=_remember("home"),
            help="The appliance's home folder; $CODARA_HOME otherwise.",
        ),
        click.Option(
            ["--url", "appliance_url"],
            metavar="URL",
            expose_value=False,
            callback=_remember("url"),
            help="An appliance elsewhere; $CODARA_URL or `codara login` otherwise.",
        ),
        click.Option(
            ["--as", "acting_user"],
            metavar="NAME",
            expose_value=False,
            callback=_remember("user"),
            help="Act as this user (console only; the administrator otherwise).",
        ),
    ]


def alone_option() -> click.Option:
    """`--alone`, which commands take that may need a second administrator."""
    return click.Option(
        ["--alone", "alone_because"],
        metavar="REASON",
        expose_value=False,
        callback=_remember("alone"),
        help="Skip the second administrator (console only; always recorded).",
    )


class Plain(click.Command):
    """A command that needs no appliance: it only answers."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(json_option())


class Verb(Plain):
    """A command with the words that every command takes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += appliance_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Do it; where something was not found, say what might have been meant."""
        try:
            return super().invoke(ctx)
        except ProblemError as error:
            if error.http_status != NOT_FOUND:
                raise
            meant = suggestions.alike(ctx.ensure_object(Context).api, ctx.params)
            if meant and meant not in str(error):
                error.args = (f"{error} Did you mean {meant}?",)
            raise


class WeightyVerb(Verb):
    """A command that may need a second administrator."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(alone_option())


class Noun(click.Group):
    """A group of commands about one thing."""

    command_class = Verb
    group_class = type


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        source = context.get_parameter_source(parameter.name or "")
        said_before = getattr(context.ensure_object(Context), name, None)
        if said_before and source is ParameterSource.ENVIRONMENT:
            return value  # What was said in front of the noun wins over the environment.
        if value:
            setattr(context.ensure_object(Context), name, value)
        return value

    return callback


def facts(thing: Mapping[str, Any], fields: Mapping[str, str]) -> Iterable[str]:
    """The fields of one thing below each other (key: heading)."""
    width = max(map(columns_of, fields.values()), default=0)
    return (f"{pad(title, width)}  {cell(thing.get(key))}" for key, title in fields.items())


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> Iterable[str]:
    """Rows under headings, as wide as they must be."""
    lines = [list(columns.values())]
    lines += [[cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(map(columns_of, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (pad(text, width) for text, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def harmless(text: str) -> str:
    """Lines without anything that a terminal would obey: others may have chosen the words."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)


def cell(value: Any) -> str:
    """A value in a table, on one line and without anything that a terminal would obey."""
    if value is None or value == "":
        return BLANK
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(cell(each) for each in value) or BLANK
    if moment := MOMENT.match(str(value)):
        return f"{moment[1]} {moment[2]}Z"
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes. Source: Unicode Standard Annex 11."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if _is_wide(letter) else 1 for letter in text
    )


def pad(text: str, width: int) -> str:
    """The text, filled up with spaces to so many columns."""
    return text + " " * (width - columns_of(text))


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in {"W", "F"}
