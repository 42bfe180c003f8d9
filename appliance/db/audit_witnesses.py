"""Who else has seen the states of the audit logs: witnesses, their signatures, and time stamps.

Signatures and time stamps are append-only on both databases, as the log itself is.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table

ONLY = 1


class Witness(Table):
    """Somebody else's program that signs states of the logs, or a laptop that comes by."""

    __tablename__ = "witnesses"

    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    operator: Mapped[str] = mapped_column(sa.String(64))
    """Who runs it. The witnesses of one operator count once."""
    vkey: Mapped[str] = mapped_column(sa.Text(), unique=True)
    url: Mapped[str] = mapped_column(sa.String(2048))
    """Where it is asked; empty where files are carried to it."""
    created_at: Mapped[datetime]


class WitnessQuorum(Table):
    """How many operators must have signed. There is one row, or none: then a majority of them."""

    __tablename__ = "witness_quorum"

    id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)  # type: ignore[assignment]  # There is one row.
    needed: Mapped[int]


class WitnessState(Table):
    """How far a witness has come with a log, and how it answers."""

    __tablename__ = "witness_states"
    audited = False  # What witnesses answer is told by events of its own, not each time.

    id = None  # type: ignore[assignment]  # Witness and log are the key.
    witness_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("witnesses.id", ondelete="CASCADE"), primary_key=True
    )
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    known_size: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """The size that it has signed last, as far as we know."""
    failures: Mapped[int] = mapped_column(default=0)
    """In a row."""
    problem: Mapped[str] = mapped_column(sa.Text(), default="")
    problem_since: Mapped[datetime | None]
    is_contradicting: Mapped[bool] = mapped_column(default=False)
    """It has signed, or been shown, another history than ours."""
    not_before: Mapped[datetime]
    """When it is asked next."""


class WitnessedLog(Table):
    """Up to where enough witnesses have signed a log."""

    __tablename__ = "witnessed_logs"
    audited = False  # It follows from the signatures.

    id = None  # type: ignore[assignment]  # The log is the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    is_overdue: Mapped[bool] = mapped_column(default=False)
    """Whether that it takes too long was recorded."""


class AuditCosignature(Table):
    """A witness's signature under a state of a log."""

    __tablename__ = "audit_cosignatures"
    audited = False  # It belongs to the record.

    id = None  # type: ignore[assignment]  # Log, size and key are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    """Name and id of the key, with a plus between them: the beginning of its verifier key."""
    line: Mapped[str] = mapped_column(sa.Text())
    received_at: Mapped[datetime]


class AuditAnchor(Table):
    """What a time-stamping authority signed about a state of a log."""

    __tablename__ = "audit_anchors"
    audited = False  # It belongs to the record.

    id = None  # type: ignore[assignment]  # Log, size and authority are the key.
    log_id: Mapped[int] = mapped_column(sa.Integer(), primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    authority: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    """As its certificate names it."""
    token: Mapped[bytes]
    """Its answer, as RFC 3161 writes it."""
    stamped_at: Mapped[datetime]
    """The time that it says."""
    received_at: Mapped[datetime]
