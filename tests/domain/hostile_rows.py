"""Rows of the queue as somebody with the database could leave them there; and an honest one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from appliance.db.recording import Source, prepare
from appliance.domain import events
from appliance.domain.identity import Actor, ActorKind, Origin
from appliance.domain.ids import new_id
from audit import entry
from audit.canonical import canonical

Row = dict[str, Any]
ACTOR = Actor(
    kind=ActorKind.STRANGER,
    label="stranger",
    pseudonym="p_" + "b" * 26,
    origin=Origin(address="192.0.2.9"),
)


def honest(organisation_id: UUID | None = None, said: str = "honest") -> Row:
    """A row as the appliance writes it: with a body, and with a personal value."""
    event = events.AuditSearched(organisation_id=organisation_id, query=said)
    return prepare(event, ACTOR, Source()).row


def with_header(**changes: Any) -> Callable[[Row], Row]:
    """A row whose header says something else, spelled as it must be."""

    def change(row: Row) -> Row:
        members = json.loads(row["header"]) | changes
        return row | {"header": json.dumps(members, sort_keys=True, separators=(",", ":"))}

    return change


def without(*names: str) -> Callable[[Row], Row]:
    """A row whose header lacks members."""

    def change(row: Row) -> Row:
        members = json.loads(row["header"])
        for name in names:
            del members[name]
        return row | {"header": canonical(members).decode()}

    return change


def with_body(text: str) -> Callable[[Row], Row]:
    """A row with another body, to which its header has the right commitment."""

    def change(row: Row) -> Row:
        committed = entry.commit_text(row["salt"], text.encode("utf-8", "surrogatepass"))
        return with_header(b=committed)(row) | {"body": text, "personal": None}

    return change


def having(**columns: Any) -> Callable[[Row], Row]:
    """A row with other columns."""
    return lambda row: row | columns


def with_personal(number: int, value: Any) -> Callable[[Row], Row]:
    """A row with a personal value of which one part is another."""

    def change(row: Row) -> Row:
        (first, *rest) = json.loads(row["personal"])
        first[number] = value
        return row | {"personal": json.dumps([first, *rest])}

    return change


@dataclass(frozen=True)
class Hostile:
    """How an honest row is changed, and a few of the words that say what is wrong with it."""

    change: Callable[[Row], Row]
    why: str
    sqlite_only: bool = False
    """PostgreSQL keeps no such value."""


ODD_SALT = base64.b64encode(b"x" * 31).decode("ascii")
ROWS: dict[str, Hostile] = {
    "a header that is no JSON": Hostile(having(header="{"), "no entry"),
    "no header at all": Hostile(having(header=""), "no entry"),
    "a header that is a list": Hostile(having(header="[]"), "no entry"),
    "a header that is null": Hostile(having(header="null"), "no entry"),
    "a header of one megabyte": Hostile(with_header(request_id="x" * 2**20), "longer than"),
    "a header as deep as it gets": Hostile(having(header="[" * 100_000), "no entry"),
    "a header with a space": Hostile(
        lambda row: row | {"header": row["header"].replace('","', '", "', 1)}, "one canonical way"
    ),
    "a header with a member twice": Hostile(
        lambda row: row | {"header": row["header"].replace('"v":1', '"v":1,"v":1')}, "canonical"
    ),
    "a header with a line break": Hostile(
        lambda row: row | {"header": row["header"] + "\n"}, "one canonical way"
    ),
    "a header without a time": Hostile(without("time"), "members"),
    "a header without a source": Hostile(without("src"), "members"),
    "a header with one member more": Hostile(with_header(more=1), "members"),
    "a time that is a number": Hostile(with_header(time=5), "wrong type"),
    "a time that never was": Hostile(
        with_header(time="2026-02-31T00:00:00.000000Z"), "a time that never was"
    ),
    "an action of one word": Hostile(
        with_header(action="searched", category="searched"), "the action"
    ),
    "an actor that is a text": Hostile(with_header(actor="admin"), "wrong type"),
    "a number with a fraction": Hostile(with_header(v=1.5), "no entry"),
    "a lone surrogate": Hostile(with_header(request_id="\ud800"), "no entry"),
    "U+0000, spelled": Hostile(with_header(request_id="\x00"), "no entry"),
    "U+0000 itself": Hostile(
        lambda row: row | {"header": row["header"].replace("{", "{\x00", 1)},
        "no entry",
        sqlite_only=True,
    ),
    "a header that is no text": Hostile(having(header=b"\xff\xfe"), "no text", sqlite_only=True),
    "a header that is a number": Hostile(having(header=7), "header is no", sqlite_only=True),
    "a log of another name": Hostile(having(log="instance\nother"), "another log"),
    "a log that cannot be": Hostile(
        lambda row: with_header(log="any")(row) | {"log": "any"}, "no log that there could be"
    ),
    "the id of another event": Hostile(having(event_id=new_id()), "id of another event"),
    "an id that is none": Hostile(having(event_id="none"), "another event", sqlite_only=True),
    "no body": Hostile(having(body=None, salt=None), "it has none"),
    "a body, and no commitment": Hostile(with_header(b=None), "no commitment"),
    "another body": Hostile(having(body='{"query":"x"}'), "not the one"),
    "no salt": Hostile(having(salt=b""), "not the one"),
    "a body that is no JSON": Hostile(with_body("{"), "not canonical"),
    "a body that is a list": Hostile(with_body("[1]"), "not canonical"),
    "a body with a fraction": Hostile(with_body('{"a":1.5}'), "its body"),
    "a body with a surrogate": Hostile(with_body('{"a":"\\ud800"}'), "its body"),
    "a body as deep as it gets": Hostile(with_body("[" * 100_000), "not canonical"),
    "a body of one megabyte": Hostile(with_body(json.dumps({"a": "x" * 2**20})), "too large"),
    "personal values that are no JSON": Hostile(having(personal="["), "no list"),
    "personal values that are a number": Hostile(having(personal="7"), "no list"),
    "personal values that are an object": Hostile(having(personal="{}"), "no list"),
    "a personal value that is a text": Hostile(having(personal='["four"]'), "no list"),
    "a personal value of three parts": Hostile(having(personal='[["a","b","c"]]'), "no list"),
    "a personal value that is a number": Hostile(with_personal(3, 7), "no text"),
    "a personal value with a surrogate": Hostile(with_personal(3, "\ud800"), "no list"),
    "a personal value with U+0000": Hostile(with_personal(3, "\x00"), "cannot be kept"),
    "a personal value of one megabyte": Hostile(with_personal(3, "x" * 2**20), "cannot be kept"),
    "another personal value": Hostile(with_personal(3, "forged"), "not those"),
    "a personal value of another field": Hostile(with_personal(0, "other"), "not those"),
    "a personal value of a field that is none": Hostile(with_personal(0, "A B"), "no field"),
    "a personal value of nobody": Hostile(with_personal(1, ""), "no person"),
    "a personal value of too long a name": Hostile(with_personal(1, "p" * 65), "no person"),
    "a personal value with no salt": Hostile(with_personal(2, "!"), "the salt"),
    "a personal value with a short salt": Hostile(with_personal(2, ODD_SALT), "the salt"),
}
