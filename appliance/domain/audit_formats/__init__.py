"""How an event of the audit log is spelled for other systems, one file for each format.

`of` gives what spells one event; `batch` what a whole message with several of them looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.domain.audit_formats import cef, cloud_events, ecs, leef, ocsf, plain
from appliance.domain.audit_formats.entry import Entry, Sender, json_line


class Format(StrEnum):
    """A format that other systems read."""

    JSON = "json"
    OCSF = "ocsf"
    ECS = "ecs"
    CEF = "cef"
    LEEF = "leef"
    CLOUD_EVENTS = "cloudevents"


Spelling = Callable[[Entry], Any]
"""Gives a JSON value, or for the formats of one line each a text without line breaks."""

LINES = frozenset({Format.CEF, Format.LEEF})
MEDIA_TYPES: Mapping[Format, str] = {
    Format.CEF: "text/plain; charset=utf-8",
    Format.LEEF: "text/plain; charset=utf-8",
    Format.CLOUD_EVENTS: cloud_events.BATCH_MEDIA_TYPE,
}
USUAL_MEDIA_TYPE = "application/x-ndjson"
SUFFIXES: Mapping[Format, str] = {
    Format.CEF: "cef",
    Format.LEEF: "leef",
    Format.CLOUD_EVENTS: "json",
}
USUAL_SUFFIX = "jsonl"


@dataclass(frozen=True)
class Message:
    """Several events as one body."""

    media_type: str
    suffix: str
    body: bytes


def of(kind: Format, sender: Sender, *, ocsf_version: str = ocsf.NEWEST) -> Spelling:
    """What spells one event in a format. `ocsf_version` is the version that OCSF events keep to."""
    spellings: Mapping[Format, Spelling] = {
        Format.JSON: plain.spell,
        Format.OCSF: lambda entry: ocsf.spell(entry, sender, ocsf_version),
        Format.ECS: lambda entry: ecs.spell(entry, sender),
        Format.CEF: lambda entry: cef.spell(entry, sender),
        Format.LEEF: lambda entry: leef.spell(entry, sender),
        Format.CLOUD_EVENTS: lambda entry: cloud_events.spell(entry, sender),
    }
    return spellings[kind]


def line(value: Any) -> str:
    """A spelled event as one line."""
    if isinstance(value, str):
        return value
    return json_line(value)


def batch(kind: Format, spelled: Sequence[Any]) -> Message:
    """Spelled events as one message: lines, or for CloudEvents one JSON array."""
    texts = [line(each) for each in spelled]
    if kind is Format.CLOUD_EVENTS:
        body = f"[{','.join(texts)}]"
    else:
        body = "".join(f"{text}\n" for text in texts)
    return Message(
        MEDIA_TYPES.get(kind, USUAL_MEDIA_TYPE), SUFFIXES.get(kind, USUAL_SUFFIX), body.encode()
    )
