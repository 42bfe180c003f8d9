"""`codara audit search, tail, show`: what happened, searched, followed and read."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import Client
from appliance.cli.context import Context, Verb, cell, current, pad
from appliance.errors import UnavailableError

EVENTS = "/audit/events"
MOST_AT_ONCE = 500
USUAL, USUAL_TAIL = 100, 20
# A push of thousands of tags names each of them.
LONGEST_VALUE = 200
PAUSE_SECONDS = 1.0
PATIENT_SECONDS = 10.0
WIDTHS = {"action": 26, "actor": 18, "target": 26}
FIELDS = {
    "id": "Id",
    "time": "Time",
    "action": "Action",
    "outcome": "Outcome",
    "actor": "By",
    "target": "About",
    "method": "Signed in by",
    "address": "From",
    "request_id": "Request",
    "log_name": "Log",
    "index": "Index",
}
Pause = Callable[[float], None]

of_organisation = click.option(
    *options.LOG, default="", metavar="ORG", help="Only this organisation's log."
)
of_instance = click.option("--instance", is_flag=True, help="Only the log of the instance itself.")
query_words = click.argument("query", nargs=-1)


@click.command(cls=Verb)
@query_words
@of_organisation
@of_instance
@click.option("--from", "since", metavar="DAY", help="Not before; 90 days ago otherwise.")
@click.option("--to", "until", metavar="DAY", help="Up to and including.")
@click.option("--as-of", type=click.IntRange(min=0), metavar="SIZE", help="As a log was then.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=USUAL,
    show_default=True,
    metavar="N",
    help="At most so many, the newest.",
)
@current
def search(context: Context, /, query: tuple[str, ...], limit: int, **asked: Any) -> None:
    """Search the audit log; the newest come first. The search is itself recorded.

    Terms must all hold, unless OR stands between them; NOT or - in front of one excludes:
    'actor:writer action:repo.* -outcome:success'. There are actor, action, category, outcome,
    repo, org, team, user, token, log, method, ip, request, id and created, as in
    created:2026-10-01..2026-10-31 or created:7d. Everything else is looked for as words, "in
    quotes" beside each other, or begun*. Put the whole in single quotes, so that the shell leaves
    it as it is.
    """
    pages = _Pages(context.api, _asked(query, **asked))
    found = list(itertools.islice(pages.events(limit), limit))
    context.show(found, lambda: map(line, found))
    for sentence in pages.reservations(len(found), limit):
        context.say(sentence)


@click.command(cls=Verb)
@query_words
@of_organisation
@of_instance
@click.option("-f", "--follow", is_flag=True, help="Go on, and print each as it happens.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, MOST_AT_ONCE),
    default=USUAL_TAIL,
    show_default=True,
    metavar="N",
    help="How many of those before.",
)
@current
def tail(
    context: Context, /, query: tuple[str, ...], lines: int, *, follow: bool, **asked: Any
) -> None:
    """Print the newest events, the newest last; with -f, go on until you end it.

    With --json, each event is one line.
    """
    wanted = _asked(query, **asked)
    first = context.api.call("GET", EVENTS, query={**wanted, "limit": max(1, lines)})
    before = list(reversed(first["items"][:lines]))
    print_events(context, before)
    if not follow:
        return
    try:
        print_events(context, newer(context, wanted, first["newer"], pause=time.sleep))
    except KeyboardInterrupt:
        return  # That is how one ends it.


@click.command(cls=Verb)
@click.argument("event", type=options.Identifier(), metavar="EVENT_ID")
@current
def show(context: Context, event: str) -> None:
    """Show one event with all that it says. That you looked is recorded."""
    found = context.api.call("GET", f"{EVENTS}/{event}")
    if context.is_json:
        context.show(found)
        return
    said = {name: _value(found, name) for name in found["fields"]}
    titles = {**FIELDS, **{name: name for name in said}}
    about = {
        **found,
        "actor": _who(found["actor"]),
        "target": _who(found["target"]),
        "method": found["auth"]["method"],
        "address": found["address"] or ("(erased)" if "address" in found["erased"] else None),
    }
    context.show_thing({**said, **about}, {**titles, **FIELDS})


def newer(
    context: Context, asked: Mapping[str, Any], cursor: str, *, pause: Pause
) -> Iterator[dict[str, Any]]:
    """Events as they happen, for ever. `pause` waits so many seconds.

    An appliance that is away is waited for: what happens meanwhile comes when it is back.
    """
    wanted = {**asked, "limit": MOST_AT_ONCE}
    is_away = False
    while True:
        try:
            page = context.api.call("GET", EVENTS, query={**wanted, "after": cursor})
        except UnavailableError as error:
            if not is_away:
                context.say(f"{error} Waiting for it.")
            is_away = True
            pause(PATIENT_SECONDS)
            continue
        is_away, cursor = False, page["newer"]
        yield from page["items"]
        if len(page["items"]) < MOST_AT_ONCE:
            pause(PAUSE_SECONDS)


def print_events(context: Context, events: Iterable[Mapping[str, Any]]) -> None:
    """Print each event on a line of its own, at once."""
    for event in events:
        click.echo(json.dumps(event, ensure_ascii=False) if context.is_json else line(event))


def line(event: Mapping[str, Any]) -> str:
    """An event on one line, without anything that a terminal would obey."""
    outcome = "" if event["outcome"] == "success" else f" [{event['outcome']}]"
    parts = {
        "action": event["action"] + outcome,
        "actor": _who(event["actor"]),
        "target": _who(event["target"]),
    }
    padded = [pad(cell(text), WIDTHS[name]) for name, text in parts.items()]
    said = [f"{name}={_short(_value(event, name))}" for name in event["fields"]]
    where = [f"from {event['address']}"] if event["address"] else []
    moment = event["time"][:19].replace("T", " ") + "Z"
    details = [cell(" ".join(said + where))] if said or where else []
    return "  ".join([moment, *padded, *details]).rstrip()


class _Pages:
    """The pages of one search. Its state is what the first of them said."""

    def __init__(self, api: Client, asked: Mapping[str, Any]) -> None:
        self._api = api
        self._asked = asked
        self._since: str | None = None
        self._has_more = False

    def events(self, limit: int) -> Iterator[dict[str, Any]]:
        """Every event, page by page."""
        wanted = {**self._asked, "limit": min(limit, MOST_AT_ONCE)}
        while True:
            page = self._api.call("GET", EVENTS, query=wanted)
            self._since = page["since"]
            self._has_more = page["next"] is not None
            yield from page["items"]
            if not self._has_more:
                return
            wanted["cursor"] = page["next"]

    def reservations(self, shown: int, limit: int) -> Iterator[str]:
        """What the person should know of what they do not see."""
        if shown == limit and self._has_more:
            yield (
                f"There are more; these are the newest {shown}. --limit N shows more of them, "
                "`codara audit export` takes all of them along."
            )
        elif self._since is not None:
            yield f"Searched since {self._since[:10]}; --from DAY goes further back."


def _asked(
    query: tuple[str, ...],
    *,
    log: str,
    instance: bool,
    since: str | None = None,
    until: str | None = None,
    as_of: int | None = None,
) -> dict[str, Any]:
    if instance and log:
        raise click.UsageError("--instance and --org are two logs. Leave one away, or both.")
    given = {
        "q": " ".join(query),
        "log": "instance" if instance else log,
        "from": since,
        "to": until,
        "as_of": as_of,
    }
    return {name: value for name, value in given.items() if value not in {None, ""}}


def _who(found: Mapping[str, Any]) -> str:
    return str(found["name"] or found["ref"] or found["type"])


def _short(text: str) -> str:
    """As much of a value as a line has room for; `audit show` and `--json` have all of it."""
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _value(event: Mapping[str, Any], name: str) -> str:
    value = event["fields"][name]
    if name in event["erased"]:
        return "(erased)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
