"""Repositories: what they are called, who has which role on them, which refs are protected."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.names import WIKI_ENDING
from appliance.domain.permissions import Role, Visibility
from appliance.domain.protection import Protection
from appliance.domain.signatures import SignedBy


class Origin(StrEnum):
    """How far a repository's content has come."""

    READY = "ready"
    IMPORTING = "importing"
    FORKING = "forking"
    FAILED = "failed"


class Repository(Table):
    """A repository. Its bytes lie under its id, so another name or owner moves none of them."""

    __tablename__ = "repositories"
    __table_args__ = (
        sa.Index(
            "uq_repositories_owner_id_name_key",
            "owner_id",
            "name_key",
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
        sa.Index("uq_repositories_wiki_of_id", "wiki_of_id", unique=True),
    )

    # Sizes are measured after pushes, which are recorded; so is the time of the last one.
    # Numbers are given out with what they number, which is recorded too.
    bookkeeping = frozenset(
        {
            *("size_bytes", "lfs_bytes", "pushed_at"),
            *("conversations_numbered", "milestones_numbered", "alerts_numbered"),
        }
    )

    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("owners.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    """The owner once more, if it is an organisation: for its roles and its log."""
    owner_name: Mapped[str] = mapped_column(sa.String(39))
    """The owner's name, kept in step by renames, so that a path needs no join."""
    name: Mapped[str] = mapped_column(sa.String(100))
    name_key: Mapped[str] = mapped_column(sa.String(100))
    description: Mapped[str] = mapped_column(sa.String(500), default="")
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PRIVATE)
    default_branch: Mapped[str] = mapped_column(sa.String(255), default="main")
    content: Mapped[Origin] = mapped_column(default=Origin.READY)
    forked_from_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="SET NULL"), index=True
    )
    wiki_of_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("repositories.id"))
    """The repository whose wiki this is: it has its name, and its roles are those of this one."""
    has_wiki: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether its wiki can be seen and written; what is in one that is switched off stays."""
    is_template: Mapped[bool] = mapped_column(default=False)
    has_issues: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    """Whether there are issues here, as long as its organisation has them."""
    conversations_numbered: Mapped[int] = mapped_column(default=0, server_default="0")
    """The last number that an issue or a pull request got."""
    milestones_numbered: Mapped[int] = mapped_column(default=0, server_default="0")
    alerts_numbered: Mapped[int] = mapped_column(default=0, server_default="0")
    quota_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """Room for this repository; 0 means the instance's default."""
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    lfs_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    created_at: Mapped[datetime]
    pushed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None] = mapped_column(index=True)
    deleted_by: Mapped[UUID | None]

    @property
    def path(self) -> str:
        """`OWNER/NAME`; of a wiki `OWNER/NAME.wiki`."""
        end = WIKI_ENDING if self.wiki_of_id is not None else ""
        return f"{self.owner_name}/{self.name}{end}"


class RepositoryHealth(Table):
    """What maintenance found and did last. One row for each repository."""

    __tablename__ = "repository_health"
    audited = False  # Findings that matter record events of their own.

    id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    damaged_since: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(sa.Text(), default="")
    checked_at: Mapped[datetime | None]
    maintained_at: Mapped[datetime | None]
    measured_at: Mapped[datetime | None]


class OldRepositoryPath(Table):
    """A path a repository had; it redirects until another repository takes it."""

    __tablename__ = "old_repository_paths"
    __table_args__ = (sa.UniqueConstraint("owner_id", "name_key"),)

    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("owners.id", ondelete="CASCADE"))
    name_key: Mapped[str] = mapped_column(sa.String(100))
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )


class Grant(Table):
    """A role on one repository, given to one user or to one team."""

    __tablename__ = "grants"
    __table_args__ = (
        sa.UniqueConstraint("repository_id", "user_id"),
        sa.UniqueConstraint("repository_id", "team_id"),
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="one_grantee"),
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    team_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Role]
    created_at: Mapped[datetime]


class ProtectionRule(Table):
    """What may not happen to the refs that match a pattern."""

    __tablename__ = "protection_rules"
    __table_args__ = (sa.UniqueConstraint("repository_id", "pattern"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    pattern: Mapped[str] = mapped_column(sa.String(255))
    """A full ref name in which `*` stands for anything: refs/heads/release/*."""
    push_role: Mapped[Role] = mapped_column(default=Role.WRITER)
    allow_force: Mapped[bool] = mapped_column(default=False)
    allow_delete: Mapped[bool] = mapped_column(default=False)
    signed_by: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Which signatures of new commits and tags count; empty: they need none."""
    signed_push: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether whoever pushes must sign that they do."""
    created_at: Mapped[datetime]

    @property
    def as_rule(self) -> Protection:
        """What it says, for who decides."""
        return Protection(
            self.pattern,
            self.push_role,
            self.allow_force,
            self.allow_delete,
            frozenset(map(SignedBy, self.signed_by)),
            self.signed_push,
        )
