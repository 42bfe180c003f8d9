"""Pushes: the intent, durable before refs move, and what came of it. And the ledger of refs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class PushState(StrEnum):
    """How far a push has come."""

    ACCEPTED = "accepted"
    """The intent is durable; refs may be moving."""
    SETTLED = "settled"
    """What moved is known and recorded."""


class Push(Table):
    """One push that was accepted. Its event is recorded when it is settled."""

    __tablename__ = "pushes"
    __table_args__ = (
        sa.Index("ix_pushes_state", "state"),
        sa.Index("ix_pushes_repository_id_accepted_at", "repository_id", "accepted_at"),
    )
    audited = False  # An intent; `git.pushed` is recorded when it is settled.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    actor_kind: Mapped[str] = mapped_column(sa.String(32))
    actor_id: Mapped[UUID | None]
    actor_ref: Mapped[str] = mapped_column(sa.String(64))
    actor_label: Mapped[str] = mapped_column(sa.String(64))
    method: Mapped[str] = mapped_column(sa.String(32))
    credential_id: Mapped[UUID | None]
    impersonation_id: Mapped[UUID | None]
    """Under which an administrator pushed as the actor. No foreign key: the event names both."""
    address: Mapped[str] = mapped_column(sa.String(64))
    request_id: Mapped[str] = mapped_column(sa.String(64))
    protocol: Mapped[str] = mapped_column(sa.String(16))
    state: Mapped[PushState] = mapped_column(default=PushState.ACCEPTED)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    accepted_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    certificate: Mapped[bytes | None]
    """What the client signed, with its signature, where it signed the push."""
    certificate_digest: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    certificate_finding: Mapped[str | None] = mapped_column(sa.String(32))
    certificate_form: Mapped[str | None] = mapped_column(sa.String(16))
    certificate_key: Mapped[str | None] = mapped_column(sa.String(64))
    """As the signature names it."""
    certificate_owner_id: Mapped[UUID | None]
    """The user who had registered the key then."""
    operation: Mapped[str | None] = mapped_column(sa.String(32))
    """What was done, where it came without git: a merge, rebase and the like."""
    operation_sources: Mapped[str | None] = mapped_column(sa.Text())
    """The commits that it was done with, with spaces between."""


class PushedRef(Table):
    """One ref of a push: from where, to where, and whether it moved (None: not known yet)."""

    __tablename__ = "pushed_refs"
    __table_args__ = (sa.UniqueConstraint("push_id", "ref"),)
    audited = False  # Part of the push.

    push_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pushes.id", ondelete="CASCADE"))
    ref: Mapped[bytes]
    old_oid: Mapped[str] = mapped_column(sa.String(64))
    new_oid: Mapped[str] = mapped_column(sa.String(64))
    movement: Mapped[str] = mapped_column(sa.String(16))
    moved: Mapped[bool | None]


class RefLedger(Table):
    """Where the last recorded change left each ref; the disk is compared with it."""

    __tablename__ = "ref_ledger"
    __table_args__ = (sa.UniqueConstraint("repository_id", "ref"),)
    audited = False  # It follows from recorded pushes.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    ref: Mapped[bytes]
    oid: Mapped[str] = mapped_column(sa.String(64))
    changed_at: Mapped[datetime]
    default_oid: Mapped[str | None] = mapped_column(sa.String(64))
    """Where the default branch was then, of a branch that a push has moved."""
