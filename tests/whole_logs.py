"""Whether the audit logs of an appliance are whole: every promise about them, looked at anew.

What is checked is computed from the entries alone, with nothing that the sequencer has computed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.db import log_store
from appliance.db.audit_log import (
    AuditBody,
    AuditCheckpoint,
    AuditFinding,
    AuditKey,
    AuditLeaf,
    AuditLog,
    AuditQueued,
    AuditValue,
)
from appliance.security.log_checking import is_signed_text
from audit import entry, merkle, note
from audit.heartbeats import Heartbeats, Vouching
from audit.permissions import Permissions
from audit.signatures import Signatures
from tests.world import World


@dataclass(frozen=True)
class Entry:
    """One entry with its body."""

    header: dict[str, Any]
    text: str
    body: dict[str, Any]


def insist_on_whole_logs(world: World) -> dict[UUID, tuple[str, int]]:
    """Check everything; gives each event's log and index."""
    engine, places = world.wiring.database.engine, {}
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(AuditQueued)) == 0
        for log in connection.execute(sa.select(AuditLog)).all():
            entries = _entries(connection, log.id)
            assert len(entries) == log.size
            places |= {
                UUID(each.header["id"]): (log.name, index) for index, each in enumerate(entries)
            }
            _tree_is_right(world, connection, log, entries)
            _values_are_there(connection, log.id, entries)
            assert counting_problems(connection, log.id, log.name, entries) == []
        count = connection.scalar(sa.select(sa.func.count()).select_from(AuditLeaf))
    assert count == len(places)
    return places


def _entries(connection: sa.Connection, log_id: int) -> list[Entry]:
    query = (
        sa.select(AuditLeaf.idx, AuditLeaf.header, AuditBody.salt, AuditBody.body)
        .join_from(
            AuditLeaf,
            AuditBody,
            (AuditBody.log_id == AuditLeaf.log_id) & (AuditBody.idx == AuditLeaf.idx),
            isouter=True,
        )
        .where(AuditLeaf.log_id == log_id)
        .order_by(AuditLeaf.idx)
    )
    found = []
    for index, row in enumerate(connection.execute(query)):
        assert row.idx == index
        header = entry.read(row.header.encode()).members
        expected = entry.commit_text(row.salt, row.body.encode()) if row.body else None
        assert header["b"] == expected
        found.append(Entry(header, row.header, json.loads(row.body or "{}")))
    return found


def _tree_is_right(world: World, connection: sa.Connection, log: Any, entries: list[Entry]) -> None:
    query = sa.select(AuditCheckpoint).where(AuditCheckpoint.log_id == log.id)
    notes = {row.size: row.note for row in connection.execute(query)}
    frontier, roots = merkle.Frontier(), {}
    for each in entries:
        frontier.append(merkle.leaf_hash(each.text.encode()))
        if frontier.size in notes:
            roots[frontier.size] = frontier.root()
    assert (log.size, log.root) == (frontier.size, frontier.root())
    assert log.size in notes
    assert log.edge == frontier.to_bytes()
    for size, text in notes.items():
        parsed = note.parse(text.encode())
        assert note.checkpoint(parsed.text) == note.Checkpoint(log.origin, size, roots[size])
        wanted = _keys_at(connection, log.id, size)
        assert {key for key, _ in note.signed_by(parsed, wanted)} == set(wanted)
        assert wanted
        assert log_store.root_at(connection, log.id, size) == roots[size]
    head = world.wiring.logs.heads.read()[log.origin]
    assert (head.size, head.root) == (log.size, log.root)


def _keys_at(connection: sa.Connection, log_id: int, size: int) -> list[note.Key]:
    rows = connection.execute(sa.select(AuditKey).where(AuditKey.log_id == log_id))
    return [
        note.Key.parse(row.vkey)
        for row in rows
        if row.from_size <= size and (row.until_size is None or size < row.until_size)
    ]


def _values_are_there(connection: sa.Connection, log_id: int, entries: list[Entry]) -> None:
    told = sum(
        isinstance(value, str) and value.startswith("p1:")
        for each in entries
        for value in each.body.values()
    )
    for table, expected in ((AuditValue, told), (AuditFinding, len(entries))):
        query = sa.select(sa.func.count()).select_from(table).where(table.log_id == log_id)
        assert connection.scalar(query) == expected


def counting_problems(
    connection: sa.Connection, log_id: int, log: str, entries: list[Entry]
) -> list[str]:
    """What the offline verifier says of the counts, and of what is allowed, in these entries."""
    found: list[str | None] = []
    signatures, keys = Signatures(is_signed_text), {}
    judging = Permissions(
        connection.scalar(sa.select(AuditLog.origin).where(AuditLog.id == log_id)) or "",
        lambda _origin, index: _keys_at(connection, log_id, index + 1),
        signatures,
        say=found.append,
        note_void=found.append,
    )
    beats = Heartbeats(log, Vouching(judging, signatures), from_the_start=True)
    for index, each in enumerate(entries):
        source = each.header["src"]["node"], each.header["src"]["boot"]
        if index == 0 and each.header["action"] == "log.continued":
            beats.goes_on()
        found.append(beats.see(source, each.header["src"]["n"]))
        judging.allows(index, each.header, each.body or None)
        if each.header["action"] == "audit.node_started":
            found.append(beats.meet(index, source, each.body, keys))
        if each.header["action"] == "audit.heartbeat":
            found.append(beats.beat(index, source, each.body))
    return [each for each in found if each] + list(beats.unsigned(keys))
