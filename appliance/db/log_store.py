"""How the logs lie in the tables: taking from the queue, growing, and the tiles of the tree."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from appliance.db.audit_log import AuditLog, AuditQueued, AuditTile, PersonKey
from appliance.db.engine import is_sqlite
from appliance.errors import DamagedError, sentence
from audit import merkle, tiles

LOCK = 0x636F64617261
"""Any number that nobody else locks."""
MOST_BYTES = 32 * 1024 * 1024
"""Of events taken from the queue at once; some say much."""
TILES = sentence("The hash tree of an audit log was changed in the database. Restore a backup.")
Tiles = dict[tuple[int, int], bytearray]
"""The hashes of tiles by level and index."""


@dataclass(frozen=True)
class State:
    """A log as it is at a size. `edge` are the hashes of `audit.merkle.Frontier`."""

    size: int
    root: bytes
    edge: bytes


def is_only_writer(connection: sa.Connection) -> bool:
    """Whether nobody else takes from the queue until the transaction ends.

    On SQLite whoever may write at all is alone.
    """
    return is_sqlite(connection) or bool(
        connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK)))
    )


def take(connection: sa.Connection, at_once: int) -> Sequence[sa.Row[Any]]:
    """Remove the oldest rows from the queue; gives them, oldest first.

    Taken away by DELETE: rows whose transactions end late are not overlooked, as they would be by
    whoever asks for positions beyond the last one seen.
    """
    queue = sa.inspect(AuditQueued).local_table
    size = _bytes_of(connection, queue).label("size")
    oldest = sa.select(queue.c.position, size).order_by(queue.c.position).limit(at_once)
    found = connection.execute(oldest).all()
    if not found:
        return []
    total, last = 0, found[0].position
    for row in found:
        total += row.size
        if total > MOST_BYTES and row is not found[0]:
            break
        last = row.position
    return _taken(connection, queue.c.position.between(found[0].position, last))


def become_only_writer(connection: sa.Connection) -> None:
    """Wait until nobody else takes from the queue, and be the only one then."""
    if not is_sqlite(connection):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def take_one(connection: sa.Connection, event_id: UUID) -> sa.Row[Any]:
    """Remove one event from the queue, which this very transaction has put there."""
    (row,) = _taken(connection, AuditQueued.event_id == event_id)
    return row


def _taken(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    queue = sa.inspect(AuditQueued).local_table
    taken = sa.delete(AuditQueued).where(which).returning(*queue.c)
    return sorted(connection.execute(taken), key=lambda row: int(row.position))


def _bytes_of(connection: sa.Connection, queue: Any) -> Any:
    # SQLite counts characters, which is near enough to keep within the memory there is.
    length = sa.func.length if is_sqlite(connection) else sa.func.octet_length
    header, body, personal = (
        sa.func.coalesce(length(each), 0)
        for each in (queue.c.header, queue.c.body, queue.c.personal)
    )
    return header + body + personal


def grow(connection: sa.Connection, log_id: int, from_size: int, to: State) -> bool:
    """Let a log grow from the size it was read at; gives whether it had that size still."""
    grown = connection.execute(
        sa.update(AuditLog)
        .where(AuditLog.id == log_id, AuditLog.size == from_size)
        .values(size=to.size, root=to.root, edge=to.edge)
    )
    return grown.rowcount == 1


def root_at(connection: sa.Connection, log_id: int, size: int) -> bytes:
    """The root that a log had at a size it has outgrown.

    Errors:
        DamagedError: the tiles do not tell.
    """

    def tile(level: int, index: int) -> bytes:
        which = AuditTile.log_id == log_id, AuditTile.level == level, AuditTile.idx == index
        return connection.scalar(sa.select(AuditTile.hashes).where(*which)) or b""

    try:
        return merkle.root_at(size, tiles.node_from(functools.cache(tile)))
    except ValueError as error:
        raise DamagedError(TILES) from error


def unfinished_tiles(connection: sa.Connection, log_id: int, size: int) -> Tiles:
    """The last tile of each level, where it is not full.

    Errors:
        DamagedError: one is missing, or not as long as a log of this size has it.
    """
    wanted = {
        (level, count // tiles.WIDTH): count % tiles.WIDTH
        for level, count in tiles.widths(size)
        if count % tiles.WIDTH
    }
    if not wanted:
        return {}
    rows = connection.execute(
        sa.select(AuditTile.level, AuditTile.idx, AuditTile.hashes).where(
            AuditTile.log_id == log_id, sa.tuple_(AuditTile.level, AuditTile.idx).in_(list(wanted))
        )
    )
    found = {(row.level, row.idx): bytearray(row.hashes) for row in rows}
    if {at: len(each) for at, each in found.items()} != {
        at: width * merkle.HASH_BYTES for at, width in wanted.items()
    }:
        raise DamagedError(TILES)
    return found


def put_person_keys(
    connection: sa.Connection, wrapped: Mapping[str, bytes], *, now: datetime
) -> None:
    """Write new data keys of persons.

    Whoever was erased and acts again, or is acted upon, is a new person to the log.
    """
    add = sqlite.insert(PersonKey) if is_sqlite(connection) else postgresql.insert(PersonKey)
    anew = {"wrapped": add.excluded.wrapped, "created_at": now, "destroyed_at": None}
    rows = [
        {"person": person, "wrapped": key, "created_at": now, "destroyed_at": None}
        for person, key in wrapped.items()
    ]
    connection.execute(add.on_conflict_do_update(index_elements=["person"], set_=anew), rows)


def put_tiles(connection: sa.Connection, log_id: int, changed: Mapping[Any, bytearray]) -> None:
    """Write tiles; those that are there already have grown."""
    add = sqlite.insert(AuditTile) if is_sqlite(connection) else postgresql.insert(AuditTile)
    grown = add.on_conflict_do_update(
        index_elements=["log_id", "level", "idx"], set_={"hashes": add.excluded.hashes}
    )
    rows = [
        {"log_id": log_id, "level": level, "idx": index, "hashes": bytes(hashes)}
        for (level, index), hashes in changed.items()
    ]
    connection.execute(grown, rows)
