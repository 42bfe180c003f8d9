"""How logs grow: each event gets a place, each log its tree and a signed state.

Called by whoever is the only writer: the sequencer, and who changes a log's key or continues one.
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
from appliance.db.audit_log import AuditBody, AuditCheckpoint, AuditLeaf, AuditLog, AuditValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import ConflictError, DamagedError, sentence
from appliance.security.log_signing import Head
from appliance.services.audit_log import keys
from appliance.services.audit_log import values as audit_values
from audit import merkle, note, tiles

if TYPE_CHECKING:
    from appliance.security.signing import SigningKey
    from appliance.wiring import LogTools


class RolledBackError(DamagedError):
    """The database knows less of a log than was signed: an earlier state of it was put back."""

    code = "audit_rolled_back"
    title = "The audit log was put back to an earlier state"


@dataclass
class Growing:
    """A log and what is added to it in this turn."""

    id: int
    name: str
    origin: str
    frontier: merkle.Frontier
    tiles: log_store.Tiles = field(default_factory=dict)
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
        if row.personal is None:
            return
        for number, (name, person, salt, words) in enumerate(json.loads(row.personal)):
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


@gate.open_to_everyone(because="the writers of the logs call it, who have asked")
def newest(work: UnitOfWork, names: Iterable[str] | None = None) -> dict[str, AuditLog]:
    """The log that grows under each name; of all names where none are given."""
    query = sa.select(AuditLog).order_by(AuditLog.generation)
    if names is not None:
        query = query.where(AuditLog.name.in_(names))
    return {log.name: log for log in work.session.scalars(query)}


@gate.open_to_everyone(because="the writers of the logs call it, who have asked")
def begin(
    work: UnitOfWork, name: str, *, generation: int = 1, tools: LogTools, now: datetime
) -> AuditLog:
    """A log that is still empty."""
    origin = f"{tools.origin}/{name}" + ("" if generation == 1 else f"/{generation}")
    log = AuditLog(
        name=name,
        generation=generation,
        origin=origin,
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


@gate.open_to_everyone(because="the writers of the logs call it, who have asked")
def insist_on_signed(work: UnitOfWork, log: AuditLog, head: Head | None) -> Head | None:
    """Go on only if a log is, or has grown from, what was signed last.

    Gives the state to remember, where a writer was cut off after it had signed and before it
    could remember that.

    Errors:
        RolledBackError: it is not; an earlier state or another log is in the database.
        DamagedError: the database contradicts itself.
    """
    if _frontier(log).root() != log.root:
        raise DamagedError(log_store.TILES)
    if head is None:
        return Head(log.size, log.root) if log.size else None
    if log.size == head.size and log.root == head.root:
        return None
    if log.size <= head.size:
        raise RolledBackError(_rolled_back(log, head))
    connection = work.session.connection()
    if log_store.root_at(connection, log.id, head.size) != head.root:
        raise RolledBackError(_rolled_back(log, head))
    # The tiles are only as good as their own root: they must lead to what is there now, too.
    if log_store.root_at(connection, log.id, log.size) != log.root:
        raise DamagedError(log_store.TILES)
    return Head(log.size, log.root)


def _rolled_back(log: AuditLog, head: Head) -> str:
    return sentence(
        "The audit log %(origin)s was signed with %(signed)s entries, and the database has "
        "%(found)s, or others. Nothing more is signed. Put the newer database back, or begin a "
        "successor with `codara audit recover`.",
        origin=log.origin,
        signed=head.size,
        found=log.size,
    )


def _frontier(log: AuditLog) -> merkle.Frontier:
    try:
        return merkle.Frontier.of(log.size, log.edge)
    except ValueError as error:
        raise DamagedError(log_store.TILES) from error


@gate.open_to_everyone(because="the writers of the logs call it, who have asked")
def growing(work: UnitOfWork, log: AuditLog) -> Growing:
    """A log, ready to be added to.

    Errors:
        DamagedError: the database contradicts itself.
    """
    unfinished = log_store.unfinished_tiles(work.session.connection(), log.id, log.size)
    return Growing(log.id, log.name, log.origin, _frontier(log), unfinished)


@gate.open_to_everyone(because="the writers of the logs call it, who have asked")
def store(
    work: UnitOfWork,
    logs: Sequence[Growing],
    *,
    tools: LogTools,
    now: datetime,
    drafted: SigningKey | None = None,
) -> dict[str, Head]:
    """Write what was added, and sign it; gives the new states by origin.

    Errors:
        ConflictError: another writer was quicker.
        DamagedError: the key that signs a log is not here.
    """
    connection = work.session.connection()
    leaves = [row for each in logs for row in each.leaves]
    bulk.insert(connection, AuditLeaf, ("log_id", "idx", "event_id", "header"), leaves)
    bodies = [row for each in logs for row in each.bodies]
    bulk.insert(connection, AuditBody, ("log_id", "idx", "salt", "body"), bodies)
    sealed = audit_values.seal(
        work, [value for each in logs for value in each.values], sealer=tools.sealer, now=now
    )
    columns = ("log_id", "idx", "number", "field", "person", "sealed")
    bulk.insert(connection, AuditValue, columns, sealed)
    for each in logs:
        _grow(work, each)
    sizes = {each.id: (each.origin, each.frontier.size) for each in logs}
    keys.note(work, sizes, signer=tools.signer, drafted=drafted)
    return {each.origin: _sign(work, each, tools, now, drafted) for each in logs}


def _grow(work: UnitOfWork, log: Growing) -> None:
    size, frontier = log.frontier.size, log.frontier
    state = log_store.State(size, frontier.root(), frontier.to_bytes())
    connection = work.session.connection()
    if not log_store.grow(connection, log.id, size - len(log.leaves), state):
        raise ConflictError("Another writer has added to the audit log at the same moment.")
    log_store.put_tiles(connection, log.id, log.tiles)


def _sign(
    work: UnitOfWork, log: Growing, tools: LogTools, now: datetime, drafted: SigningKey | None
) -> Head:
    head = Head(log.frontier.size, log.frontier.root())
    state = note.Checkpoint(log.origin, head.size, head.root)
    signed = tools.signer.sign_checkpoint(state, int(now.timestamp()), drafted=drafted)
    work.session.add(AuditCheckpoint(log_id=log.id, size=head.size, note=signed, made_at=now))
    return head
