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


@dataclass(frozen=True)
class Mark:
    """How far the record was: entries in the logs, and the newest place in the queue."""

    entries: int
    newest: int


def mark(engine: sa.Engine) -> Mark:
    """How far the record is now."""
    entries = sa.select(sa.func.count()).select_from(AuditLeaf).scalar_subquery()
    newest = sa.select(sa.func.coalesce(sa.func.max(AuditQueued.position), 0)).scalar_subquery()
    with engine.connect() as connection:
        return Mark(*connection.execute(sa.select(entries, newest)).one())


def actions_since(engine: sa.Engine, before: Mark) -> list[str]:
    """What happened after a mark, oldest first, in a record that nobody sequences meanwhile."""
    assert mark(engine).entries == before.entries, "what was in the queue has left it"
    later = sa.select(AuditQueued.header).where(AuditQueued.position > before.newest)
    with engine.connect() as connection:
        found = connection.scalars(later.order_by(AuditQueued.position)).all()
    return [json.loads(header)["action"] for header in found]


def _values(personal: str | None) -> dict[str, Value]:
    return {
        field: Value(person, base64.b64decode(salt), words)
        for field, person, salt, words in json.loads(personal or "[]")
    }
