"""What was recorded so far: in the logs, and on the way to them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from appliance.db.audit_log import AuditBody, AuditLeaf, AuditQueued


@dataclass(frozen=True)
class Value:
    """A personal value, while it is still in the queue."""

    person: str
    salt: bytes
    value: str


@dataclass(frozen=True)
class Event:
    """One event: its header, its body, and what it keeps apart."""

    header: dict[str, Any]
    text: str
    values: dict[str, Value]

    @property
    def action(self) -> str:
        """What happened."""
        return self.header["action"]

    @property
    def body(self) -> dict[str, Any]:
        """The body, with commitments in place of personal values."""
        return json.loads(self.text)


def recorded(engine: sa.Engine, action: str | None = None) -> list[Event]:
    """All events, oldest first; or those of one action."""
    with engine.connect() as connection:
        in_logs = (
            sa.select(AuditLeaf.header, AuditBody.body, sa.null().label("personal"))
            .join_from(
                AuditLeaf,
                AuditBody,
                (AuditBody.log_id == AuditLeaf.log_id) & (AuditBody.idx == AuditLeaf.idx),
                isouter=True,
            )
            .order_by(AuditLeaf.event_id)
        )
        waiting = sa.select(AuditQueued.header, AuditQueued.body, AuditQueued.personal)
        waiting = waiting.order_by(AuditQueued.position)
        rows = [*connection.execute(in_logs), *connection.execute(waiting)]
    events = [
        Event(json.loads(row.header), row.body or "{}", _values(row.personal)) for row in rows
    ]
    return [each for each in events if action in {None, each.action}]


def _values(personal: str | None) -> dict[str, Value]:
    return {
        field: Value(person, base64.b64decode(salt), words)
        for field, person, salt, words in json.loads(personal or "[]")
    }
