"""Server-Sent Events as an appliance sends them. Source: HTML, section 9.2.6."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

COME_AGAIN_SECONDS = 2.0
END_OF_LINE = re.compile("\r\n|\r|\n")
LONGEST_LINE = 4 * 1024 * 1024
"""In characters: no event comes near it, and what is no stream of events may never end a line."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a repository."""

    id: str
    """Where it stands: who goes on from here misses nothing and hears nothing twice."""
    name: str
    """What it is: `push`, `issues` …, as webhooks call it."""
    payload: dict[str, Any]


@dataclass
class Place:
    """Up to where a listener has heard, and how long it waits before it comes again."""

    last_id: str = ""
    pause_seconds: float = COME_AGAIN_SECONDS


def events(chunks: Iterable[bytes], place: Place) -> Iterator[Event]:
    """The events of one connection; `place` follows them.

    Errors:
        ValueError: it is no stream of events of an appliance.
    """
    name, heard, data = "", place.last_id, list[str]()
    for line in _lines(chunks):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            heard = value
        elif field == "retry" and value.isascii() and value.isdigit():
            place.pause_seconds = int(value) / 1000
        elif not line:
            place.last_id = heard  # Not before its event is whole.
            if data:
                yield Event(place.last_id, name or "message", json.loads("\n".join(data)))
            name, data = "", []


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Whole lines, however they end and wherever chunks do."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    begun, is_after_return = "", False
    for chunk in chunks:
        text = decoder.decode(chunk)
        if not text:
            continue  # Not even a whole letter.
        if is_after_return:
            text = text.removeprefix("\n")  # The other half of an end of line.
        is_after_return = text.endswith("\r")
        *whole, begun = END_OF_LINE.split(begun + text)
        yield from whole
        if len(begun) > LONGEST_LINE:
            raise ValueError("A line has no end.")
