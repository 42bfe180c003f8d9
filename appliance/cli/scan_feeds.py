"""`codara scan feed import|list|show|use|discard|restore|keys|trust`: feeds of an appliance."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from appliance.cli import options
from appliance.cli.context import Context, Verb, current
from appliance.errors import ApplianceError

FEEDS = "/scan/feeds"
READING, READY = "reading", "ready"
LOOK_SECONDS = 0.5
COLUMNS = {
    "number": "NUMBER",
    "serial": "SERIAL",
    "step": "STATE",
    "made_at": "MADE",
    "expires_at": "EXPIRES",
    "brought_at": "BROUGHT",
}
KEYS = {
    "number": "Root",
    "threshold": "Signatures needed",
    "keys": "Keys",
    "expires_at": "Expires",
    "since": "Trusted since",
}
STANDING = {
    "state": "State",
    "serial": "Serial number",
    "made_at": "Made",
    "expires_at": "Expires",
    "advisories": "Advisories",
}
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class NotTakenError(ApplianceError):
    """The feed was not believed, or could not be read."""


@click.command("import", cls=Verb)
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Only check it and show what it changes.")
@options.yes
@current
def bring(context: Context, file: Path, *, check: bool, yes: bool) -> None:
    """Check the feed in FILE, show what it changes, and use it."""
    query = {"name": file.name}
    with file.open("rb") as content:
        feed = context.api.call("PUT", FEEDS, content=content, query=query)
    place = f"{FEEDS}/{feed['number']}"
    while feed["step"] == READING and context.is_served:
        time.sleep(LOOK_SECONDS)
        feed = context.api.call("GET", place)
    if feed["step"] == READING:
        context.say("The appliance is not running. It reads the feed when it does.")
        context.show(feed, lambda: _lines(feed))
        return
    if feed["step"] != READY:
        raise NotTakenError(f"The feed was not taken in. {feed['error']}")
    if check:
        context.show(feed, lambda: _lines(feed))
        return
    for line in _lines(feed):
        context.say(line)
    context.confirm("Use this feed?", yes=yes)
    used = context.api.call("POST", f"{place}/use")
    context.show(used, lambda: [f"Feed {used['number']} is in use."])


@click.command("list", cls=Verb)
@current
def list_feeds(context: Context) -> None:
    """List the feeds that were brought."""
    context.show_list(options.listed(context, FEEDS, None), COLUMNS)


@click.command(cls=Verb)
@click.argument("number", type=click.IntRange(min=1), required=False)
@current
def show(context: Context, number: int | None) -> None:
    """Show feed NUMBER, or how far vulnerabilities are known now."""
    if number is None:
        context.show_thing(context.api.call("GET", "/scan/feed"), STANDING)
        return
    feed = context.api.call("GET", f"{FEEDS}/{number}")
    context.show(feed, lambda: _lines(feed))


@click.command(cls=Verb)
@options.number
@current
def use(context: Context, number: int) -> None:
    """Use feed N, which was read."""
    feed = context.api.call("POST", f"{FEEDS}/{number}/use")
    context.show(feed, lambda: _lines(feed))


@click.command(cls=Verb)
@options.number
@current
def discard(context: Context, number: int) -> None:
    """Discard feed N, which was read."""
    feed = context.api.call("POST", f"{FEEDS}/{number}/discard")
    context.show(feed, lambda: _lines(feed))


@click.command(cls=Verb)
@options.yes
@current
def restore(context: Context, *, yes: bool) -> None:
    """Go back to the feed before the one in use."""
    context.confirm("Go back to the feed before the one in use?", yes=yes)
    feed = context.api.call("POST", f"{FEEDS}/restore")
    context.show(feed, lambda: _lines(feed))


@click.command(cls=Verb)
@current
def keys(context: Context) -> None:
    """Show whose signatures count."""
    context.show_thing(context.api.call("GET", "/scan/feed-keys"), KEYS)


@click.command(cls=Verb)
@click.argument("file", type=FILE)
@options.yes
@current
def trust(context: Context, file: Path, *, yes: bool) -> None:
    """Trust the keys of the root in FILE, and no others."""
    context.confirm(f"Trust the keys in {file}, and no others?", yes=yes)
    body = {"root": file.read_text("utf-8")}
    context.show_thing(context.api.call("PUT", "/scan/feed-keys", body), KEYS)


def _lines(feed: Mapping[str, Any]) -> Iterator[str]:
    sample = ", a sample that shows what a feed looks like" if feed["is_sample"] else ""
    yield f"Feed {feed['number']}, serial number {feed['serial']}: {feed['step']}{sample}"
    if feed["error"]:
        yield feed["error"]
    if feed["expires_at"]:
        yield f"Made {feed['made_at'][:10]}, expires {feed['expires_at'][:10]}"
    for name in ("advisories", "packages", "scores", "exploited", "unreadable"):
        if feed["counts"].get(name):
            yield f"{feed['counts'][name]:>9,} {name}"
    for name, change in (feed["difference"] or {}).items():
        yield f"{change['number']:>9,} {name}"
    for each in feed["files"]:
        yield f"{each['path']}: {each['licence']}. {each['attribution']}"
