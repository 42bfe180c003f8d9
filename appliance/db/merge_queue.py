"""Merge queues: how each works, who stands in line, and what is being tested."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.git_operations import MergeMethod

OID = sa.String(64)


class MergeQueue(Table):
    """The queue into one branch. Without a row the branch has none."""

    __tablename__ = "merge_queues"
    __table_args__ = (sa.UniqueConstraint("repository_id", "target_branch"),)
    # How many have stood in line says nothing that their events do not say.
    bookkeeping = frozenset({"places_numbered"})

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    target_branch: Mapped[bytes]
    checks: Mapped[list[str]] = mapped_column(default=list)
    """Those that a group must pass, besides what rules demand."""
    together: Mapped[int] = mapped_column(sa.Integer())
    at_once: Mapped[int] = mapped_column(sa.Integer())
    minutes: Mapped[int] = mapped_column(sa.Integer())
    """How long is waited for checks."""
    is_paused: Mapped[bool] = mapped_column(default=False)
    places_numbered: Mapped[int] = mapped_column(sa.Integer(), default=0)


class QueueEntry(Table):
    """A pull request in line, and as it is to be merged, by whom and since when."""

    __tablename__ = "merge_queue_entries"
    __table_args__ = (sa.CheckConstraint("priority BETWEEN 1 AND 3", name="priority_known"),)
    # What came of attempts follows from the commits and their checks.
    bookkeeping = frozenset({"most_together", "blocked_on"})

    queue_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("merge_queues.id", ondelete="CASCADE"), index=True
    )
    pull_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("pull_requests.id", ondelete="CASCADE"), unique=True
    )
    place: Mapped[int] = mapped_column(sa.Integer())
    priority: Mapped[int] = mapped_column(sa.Integer())
    head_oid: Mapped[str] = mapped_column(OID)
    method: Mapped[MergeMethod]
    title: Mapped[str] = mapped_column(sa.Text(), default="")
    message: Mapped[str] = mapped_column(sa.Text(), default="")
    deletes_branch: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    sign_in: Mapped[str] = mapped_column(sa.String(32))
    """How they showed who they are."""
    credential_id: Mapped[UUID | None]
    """The token with which they said so: it must still stand then."""
    since: Mapped[datetime]
    promised: Mapped[bool] = mapped_column(default=False)
    """Whether it came by a promise to merge it by itself, which is so again when it leaves."""
    most_together: Mapped[int | None] = mapped_column(sa.Integer())
    """In no larger group than this, since one with it has failed."""
    blocked_on: Mapped[str | None] = mapped_column(OID)
    """The commit on which it did not go."""


class QueueGroup(Table):
    """Entries merged one on top of the other, and tested as one. A ref keeps the commit."""

    __tablename__ = "merge_queue_groups"
    __table_args__ = (sa.Index("ix_merge_queue_groups_commit_oid", "commit_oid"),)
    audited = False  # It is built anew at any time; `merge.group_built` says what is to be tested.

    queue_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("merge_queues.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int] = mapped_column(sa.Integer())
    base_oid: Mapped[str] = mapped_column(OID)
    commit_oid: Mapped[str] = mapped_column(OID)
    members: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON())
    """Of each entry in order: `entry`, `pull`, `head`, and from `onto` it came to `as`."""
    built_at: Mapped[datetime]
    refused: Mapped[bool] = mapped_column(default=False)
    """Its checks are good, but rules for pushes let it not land."""
