"""From an event to the row that carries it into the log, and the count of what was written."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import sqlalchemy as sa

from appliance.db.audit_log import INSTANCE_LOG, AuditQueued
from appliance.db.last import Last
from appliance.domain import events
from appliance.domain.events.parts import LARGEST_BODY, LONGEST_VALUE
from appliance.domain.identity import Actor
from appliance.domain.ids import new_id
from appliance.errors import ApplianceError, TooLargeError, sentence
from audit import entry
from audit.canonical import canonical

if TYPE_CHECKING:
    from appliance.db.postgresql_line import Line

# Written as it is: every request records one, and mapped objects would take twice as long.
ADD = sa.insert(AuditQueued.__table__).inline()  # type: ignore[arg-type]  # It is a table.
COLUMNS = ("event_id", "log", "header", "salt", "body", "personal")
_PLAIN_ADD = (
    f"INSERT INTO audit_queue ({', '.join(COLUMNS)}) VALUES ($1, $2, $3, $4, $5, $6)"  # noqa: S608 - our own words.
).encode()
_FORMATS = tuple(int(name == "salt") for name in COLUMNS)
ODD_IN_A_NAME = re.compile(r"[^!-~]")
LONGEST_NAME = 100
LONGEST_REFERENCE = 64
Permit = Callable[[dict[str, Any], dict[str, Any]], dict[str, str]]
"""Signs what an event allows: of its header and its body, it gives what is added to the body."""


class Ending(Enum):
    """How a transaction ended."""

    COMMITTED = "committed"
    UNDONE = "undone"
    UNKNOWN = "unknown"
    """The database went away while it was asked to commit."""


@dataclass(frozen=True)
class Count:
    """What a process says of its numbers up to `up_to`, in one log."""

    log: str
    up_to: int
    committed: int
    unknown: int


@dataclass
class _Numbers:
    """The numbers given out for one log."""

    last: int = 0
    up_to: int = 0
    """All numbers up to here are finished."""
    committed: int = 0
    unknown: int = 0
    finished: dict[int, Ending] = field(default_factory=dict)
    """Those beyond `up_to`, because an earlier one is not finished yet."""

    def finish(self, number: int, ending: Ending) -> None:
        self.finished[number] = ending
        while (ended := self.finished.pop(self.up_to + 1, None)) is not None:
            self.up_to += 1
            self.committed += ended is Ending.COMMITTED
            self.unknown += ended is Ending.UNKNOWN


class Source:
    """This start of this process: it numbers the events that it writes to each log, from 1.

    Heartbeats say what became of the numbers, so that a row that vanishes between the commit and
    the log is noticed. A process that was forked is another start. Safe to share between threads.
    """

    def __init__(self) -> None:
        self.node = ODD_IN_A_NAME.sub("-", socket.gethostname())[:LONGEST_NAME] or "unnamed"
        self._lock = threading.Lock()
        self._process = 0
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self.boot = str(new_id())
        self._logs: dict[str, _Numbers] = {}

    def _notice_fork(self) -> None:
        if self._process != os.getpid():
            self._begin()

    def next(self, log: str) -> tuple[str, int]:
        """This start, and the number of its next event for a log."""
        with self._lock:
            self._notice_fork()
            numbers = self._logs.setdefault(log, _Numbers())
            numbers.last += 1
            return self.boot, numbers.last

    def finish(self, numbers: Iterable[tuple[str, str, int]], ending: Ending) -> None:
        """Note what became of some events: each is its start, its log and its number."""
        with self._lock:
            for boot, log, number in numbers:
                if boot == self.boot:
                    self._logs[log].finish(number, ending)

    def counts(self) -> tuple[str, list[Count]]:
        """This start, and what became of its events so far in each log that it wrote to."""
        with self._lock:
            self._notice_fork()
            return self.boot, [
                Count(log, each.up_to, each.committed, each.unknown)
                for log, each in self._logs.items()
            ]


@dataclass(frozen=True)
class Recorded:
    """An event as it goes into the queue."""

    id: UUID
    action: str
    log: str
    boot: str
    number: int
    is_awaited: bool
    """Whether the change is answered only when the event is in a signed state of the log."""
    row: dict[str, Any]


def prepare(
    event: events.Event, actor: Actor, source: Source, permit: Permit | None = None
) -> Recorded:
    """Header, body and personal values of an event, each in the one spelling that is hashed.

    Errors:
        ProfileError: the body is outside the profile of canonical JSON. The change fails with it.
        TooLargeError: it does not fit into a line of an export.
    """
    body, personal = _body(event, actor)
    salt, text = _spelled(event, body, personal)  # What does not fit gets no number.
    event_id = new_id()
    header = _header(event, actor, event_id)
    log = header["log"]
    boot, number = source.next(log)
    header["src"] = {"boot": boot, "n": number, "node": source.node}
    try:
        if permit is not None:
            salt, text = _spelled(event, body | permit(header, body), personal)
        header["b"] = entry.commit_text(salt, text) if salt and text else None
        written = canonical(header).decode()
    except (ValueError, ApplianceError):
        # A number that is never finished would hold up the count of all that follow.
        source.finish([(boot, log, number)], Ending.UNDONE)
        raise
    row = {
        "event_id": event_id,
        "log": log,
        "header": written,
        "salt": salt,
        "body": text.decode() if text else None,
        "personal": json.dumps(personal) if personal else None,
    }
    return Recorded(event_id, event.kind, log, boot, number, event.is_awaited, row)


def _header(event: events.Event, actor: Actor, event_id: UUID) -> dict[str, Any]:
    """The header of an event, before it has a number and a body."""
    return {
        "action": event.kind,
        "actor": {"ref": actor.pseudonym, "type": _text(actor.kind)},
        "auth": {
            "method": _text(actor.recorded_method),
            "mfa": actor.used_second_factor,
            "token_ref": str(actor.origin.credential_id or ""),
        },
        "b": None,
        "category": event.category,
        "id": str(event_id),
        "log": str(event.organisation_id) if event.organisation_id else INSTANCE_LOG,
        "outcome": _text(event.outcome),
        "request_id": actor.origin.request_id[:LONGEST_REFERENCE],
        "target": {"ref": str(event.about) if event.about else "", "type": event.target},
        "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "v": entry.VERSION,
    }


def _spelled(
    event: events.Event, body: dict[str, Any], personal: list[list[str]]
) -> tuple[bytes | None, bytes | None]:
    """The salt of a body, and the body as it is hashed; neither where there is none."""
    if not body:
        return None, None
    text = canonical(body)
    _insist_it_fits(event, text, personal)
    return os.urandom(entry.SALT_BYTES), text


def add(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows into the queue."""
    if rows:
        connection.execute(ADD, rows)


def add_last(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows into the queue of PostgreSQL in the round trip of the commit."""
    line = cast("Line", connection.connection.driver_connection)
    line.last = tuple(Last(_PLAIN_ADD, _values(row), _FORMATS) for row in rows)


def _values(row: dict[str, Any]) -> list[bytes | None]:
    return [
        value if value is None or isinstance(value, bytes) else str(value).encode()
        for value in map(row.__getitem__, COLUMNS)
    ]


def prepare_nothing() -> dict[str, Any]:
    """A row to try out whether the queue takes one; whoever adds it takes it back."""
    nothing = dict.fromkeys(("salt", "body", "personal"))
    return {"event_id": new_id(), "log": INSTANCE_LOG, "header": "{}", **nothing}


def _insist_it_fits(event: events.Event, text: bytes, personal: list[list[str]]) -> None:
    """Better an honest no than a line that no export, no stream and no verifier can take."""
    longest = max((len(words.encode()) for *_rest, words in personal), default=0)
    if len(text) > LARGEST_BODY or longest > LONGEST_VALUE:
        raise TooLargeError(
            sentence(
                "The audit record of this (%(action)s) would be too large: %(size)s bytes, "
                "with values of up to %(longest)s. Do less at once.",
                action=event.kind,
                size=len(text),
                longest=longest,
            )
        )


@cache
def _text(member: Any) -> str:
    return str(member)


def _body(event: events.Event, actor: Actor) -> tuple[dict[str, Any], list[list[str]]]:
    """The body, with commitments in the place of personal values; and these, to be kept apart."""
    body, personal = event.body(), []
    person = event.person or actor.pseudonym
    values = [(name, person, value) for name, value in event.personal_values().items()]
    if actor.origin.address and not event.is_impersonal:
        values.append(("address", actor.pseudonym, actor.origin.address))
    if actor.impersonator is not None and not event.is_impersonal:
        body["impersonator"] = actor.impersonator.pseudonym
    for name, whose, value in values:
        words = value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "")
        salt = os.urandom(entry.SALT_BYTES)
        body[name] = entry.commit_personal(name, salt, words)
        personal.append([name, whose, base64.b64encode(salt).decode("ascii"), words])
    return body, personal
