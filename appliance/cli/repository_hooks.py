"""`codara repo hook`, `codara org hook`: other systems that are told what happens there.

Each verb is written once and is of both; its first argument says of which.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

COLUMNS = {
    "url": "ADDRESS",
    "state": "STATE",
    "events": "EVENTS",
    "delivered_at": "DELIVERED",
    "waiting": "WAITING",
    "id": "ID",
}
FIELDS = {
    "url": "Address",
    "events": "Events",
    "format": "Format",
    "state": "State",
    "off_because": "Off because",
    "error": "Went wrong last",
    "failures": "Failures in a row",
    "waiting": "Waiting",
    "delivered_at": "Delivered",
    "responsible": "Answered for by",
    "is_kept_back": "Something was kept back",
    "former_secret_until": "Old secret signs until",
    "id": "Id",
}
DELIVERY_COLUMNS = {
    "number": "NUMBER",
    "event": "EVENT",
    "state": "STATE",
    "status": "ANSWER",
    "attempts": "TRIES",
    "tried_at": "TRIED",
    "error": "WENT WRONG",
}
DELIVERY_FIELDS = {
    "number": "Number",
    "event": "Event",
    "repository": "Repository",
    "state": "State",
    "attempts": "Tries",
    "status": "Answer",
    "error": "Went wrong",
    "tried_at": "Tried",
    "retry_at": "Next try",
    "request_body": "Body",
    "answer_body": "Answered",
    "id": "Id",
}
address_option = click.option(
    "--address", "url", metavar="URL", help="Where each event is posted to."
)
events_option = click.option(
    "--event", "events", multiple=True, metavar="NAME", help="One of its events; * for all."
)
active_option = click.option("--on/--off", "is_active", default=None, help="Whether it is told.")
secret_option = click.option(
    "--secret-stdin", "has_secret", is_flag=True, help="Read its secret from the input."
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(("codara", "slack", "mattermost", "teams")),
    help="What the receiver understands: a program all, a chat one line.",
)
number_argument = click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")


@click.group(cls=Noun)
def hook() -> None:
    """Webhooks: other systems that are told what happens, signed and in order."""


@click.group("hook", cls=Noun)
def organisation_hook() -> None:
    """Webhooks of all repositories: other systems that are told what happens in them."""


def verb(name: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command of both groups, whose first argument is the repository or the organisation."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        for group, argument, noun in (
            (hook, options.repository, "repository"),
            (organisation_hook, options.organisation, "organisation"),
        ):
            made: Any = current(_first(function, noun))
            # Each command takes the list of parameters for its own.
            made.__click_params__ = list(getattr(function, "__click_params__", []))
            group.command(name or function.__name__)(argument(made))
        return function

    return register


def _first(function: Callable[..., None], noun: str) -> Callable[..., None]:
    """The function, whose first argument has this name."""

    @functools.wraps(function)
    def call(context: Context, /, **words: Any) -> None:
        function(context, words.pop(noun), **words)

    return call


@verb("list")
def list_hooks(context: Context, home: str) -> None:
    """List webhooks."""
    context.show_list(context.api.call("GET", _hooks(home))["items"], COLUMNS)


@verb()
@options.identifier
def show(context: Context, home: str, identifier: str) -> None:
    """Show a webhook, and how it is."""
    context.show_thing(context.api.call("GET", _hook(home, identifier)), FIELDS)


@verb()
@click.option(
    "--address", "url", required=True, metavar="URL", help="Where each event is posted to."
)
@events_option
@secret_option
@format_option
def create(  # Each is one of its options.
    context: Context,
    home: str,
    url: str,
    events: tuple[str, ...],
    form: str | None,
    *,
    has_secret: bool,
) -> None:
    """Make a webhook; without a secret it gets one, which is shown this once."""
    body = {"url": url, "events": list(events) or ["*"], "secret": _secret() if has_secret else ""}
    body |= {"format": form} if form else {}
    made = context.api.call("POST", _hooks(home), body)
    fields = FIELDS if has_secret else {**FIELDS, "secret": "Secret"}
    context.show_thing(made, fields)


@verb()
@options.identifier
@address_option
@events_option
@format_option
@active_option
@secret_option
@click.option(
    "--overlap-hours",
    type=click.FloatRange(min=0),
    metavar="N",
    help="So long the old secret signs too; 0: no longer.",
)
def change(context: Context, /, home: str, identifier: str, **wanted: Any) -> None:
    """Change a webhook; what is left out stays, and you answer for it from then on."""
    names = ("url", "is_active", "overlap_hours")
    body = {name: wanted[name] for name in names if wanted[name] is not None}
    if wanted["form"]:
        body["format"] = wanted["form"]
    if wanted["events"]:
        body["events"] = list(wanted["events"])
    if wanted["has_secret"]:
        body["secret"] = _secret()
    if not body:
        raise click.UsageError("Say what to change.")
    context.show_thing(context.api.call("PATCH", _hook(home, identifier), body), FIELDS)


@verb()
@options.identifier
@options.dry_run
@options.yes
def delete(context: Context, home: str, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Delete a webhook, and the list of its deliveries."""
    question = f"Delete the webhook {identifier} of {home}?"
    where = _hook(home, identifier)
    options.remove(context, where, identifier, question, dry_run=dry_run, yes=yes)


@verb()
@options.identifier
def ping(context: Context, home: str, identifier: str) -> None:
    """Have a ping sent, to see whether the receiver hears."""
    where = f"{_hook(home, identifier)}/ping"
    context.show_thing(context.api.call("POST", where), DELIVERY_FIELDS)


@verb()
@options.identifier
@click.option(
    "--state",
    type=click.Choice(["waiting", "delivered", "given_up"]),
    help="Only those that are so.",
)
@options.limit
def deliveries(
    context: Context, home: str, identifier: str, state: str | None, limit: int | None
) -> None:
    """List what was delivered, the newest first."""
    where = f"{_hook(home, identifier)}/deliveries"
    query = {"state": state} if state else {}
    context.show_list(options.listed(context, where, limit, **query), DELIVERY_COLUMNS)


@verb()
@options.identifier
@number_argument
def delivery(context: Context, home: str, identifier: str, number: int) -> None:
    """Show one delivery, with request and answer."""
    where = f"{_hook(home, identifier)}/deliveries/{number}"
    context.show_thing(context.api.call("GET", where), DELIVERY_FIELDS)


@verb()
@options.identifier
@click.option("--number", type=click.IntRange(min=1), metavar="N", help="Only this delivery.")
@click.option("--since", metavar="TIME", help="What was made from then on, with its zone.")
@click.option("--until", metavar="TIME", help="What was made before then.")
@click.option("--only-given-up", is_flag=True, help="Leave out what was delivered.")
def redeliver(context: Context, /, home: str, identifier: str, **wanted: Any) -> None:
    """Send one delivery again, or all between two moments, in their order."""
    where = _hook(home, identifier)
    if wanted["number"]:
        found = context.api.call("POST", f"{where}/deliveries/{wanted['number']}/redeliver")
        context.show_thing(found, DELIVERY_FIELDS)
        return
    if not (wanted["since"] and wanted["until"]):
        raise click.UsageError("Say --number, or --since and --until.")
    body = {name: wanted[name] for name in ("since", "until", "only_given_up")}
    answer = context.api.call("POST", f"{where}/redeliver", body)
    context.show(answer, lambda: [f"{answer['deliveries']} are sent again."])


def _hooks(home: str) -> str:
    return f"{place(home) if '/' in home else '/orgs/' + segment(home)}/hooks"


def _hook(home: str, identifier: str) -> str:
    return f"{_hooks(home)}/{segment(identifier)}"


def _secret() -> str:
    return sys.stdin.readline().rstrip("\n")
