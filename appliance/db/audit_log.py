"""The audit log: a queue that every change writes to, and the logs that the sequencer makes of it.

Append-only on both databases: triggers refuse UPDATE and TRUNCATE of entries, bodies, values and
checkpoints, and let go only of what the log itself has given up (`AuditLog.minimum`,
`AuditLog.minimum_bodies`), or of values that an erasure takes away.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite counts rows by itself only in a column of its own kind of integer."""
INSTANCE_LOG = "instance"


def _rare(name: str, column: str, where: str) -> sa.Index:
    """An index of the few rows that have something in a column, by time."""
    condition = sa.text(where)
    return sa.Index(name, column, "occurred_at", sqlite_where=condition, postgresql_where=condition)


class AuditQueued(Table):
    """An event on its way into its log, written in the same transaction as the change.

    The sequencer takes rows away in the order of `position`; what it has taken is in the log.
    """

    __tablename__ = "audit_queue"
    # A position that was given out once is never given out again, whatever was deleted.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own name.
    audited = False  # It is the record itself.

    id = None  # type: ignore[assignment]  # The position is the key.
    position: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    event_id: Mapped[UUID]
    log: Mapped[str] = mapped_column(sa.String(100))
    header: Mapped[str] = mapped_column(sa.Text())
    """Canonical JSON, as it will stand in the log."""
    salt: Mapped[bytes | None]
    body: Mapped[str | None] = mapped_column(sa.Text())
    """Canonical JSON; a personal value is a commitment, its words are in `values`."""
    personal: Mapped[str | None] = mapped_column(sa.Text())
    """A JSON list of [field, person, salt in base64, words]; sealed when it leaves the queue."""


class AuditLog(Table):
    """One log: that of the instance, or of an organisation; after a recovery, its successor."""

    __tablename__ = "audit_logs"
    __table_args__ = (sa.UniqueConstraint("name", "generation"),)
    audited = False  # It follows from the entries.

    id: Mapped[int] = mapped_column(  # type: ignore[assignment]  # Small, because it is in every row.
        sa.Integer(), primary_key=True, autoincrement=True
    )
    name: Mapped[str] = mapped_column(sa.String(100))
    """An organisation's id, or `instance`."""
    generation: Mapped[int] = mapped_column(default=1)
    """The newest one grows; a recovery makes a new one and leaves the others as they are."""
    origin: Mapped[str] = mapped_column(sa.String(255), unique=True)
    size: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    root: Mapped[bytes]
    edge: Mapped[bytes]
    """The hashes of `audit.merkle.Frontier` for this size."""
    searchable: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Up to where the entries can be found by searching."""
    minimum: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Entries before this are gone; it only grows."""
    minimum_bodies: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Bodies before this are gone; it only grows."""
    created_at: Mapped[datetime]


class AuditLeaf(Table):
    """An entry of a log."""

    __tablename__ = "audit_leaves"
    audited = False  # It is the record itself.

    id = None  # type: ignore[assignment]  # Log and index are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    header: Mapped[str] = mapped_column(sa.Text())


class AuditBody(Table):
    """What an entry's commitment stands for."""

    __tablename__ = "audit_bodies"
    audited = False  # It belongs to the record.

    id = None  # type: ignore[assignment]  # Log and index are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    salt: Mapped[bytes]
    body: Mapped[str] = mapped_column(sa.Text())


class AuditValue(Table):
    """A personal value, sealed with the data key of the person it is about, so that it can go."""

    __tablename__ = "audit_values"
    audited = False  # It belongs to the record.

    id = None  # type: ignore[assignment]  # Log, index and number are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    """Which of the event's personal values; a list has several under one field."""
    field: Mapped[str] = mapped_column(sa.String(64))
    person: Mapped[str] = mapped_column(sa.String(64), index=True)
    sealed: Mapped[bytes]
    """The salt, 32 bytes, and the words, sealed together."""


class PersonKey(Table):
    """The data key of one person's values, wrapped by the site's; without it they are noise."""

    __tablename__ = "person_keys"
    audited = False  # Made on first use; its destruction is an event of its own.

    id = None  # type: ignore[assignment]  # The pseudonym is the key.
    person: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    wrapped: Mapped[bytes | None]
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class AuditTile(Table):
    """Up to 256 hashes of one level of a log's tree, in the layout called tlog-tiles."""

    __tablename__ = "audit_tiles"
    audited = False  # It follows from the entries.

    id = None  # type: ignore[assignment]  # Log, level and index are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    hashes: Mapped[bytes]


class AuditCheckpoint(Table):
    """A signed state of a log."""

    __tablename__ = "audit_checkpoints"
    audited = False  # It follows from the entries.

    id = None  # type: ignore[assignment]  # Log and size are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(sa.Text())
    made_at: Mapped[datetime]


class AuditKey(Table):
    """A public key that signs the states of a log, and for which sizes it does."""

    __tablename__ = "audit_keys"
    audited = False  # Its rotation is an entry of the log itself.

    id = None  # type: ignore[assignment]  # Log and key are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    vkey: Mapped[str] = mapped_column(sa.Text(), primary_key=True)
    """As signed notes spell it: name, id and key."""
    from_size: Mapped[int] = mapped_column(sa.BigInteger())
    """The smallest state that it has signed."""
    until_size: Mapped[int | None] = mapped_column(sa.BigInteger())
    """It signs states smaller than this; empty while it signs."""


class AuditFinding(Table):
    """What of an entry can be searched for. It can be made anew from the log at any time.

    Words are indexed beside the table, as each database does it: see the migration.
    """

    __tablename__ = "audit_search"
    __table_args__ = (
        sa.UniqueConstraint("log_id", "idx"),
        sa.Index("ix_audit_search_log", "log_id", "occurred_at"),
        sa.Index("ix_audit_search_actor", "actor_ref", "occurred_at"),
        sa.Index("ix_audit_search_target", "target_ref", "occurred_at"),
        sa.Index("ix_audit_search_action", "action", "occurred_at"),
        sa.Index("ix_audit_search_category", "category", "occurred_at"),
        _rare("ix_audit_search_outcome", "outcome", "outcome <> 'success'"),
        _rare("ix_audit_search_named", "named_ref", "named_ref <> ''"),
        _rare("ix_audit_search_token", "token_ref", "token_ref <> ''"),
        # A place that was given out once is never given out again, whatever was deleted.
        {"sqlite_autoincrement": True},
    )
    audited = False  # It follows from the entries.

    id = None  # type: ignore[assignment]  # The place is the key.
    place: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    """In which order entries came to be found, over all logs; in a log, that of the log."""
    log_id: Mapped[int] = mapped_column(sa.Integer())
    idx: Mapped[int] = mapped_column(sa.BigInteger())
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(sa.String(100))
    category: Mapped[str] = mapped_column(sa.String(32))
    outcome: Mapped[str] = mapped_column(sa.String(16))
    actor_type: Mapped[str] = mapped_column(sa.String(32))
    actor_ref: Mapped[str] = mapped_column(sa.String(64))
    target_type: Mapped[str] = mapped_column(sa.String(32))
    target_ref: Mapped[str] = mapped_column(sa.String(64))
    named_ref: Mapped[str] = mapped_column(sa.String(64))
    """The user or team that the body names, if it names one."""
    method: Mapped[str] = mapped_column(sa.String(32))
    token_ref: Mapped[str] = mapped_column(sa.String(64))
    request_id: Mapped[str] = mapped_column(sa.String(64), index=True)
    address: Mapped[bytes | None] = mapped_column(index=True)
    """16 bytes, IPv4 as mapped into IPv6, so that a network is a range; an erasure empties it."""
    words: Mapped[str | None] = mapped_column(sa.Text())
    """The words of body and personal values, each between spaces; an erasure empties it."""
