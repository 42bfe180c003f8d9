"""How the logs lie in the tables: taking from the queue, growing, and the tiles of the tree."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from appliance.db.audit_log import AuditLog, AuditQueued, AuditTile, PersonKey
from appliance.db.engine import is_sqlite
from appliance.domain.queued_events import Queued
from appliance.errors import DamagedError, sentence
from audit import merkle, tiles

LOCK = 0x636F64617261
"""Any number that nobody else locks."""
MOST_BYTES = 32 * 1024 * 1024
"""Of events taken from the queue at once; some say much."""
TILES = sentence("The hash tree of an audit log was changed in the database. Restore a backup.")
# Spelled out: of what is returned on SQLite, the names of tables would be left away, and a column
# counts there as one of no type, for which no index is asked and every leaf would be read.
_KNOWN = "EXISTS (SELECT 1 FROM audit_leaves WHERE audit_leaves.event_id = %s)"
IS_KNOWN: Any = sa.literal_column(_KNOWN % "audit_queue.event_id")
IS_KNOWN_ON_SQLITE: Any = sa.literal_column(_KNOWN % "CAST(audit_queue.event_id AS TEXT)")
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


def take(connection: sa.Connection, at_once: int) -> list[Queued]:
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


def take_one(connection: sa.Connection, event_id: UUID) -> Queued:
    """Remove one event from the queue, which this very transaction has put there."""
    (row,) = _taken(connection, AuditQueued.event_id == event_id)
    return row


def _taken(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[Queued]:
    queue = sa.inspect(AuditQueued).local_table
    columns: list[Any] = [queue.c[name] for name in Queued._fields[:-1]]
    taken = sa.delete(AuditQueued).where(which)
    if is_sqlite(connection):
        # There a column holds whatever was put into it: it is read as it is, and looked at here.
        octets = (sa.cast(each, sa.LargeBinary) for each in columns[1:])
        rows = connection.execute(taken.returning(columns[0], *octets, IS_KNOWN_ON_SQLITE))
        return sorted(map(_read, rows))
    return sorted(map(Queued._make, connection.execute(taken.returning(*columns, IS_KNOWN))))


def _read(row: Any) -> Queued:
    position, event_id, log, header, salt, body, personal, is_known = row
    return Queued(
        position,
        _uuid(_text(event_id)),
        _text(log),
        _text(header),
        salt,
        _text(body),
        _text(personal),
        is_known=bool(is_known),
    )


def _text(octets: bytes | None) -> str | bytes | None:
    try:
        return octets if octets is None else octets.decode()
    except UnicodeDecodeError:
        return octets


def _uuid(text: str | bytes | None) -> Any:
    try:
        found = UUID(hex=text) if isinstance(text, str) else text
    except ValueError:
        return text
    # Spelled in another way it would not be found among the entries.
    return found if isinstance(found, UUID) and found.hex == text else text


def _bytes_of(connection: sa.Connection, queue: Any) -> Any:
    columns = queue.c.header, queue.c.body, queue.c.personal
    if is_sqlite(connection):
        # Of a text with U+0000 in it, it would count what stands before that.
        sizes = [sa.func.length(sa.cast(each, sa.LargeBinary)) for each in columns]
    else:
        sizes = [sa.func.octet_length(each) for each in columns]
    header, body, personal = (sa.func.coalesce(each, 0) for each in sizes)
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
