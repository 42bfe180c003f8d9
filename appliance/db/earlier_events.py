"""What releases before the logs recorded, on its way into them; migration 0009 alone needs it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from appliance.domain.ids import new_id
from audit import entry
from audit.canonical import canonical

AT_ONCE = 2000
COUNTED_EVERY = 100_000
"""Verifiers let only so many entries wait for a heartbeat."""
SOURCE = "before"
"""Stands for the processes of earlier releases, which did not count what they wrote."""
QUEUE_COLUMNS = ("event_id", "log", "header", "salt", "body", "personal")
EVENTS = sa.table(
    "audit_events",
    sa.column("position", sa.BigInteger()),
    sa.column("event_id", sa.Uuid()),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
    *(
        sa.column(name, sa.Text())
        for name in (
            *("log", "kind", "category", "outcome", "actor_kind", "actor_ref", "target_kind"),
            *("target_ref", "method", "credential_ref", "request_id", "body"),
        )
    ),
)
VALUES = sa.table(
    "audit_personal_values",
    sa.column("event_id", sa.Uuid()),
    sa.column("field", sa.Text()),
    sa.column("person", sa.Text()),
    sa.column("salt", sa.LargeBinary()),
    sa.column("value", sa.Text()),
)


def move(connection: sa.Connection) -> None:
    """Put all of it into the queue, in its order."""
    numbers: dict[str, int] = {}
    counted: dict[str, int] = {}
    queue = sa.table("audit_queue", *(sa.column(name) for name in QUEUE_COLUMNS))
    queue.c.event_id.type = sa.Uuid()
    for rows in _batches(connection):
        values = _values_of(connection, [row.event_id for row in rows])
        connection.execute(
            sa.insert(queue), [_queued(row, values.get(row.event_id, []), numbers) for row in rows]
        )
        _count(connection, queue, numbers, counted, at_least=COUNTED_EVERY)
    _count(connection, queue, numbers, counted, at_least=1)


def _count(
    connection: sa.Connection,
    queue: Any,
    numbers: dict[str, int],
    counted: dict[str, int],
    *,
    at_least: int,
) -> None:
    """Say, as a process does of what it wrote, how many events of each log were moved."""
    for log, number in numbers.items():
        if number - counted.get(log, 0) >= at_least:
            connection.execute(sa.insert(queue), _heartbeat(log, number))
            numbers[log] = counted[log] = number + 1


def _heartbeat(log: str, number: int) -> dict[str, Any]:
    """Not signed: the processes that wrote the events are long gone, and had no keys."""
    body = {"committed": number, "log": log, "signature": "", "unknown": 0, "up_to": number}
    text, salt, event_id = _spelled(body), os.urandom(entry.SALT_BYTES), new_id()
    header = {
        "action": "audit.heartbeat",
        "actor": {"ref": "appliance", "type": "appliance"},
        "auth": {"method": "internal", "mfa": False, "token_ref": ""},
        "b": entry.commit_text(salt, text.encode()),
        "category": "audit",
        "id": str(event_id),
        "log": log,
        "outcome": "success",
        "request_id": "",
        "src": {"boot": SOURCE, "n": number + 1, "node": SOURCE},
        "target": {"ref": "", "type": "log"},
        "time": _moment(datetime.now(UTC)),
        "v": 1,
    }
    return {
        "event_id": event_id,
        "log": log,
        "header": _spelled(header),
        "salt": salt,
        "body": text,
        "personal": None,
    }


def _batches(connection: sa.Connection) -> Iterator[list[sa.Row[Any]]]:
    done = 0
    while True:
        query = sa.select(EVENTS).where(EVENTS.c.position > done).order_by(EVENTS.c.position)
        rows = list(connection.execute(query.limit(AT_ONCE)))
        if not rows:
            return
        yield rows
        done = rows[-1].position


def _values_of(connection: sa.Connection, ids: list[Any]) -> dict[Any, list[list[str]]]:
    found: dict[Any, list[list[str]]] = {}
    for row in connection.execute(sa.select(VALUES).where(VALUES.c.event_id.in_(ids))):
        salt = base64.b64encode(row.salt).decode("ascii")
        found.setdefault(row.event_id, []).append([row.field, row.person, salt, row.value])
    return found


def _queued(row: sa.Row[Any], personal: list[list[str]], numbers: dict[str, int]) -> dict[str, Any]:
    numbers[row.log] = numbers.get(row.log, 0) + 1
    salt = os.urandom(entry.SALT_BYTES)
    header = {
        "action": row.kind,
        "actor": {"ref": row.actor_ref, "type": row.actor_kind},
        "auth": {"method": row.method, "mfa": False, "token_ref": row.credential_ref},
        "b": None if row.body == "{}" else entry.commit_text(salt, row.body.encode()),
        "category": row.category,
        "id": str(row.event_id),
        "log": row.log,
        "outcome": row.outcome,
        "request_id": row.request_id,
        "src": {"boot": SOURCE, "n": numbers[row.log], "node": SOURCE},
        "target": {"ref": row.target_ref, "type": row.target_kind},
        "time": _moment(row.occurred_at),
        "v": 1,
    }
    has_body = row.body != "{}"
    return {
        "event_id": row.event_id,
        "log": row.log,
        "header": _spelled(header),
        "salt": salt if has_body else None,
        "body": row.body if has_body else None,
        "personal": json.dumps(personal) if personal else None,
    }


def _spelled(value: dict[str, Any]) -> str:
    return canonical(value).decode()


def _moment(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
