"""`codara audit stream`: sending the audit log to other systems."""

from __future__ import annotations

import sys
from typing import Any

import click

from appliance.cli import options
from appliance.cli.context import Context, Noun, WeightyVerb, current
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import OPTIONS, Covers, OptionValue, Receiver

COLUMNS = {
    "name": "NAME",
    "receiver": "RECEIVER",
    "format": "FORMAT",
    "state": "STATE",
    "lag_events": "LAG",
    "parked": "PARKED",
    "id": "ID",
}
FIELDS = {
    "name": "Name",
    "organisation": "Organisation",
    "covers": "Covers",
    "receiver": "Receiver",
    "address": "Address",
    "format": "Format",
    "options": "Options",
    "actions": "Actions",
    "state": "State",
    "stopped_because": "Stopped because",
    "error": "Last said",
    "lag_events": "Events waiting",
    "lag_seconds": "Seconds behind",
    "parked": "Parked",
    "delivered_at": "Delivered",
    "id": "Id",
}
PARKED_COLUMNS = {
    "index": "INDEX",
    "action": "ACTION",
    "reason": "REASON",
    "parked_at": "PARKED",
    "event_id": "EVENT",
}
PLACE = "/audit/streams"

name_option = click.option("--name", metavar="NAME", help="What it is called.")
address_option = click.option(
    "--address", metavar="ADDRESS", help="A URL, tls://HOST:PORT, or a folder's name."
)
format_option = click.option(
    "--format",
    type=click.Choice([str(each) for each in Format]),
    help="How each event is written.",
)
actions_option = click.option(
    "--action",
    "actions",
    multiple=True,
    metavar="ACTION",
    help="Only these, as in repo.archived or repo.* (repeatable).",
)
options_option = click.option(
    "--option",
    "told",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of this receiver, as in batch=200 (repeatable).",
)
secret_option = click.option(
    "--secret-stdin", "has_secret", is_flag=True, help="Read the secret from standard input."
)
index_option = click.option(
    "--from-index",
    "begin",
    type=click.IntRange(min=0),
    metavar="N",
    help="From the entry of this number on.",
)


@click.group(cls=Noun)
def stream() -> None:
    """Send the audit log to other systems, as it grows: at least once, and in order."""


@stream.command("list")
@click.option("--org", "organisation", default="", metavar="ORG", help="Of this one's log.")
@current
def list_streams(context: Context, organisation: str) -> None:
    """List the streams of the instance, or of an organisation."""
    query = {"org": organisation} if organisation else None
    found = context.api.call("GET", PLACE, query=query)
    context.show_list(found["items"], COLUMNS)


@stream.command()
@options.identifier
@current
def show(context: Context, identifier: str) -> None:
    """Show a stream, and how far it is."""
    context.show_thing(context.api.call("GET", _place(identifier)), FIELDS)


@stream.command()
@click.argument("name")
@click.option(
    "--to",
    "receiver",
    type=click.Choice([str(each) for each in Receiver]),
    required=True,
    help="What kind of system takes the events.",
)
@click.option("--address", required=True, metavar="ADDRESS", help="Where it is.")
@click.option("--org", "organisation", default="", metavar="ORG", help="Send this one's log.")
@click.option("--everything", is_flag=True, help="Send all logs, of all organisations.")
@index_option
@click.option("--from-start", is_flag=True, help="Send what is in the log already, too.")
@format_option
@actions_option
@options_option
@secret_option
@current
def create(context: Context, /, **wanted: Any) -> None:
    """Make a stream; it sends what is recorded from now on, unless told otherwise."""
    body = {
        "name": wanted["name"],
        "receiver": wanted["receiver"],
        "address": wanted["address"],
        "format": wanted["format"] or str(Format.JSON),
        "actions": list(wanted["actions"]),
        "options": _told(wanted["told"], Receiver(wanted["receiver"])),
    }
    if wanted["organisation"]:
        body["org"] = wanted["organisation"]
    if wanted["everything"]:
        body["covers"] = str(Covers.EVERYTHING)
    if wanted["has_secret"]:
        body["secret"] = _secret()
    begin = _begin(wanted["begin"], from_start=wanted["from_start"])
    if begin is not None:
        body["from"] = begin
    context.show_thing(context.api.call("POST", PLACE, body), FIELDS)


@stream.command()
@options.identifier
@name_option
@address_option
@format_option
@actions_option
@options_option
@secret_option
@current
def change(context: Context, /, identifier: str, told: tuple[str, ...], **wanted: Any) -> None:
    """Change a stream; what is left out stays."""
    receiver = Receiver(context.api.call("GET", _place(identifier))["receiver"])
    body = {key: value for key in ("name", "address", "format") if (value := wanted[key])}
    if wanted["actions"]:
        body["actions"] = list(wanted["actions"])
    if told:
        body["options"] = _told(told, receiver)
    if wanted["has_secret"]:
        body["secret"] = _secret()
    if not body:
        raise click.UsageError("Say what to change.")
    context.show_thing(context.api.call("PATCH", _place(identifier), body), FIELDS)


@stream.command()
@options.identifier
@index_option
@click.option("--from-start", is_flag=True, help="From the first entry that is still there.")
@click.option(*options.LOG, default="", metavar="ORG", help="Only of this log, or `instance`.")
@current
def replay(
    context: Context, identifier: str, begin: int | None, log: str, *, from_start: bool
) -> None:
    """Send again from an index on."""
    place = _begin(begin, from_start=from_start)
    if place is None:
        raise click.UsageError("Say --from-index or --from-start.")
    body = {"from": place, "log": log}
    context.show_thing(context.api.call("POST", f"{_place(identifier)}/replay", body), FIELDS)


@stream.command(cls=WeightyVerb)
@options.identifier
@current
def pause(context: Context, identifier: str) -> None:
    """Send nothing for now; the log keeps what comes."""
    context.show_thing(context.api.call("POST", f"{_place(identifier)}/pause"), FIELDS)


@stream.command()
@options.identifier
@current
def resume(context: Context, identifier: str) -> None:
    """Go on where it stopped."""
    context.show_thing(context.api.call("POST", f"{_place(identifier)}/resume"), FIELDS)


@stream.command(cls=WeightyVerb)
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Delete a stream; the log keeps all."""
    found = context.api.call("GET", _place(identifier))
    question = f"Delete the stream {found['name']}? Nothing more is sent to {found['address']}."
    options.remove(context, _place(identifier), found["name"], question, dry_run=dry_run, yes=yes)


@stream.command()
@options.identifier
@current
def test(context: Context, identifier: str) -> None:
    """Send a test message, and say what the receiver says."""
    context.api.call("POST", f"{_place(identifier)}/test")
    context.show({"taken": True}, lambda: ["The receiver took it."])


@stream.command()
@options.identifier
@click.option("--retry", metavar="EVENT", type=options.Identifier(), help="Send this one again.")
@click.option("--skip", metavar="EVENT", type=options.Identifier(), help="Do without this one.")
@current
def parked(context: Context, identifier: str, retry: str | None, skip: str | None) -> None:
    """List the events that the receiver would not take, or decide about one."""
    if retry and skip:
        raise click.UsageError("Say --retry or --skip, not both.")
    place = f"{_place(identifier)}/parked"
    for event, decision in ((retry, "retry"), (skip, "skip")):
        if event:
            context.api.call("POST", f"{place}/{event}/{decision}")
    context.show_list(context.api.call("GET", place)["items"], PARKED_COLUMNS)


def _place(identifier: str) -> str:
    return f"{PLACE}/{identifier}"


def _begin(index: int | None, *, from_start: bool) -> int | str | None:
    if index is not None and from_start:
        raise click.UsageError("Say --from-index or --from-start, not both.")
    return "start" if from_start else index


def _told(told: tuple[str, ...], receiver: Receiver) -> dict[str, OptionValue]:
    """Options as their receiver wants them: numbers, yes or no, words."""
    found: dict[str, OptionValue] = {}
    for each in told:
        name, equals, text = each.partition("=")
        known = OPTIONS[receiver].get(name)
        if not equals or known is None:
            there = ", ".join(OPTIONS[receiver])
            raise click.UsageError(f"Options look like NAME=VALUE; there are {there}.")
        found[name] = _value(text, known.usual)
    return found


def _value(text: str, usual: OptionValue) -> OptionValue:
    if isinstance(usual, bool):
        if text not in {"true", "false"}:
            raise click.UsageError(f"{text!r} is neither true nor false.")
        return text == "true"
    if isinstance(usual, int):
        if not text.isdecimal():
            raise click.UsageError(f"{text!r} is no number.")
        return int(text)
    return text


def _secret() -> str:
    return sys.stdin.readline().rstrip("\n")
