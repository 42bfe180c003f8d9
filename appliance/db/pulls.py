"""Pull requests: which branch is to come into which, what the source was, and what came of it.

The conversation about it has the same id: title, text, labels and who follows are there.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.git_operations import MergeMethod
from appliance.domain.pull_requests import MergeState, Shift

OID = sa.String(64)


class PullRequest(Table):
    """A branch that somebody wants to bring into another."""

    __tablename__ = "pull_requests"
    __table_args__ = (
        sa.Index("ix_pull_requests_target", "repository_id", "target_branch"),
        sa.Index("ix_pull_requests_source", "source_repository_id", "source_branch"),
        sa.CheckConstraint("merged_at IS NULL OR merged_as IS NOT NULL", name="merged_as"),
    )
    # What follows from where branches are is looked at anew by a job, whenever one of them moves.
    bookkeeping = frozenset(
        {"merge_state", "checked_head", "checked_target", "conflicts", "patch_sets_numbered"}
    )

    id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    """The target's; its conversation is of the same."""
    target_branch: Mapped[bytes]
    source_repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="SET NULL")
    )
    """The same for branches of one repository; none where a fork is gone."""
    source_branch: Mapped[bytes]
    head_oid: Mapped[str] = mapped_column(OID)
    """What the last patch set has."""
    patch_sets_numbered: Mapped[int] = mapped_column(sa.Integer(), default=0)
    is_draft: Mapped[bool] = mapped_column(default=False)
    merge_state: Mapped[MergeState] = mapped_column(default=MergeState.UNKNOWN)
    checked_head: Mapped[str] = mapped_column(OID, default="")
    checked_target: Mapped[str] = mapped_column(OID, default="")
    """Where both were when `merge_state` was found out."""
    conflicts: Mapped[list[str]] = mapped_column(default=list)
    """The paths, some of them where there are many."""
    merged_at: Mapped[datetime | None]
    merged_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    merged_as: Mapped[str | None] = mapped_column(OID)
    """The commit at which the target was then."""
    merged_onto: Mapped[str | None] = mapped_column(OID)
    """The commit at which it was before."""
    merge_method: Mapped[MergeMethod | None]
    """None where it was merged by git and a push."""


class PatchSet(Table):
    """What the source was after a push. `refs/pull/NUMBER/PATCH_SET` keeps its commits."""

    __tablename__ = "patch_sets"
    __table_args__ = (
        sa.UniqueConstraint("pull_id", "number"),
        sa.Index("ix_patch_sets_head_oid", "head_oid"),
    )

    pull_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pull_requests.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(sa.Integer())
    head_oid: Mapped[str] = mapped_column(OID)
    base_oid: Mapped[str] = mapped_column(OID)
    """What it had in common with the target then: what it changes is counted from there."""
    target_oid: Mapped[str] = mapped_column(OID)
    shift: Mapped[Shift]
    push_id: Mapped[UUID | None]
    """No foreign key: pushes may be forgotten."""
    pushed_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    pushed_by_label: Mapped[str] = mapped_column(sa.String(100), default="")
    """Who pushed, where it was no user: a deploy key."""
    created_at: Mapped[datetime]


class PullMerge(Table):
    """A merge that is under way: written with the push's intent, done when that is settled."""

    __tablename__ = "pull_merges"
    __table_args__ = (sa.UniqueConstraint("push_id", "pull_id"),)
    audited = False  # An intent; `merge.merged` is recorded when it is settled.

    pull_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("pull_requests.id", ondelete="CASCADE"), index=True
    )
    push_id: Mapped[UUID]
    method: Mapped[MergeMethod]
    head_oid: Mapped[str] = mapped_column(OID)
    onto_oid: Mapped[str] = mapped_column(OID)
    as_oid: Mapped[str] = mapped_column(OID)
    deletes_branch: Mapped[bool] = mapped_column(default=False)
    by_queue: Mapped[bool] = mapped_column(default=False)
    bypass_reason: Mapped[str] = mapped_column(sa.Text(), default="")
    """Why it is merged past rules; empty: it is not."""
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked for it, where it moves the branch along with what others asked for."""


class AutoMerge(Table):
    """Leave to merge as soon as nothing stands in the way, given by who may merge."""

    __tablename__ = "auto_merges"

    id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("pull_requests.id", ondelete="CASCADE"), primary_key=True
    )
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
    refused_at: Mapped[datetime | None]
    """When rules for pushes or a merge queue refused it last: it waits, and is tried again."""
    refused_head: Mapped[str] = mapped_column(sa.String(64), default="")
    refused_because: Mapped[str] = mapped_column(sa.Text(), default="")
    needs_push: Mapped[bool] = mapped_column(default=False)
    """Whether it is only tried again with another head."""


class MergeRules(Table):
    """How pull requests of a repository are merged. Without a row all is as usual."""

    __tablename__ = "merge_rules"

    id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    methods: Mapped[list[str]] = mapped_column(default=list)
    """Those that may be used, the usual one first; empty: all."""
    merge_title: Mapped[str] = mapped_column(sa.Text(), default="")
    merge_body: Mapped[str] = mapped_column(sa.Text(), default="")
    squash_title: Mapped[str] = mapped_column(sa.Text(), default="")
    squash_body: Mapped[str] = mapped_column(sa.Text(), default="")
    deletes_branches: Mapped[bool | None]
    """None: as its organisation says."""
    merged_branch_days: Mapped[int | None] = mapped_column(sa.Integer())
    """After how many days merged branches are deleted; 0: never, None: as its organisation says."""
    allows_auto_merge: Mapped[bool] = mapped_column(default=True)


class DeletedBranch(Table):
    """A merged branch that a policy deleted, so that it can be brought back."""

    __tablename__ = "deleted_branches"
    __table_args__ = (
        sa.Index("ix_deleted_branches_repository_id_deleted_at", "repository_id", "deleted_at"),
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    branch: Mapped[bytes]
    oid: Mapped[str] = mapped_column(sa.String(64))
    merged_at: Mapped[datetime]
    deleted_at: Mapped[datetime]
