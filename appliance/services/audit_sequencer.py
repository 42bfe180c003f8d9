"""From the queue into the logs: each event gets a place, each log its tree and a signed state.

There is one writer at a time. Rows leave the queue and enter their log in one transaction, and a
log grows only from the size it was read at, so that two writers cannot make two histories of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import bulk, log_store
from appliance.db.audit_log import (
    AuditBody,
    AuditCheckpoint,
    AuditLeaf,
    AuditLog,
    AuditQueued,
    AuditValue,
)
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, DamagedError, sentence
from appliance.security.log_signing import Head
from appliance.services import audit_values
from audit import merkle, note, tiles

if TYPE_CHECKING:
    from appliance.wiring import LogTools

AT_ONCE = 5000


class RolledBackError(DamagedError):
    """The database knows less of a log than was signed: an earlier state of it was put back."""

    code = "audit_rolled_back"
    title = "The audit log was put back to an earlier state"


@dataclass(frozen=True)
class Integrated:
    """What one turn did."""

    events: int
    heads: dict[str, Head] = field(default_factory=dict)
    """The signed states, by origin; to be remembered when they are committed."""


@dataclass
class _Growing:
    """A log and what is added to it in this turn."""

    id: int
    origin: str
    frontier: merkle.Frontier
    tiles: dict[tuple[int, int], bytearray] = field(default_factory=dict)
    leaves: list[tuple[Any, ...]] = field(default_factory=list)
    bodies: list[tuple[Any, ...]] = field(default_factory=list)
    values: list[audit_values.Open] = field(default_factory=list)

    def append(self, row: Any) -> None:
        """Give an event its place."""
        index = self.frontier.size
        leaf = merkle.leaf_hash(row.header.encode())
        self.frontier.append(leaf)
        self._into_tiles(leaf, index)
        self.leaves.append((self.id, index, row.event_id, row.header))
        if row.body is not None:
            self.bodies.append((self.id, index, row.salt, row.body))
        for number, (name, person, salt, words) in enumerate(json.loads(row.personal or "[]")):
            place = audit_values.Place(self.id, index, number)
            self.values.append(
                audit_values.Open(place, name, person, base64.b64decode(salt), words)
            )

    def _into_tiles(self, computed: bytes, index: int) -> None:
        for level in range(tiles.HIGHEST_LEVEL + 1):
            at = index // tiles.WIDTH
            tile = self.tiles.setdefault((level, at), bytearray())
            tile += computed
            if len(tile) < tiles.WIDTH * merkle.HASH_BYTES:
                return
            computed, index = tiles.tile_root(bytes(tile)), at


def is_anything_waiting(work: UnitOfWork) -> bool:
    """Whether there are events in the queue: asked without writing, because it is asked often."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return work.session.scalar(sa.select(AuditQueued.position).limit(1)) is not None


def integrate(
    work: UnitOfWork, *, tools: LogTools, now: datetime, at_once: int = AT_ONCE
) -> Integrated:
    """Take the oldest events from the queue into their logs, and sign what these are then.

    Errors:
        RolledBackError: the database was put back; nothing is signed, and the queue waits.
        ConflictError: another writer was quicker; nothing was done.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    connection = work.session.connection()
    if not log_store.is_only_writer(connection):
        return Integrated(0)
    rows = log_store.take(connection, at_once)
    if not rows:
        return Integrated(0)
    growing = _logs(work, {row.log for row in rows}, tools, now)
    for row in rows:
        growing[row.log].append(row)
    _store(work, list(growing.values()), tools, now)
    heads = {each.origin: _sign(work, each, tools, now) for each in growing.values()}
    return Integrated(len(rows), heads)


def _logs(
    work: UnitOfWork, names: Iterable[str], tools: LogTools, now: datetime
) -> dict[str, _Growing]:
    newest: dict[str, AuditLog] = {}
    query = sa.select(AuditLog).where(AuditLog.name.in_(names)).order_by(AuditLog.generation)
    for log in work.session.scalars(query):
        newest[log.name] = log
    signed = tools.heads.read()
    for name in sorted(set(names) - newest.keys()):
        newest[name] = _first_of(work, name, tools, now)
    growing = {}
    for name, log in newest.items():
        _insist_on_signed(log, signed.get(log.origin))
        each = _Growing(log.id, log.origin, merkle.Frontier.of(log.size, log.edge))
        each.tiles = log_store.unfinished_tiles(work.session.connection(), log.id, log.size)
        growing[name] = each
    return growing


def _first_of(work: UnitOfWork, name: str, tools: LogTools, now: datetime) -> AuditLog:
    """The first log of this name, still empty."""
    log = AuditLog(
        name=name,
        generation=1,
        origin=f"{tools.origin}/{name}",
        size=0,
        root=merkle.EMPTY_ROOT,
        edge=b"",
        searchable=0,
        minimum=0,
        minimum_bodies=0,
        created_at=now,
    )
    work.session.add(log)
    work.session.flush()
    return log


def _insist_on_signed(log: AuditLog, head: Head | None) -> None:
    if head is None or log.size > head.size:
        return
    if log.size < head.size or log.root != head.root:
        raise RolledBackError(
            sentence(
                "The audit log %(origin)s was signed with %(signed)s entries, and the database has "
                "%(found)s. Nothing more is signed. Put the newer database back, or begin a "
                "successor with `codara audit recover`.",
                origin=log.origin,
                signed=head.size,
                found=log.size,
            )
        )


def _store(work: UnitOfWork, growing: Sequence[_Growing], tools: LogTools, now: datetime) -> None:
    connection = work.session.connection()
    leaves = [row for each in growing for row in each.leaves]
    bulk.insert(connection, AuditLeaf, ("log_id", "idx", "event_id", "header"), leaves)
    bodies = [row for each in growing for row in each.bodies]
    bulk.insert(connection, AuditBody, ("log_id", "idx", "salt", "body"), bodies)
    sealed = audit_values.seal(
        work, [value for each in growing for value in each.values], sealer=tools.sealer, now=now
    )
    columns = ("log_id", "idx", "number", "field", "person", "sealed")
    bulk.insert(connection, AuditValue, columns, sealed)
    for each in growing:
        _grow(work, each)


def _grow(work: UnitOfWork, growing: _Growing) -> None:
    size, frontier = growing.frontier.size, growing.frontier
    state = log_store.State(size, frontier.root(), frontier.to_bytes())
    connection = work.session.connection()
    if not log_store.grow(connection, growing.id, size - len(growing.leaves), state):
        raise ConflictError("Another writer has added to the audit log at the same moment.")
    log_store.put_tiles(connection, growing.id, growing.tiles)


def _sign(work: UnitOfWork, growing: _Growing, tools: LogTools, now: datetime) -> Head:
    head = Head(growing.frontier.size, growing.frontier.root())
    state = note.Checkpoint(growing.origin, head.size, head.root)
    signed = tools.signer.sign_checkpoint(state, int(now.timestamp()))
    work.session.add(AuditCheckpoint(log_id=growing.id, size=head.size, note=signed, made_at=now))
    return head
