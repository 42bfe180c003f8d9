"""`codara repo hook`: other systems that are told what happens in a repository."""

from __future__ import annotations

import sys
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


@hook.command("list")
@options.repository
@current
def list_hooks(context: Context, repository: str) -> None:
    """List a repository's webhooks."""
    context.show_list(context.api.call("GET", _hooks(repository))["items"], COLUMNS)


@hook.command()
@options.repository
@options.identifier
@current
def show(context: Context, repository: str, identifier: str) -> None:
    """Show a webhook, and how it is."""
    context.show_thing(context.api.call("GET", _hook(repository, identifier)), FIELDS)


@hook.command()
@options.repository
@click.option(
    "--address", "url", required=True, metavar="URL", help="Where each event is posted to."
)
@events_option
@secret_option
@format_option
@current
def create(  # Each is one of its options.
    context: Context,
    repository: str,
    url: str,
    events: tuple[str, ...],
    form: str | None,
    *,
    has_secret: bool,
) -> None:
    """Make a webhook; without a secret it gets one, which is shown this once."""
    body = {"url": url, "events": list(events) or ["*"], "secret": _secret() if has_secret else ""}
    body |= {"format": form} if form else {}
    made = context.api.call("POST", _hooks(repository), body)
    fields = FIELDS if has_secret else {**FIELDS, "secret": "Secret"}
    context.show_thing(made, fields)


@hook.command()
@options.repository
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
@current
def change(context: Context, /, repository: str, identifier: str, **wanted: Any) -> None:
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
    context.show_thing(context.api.call("PATCH", _hook(repository, identifier), body), FIELDS)


@hook.command()
@options.repository
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, repository: str, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Delete a webhook, and the list of its deliveries."""
    question = f"Delete the webhook {identifier} of {repository}?"
    where = _hook(repository, identifier)
    options.remove(context, where, identifier, question, dry_run=dry_run, yes=yes)


@hook.command()
@options.repository
@options.identifier
@current
def ping(context: Context, repository: str, identifier: str) -> None:
    """Have a ping sent, to see whether the receiver hears."""
    where = f"{_hook(repository, identifier)}/ping"
    context.show_thing(context.api.call("POST", where), DELIVERY_FIELDS)


@hook.command()
@options.repository
@options.identifier
@click.option(
    "--state",
    type=click.Choice(["waiting", "delivered", "given_up"]),
    help="Only those that are so.",
)
@options.limit
@current
def deliveries(
    context: Context, repository: str, identifier: str, state: str | None, limit: int | None
) -> None:
    """List what was delivered, the newest first."""
    where = f"{_hook(repository, identifier)}/deliveries"
    query = {"state": state} if state else {}
    context.show_list(options.listed(context, where, limit, **query), DELIVERY_COLUMNS)


@hook.command()
@options.repository
@options.identifier
@number_argument
@current
def delivery(context: Context, repository: str, identifier: str, number: int) -> None:
    """Show one delivery, with request and answer."""
    where = f"{_hook(repository, identifier)}/deliveries/{number}"
    context.show_thing(context.api.call("GET", where), DELIVERY_FIELDS)


@hook.command()
@options.repository
@options.identifier
@click.option("--number", type=click.IntRange(min=1), metavar="N", help="Only this delivery.")
@click.option("--since", metavar="TIME", help="What was made from then on, with its zone.")
@click.option("--until", metavar="TIME", help="What was made before then.")
@click.option("--only-given-up", is_flag=True, help="Leave out what was delivered.")
@current
def redeliver(context: Context, /, repository: str, identifier: str, **wanted: Any) -> None:
    """Send one delivery again, or all between two moments, in their order."""
    where = _hook(repository, identifier)
    if wanted["number"]:
        found = context.api.call("POST", f"{where}/deliveries/{wanted['number']}/redeliver")
        context.show_thing(found, DELIVERY_FIELDS)
        return
    if not (wanted["since"] and wanted["until"]):
        raise click.UsageError("Say --number, or --since and --until.")
    body = {name: wanted[name] for name in ("since", "until", "only_given_up")}
    answer = context.api.call("POST", f"{where}/redeliver", body)
    context.show(answer, lambda: [f"{answer['deliveries']} are sent again."])


def _hooks(repository: str) -> str:
    return f"{place(repository)}/hooks"


def _hook(repository: str, identifier: str) -> str:
    return f"{_hooks(repository)}/{segment(identifier)}"


def _secret() -> str:
    return sys.stdin.readline().rstrip("\n")
