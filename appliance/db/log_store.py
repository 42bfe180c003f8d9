"""How the logs lie in the tables: taking from the queue, growing, and the tiles of the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from appliance.db.audit_log import AuditLog, AuditQueued, AuditTile
from appliance.db.engine import is_sqlite
from audit import tiles

LOCK = 0x636F64617261
"""Any number that nobody else locks."""
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
    oldest = sa.select(queue.c.position).order_by(queue.c.position).limit(at_once)
    taken = sa.delete(AuditQueued).where(queue.c.position.in_(oldest)).returning(*queue.c)
    return sorted(connection.execute(taken), key=lambda row: int(row.position))


def grow(connection: sa.Connection, log_id: int, from_size: int, to: State) -> bool:
    """Let a log grow from the size it was read at; gives whether it had that size still."""
    grown = connection.execute(
        sa.update(AuditLog)
        .where(AuditLog.id == log_id, AuditLog.size == from_size)
        .values(size=to.size, root=to.root, edge=to.edge)
    )
    return grown.rowcount == 1


def unfinished_tiles(connection: sa.Connection, log_id: int, size: int) -> Tiles:
    """The last tile of each level, where it is not full."""
    wanted = [
        (level, count // tiles.WIDTH) for level, count in tiles.widths(size) if count % tiles.WIDTH
    ]
    if not wanted:
        return {}
    rows = connection.execute(
        sa.select(AuditTile.level, AuditTile.idx, AuditTile.hashes).where(
            AuditTile.log_id == log_id, sa.tuple_(AuditTile.level, AuditTile.idx).in_(wanted)
        )
    )
    return {(row.level, row.idx): bytearray(row.hashes) for row in rows}


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
