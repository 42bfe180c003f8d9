"""What repositories are made of: their manifests, the components in them, and what matches them.

A version of a package is one row, however many repositories have it: it is judged once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.advisories import LONGEST_NAME, LONGEST_PACKAGE
from appliance.db.audit_log import BIG
from appliance.db.base import Table
from appliance.domain.components import Scope

LONGEST_VERSION = 512


class PackageVersion(Table):
    """A package in one version; without one where a manifest does not say which."""

    __tablename__ = "package_versions"
    __table_args__ = (sa.UniqueConstraint("ecosystem", "name", "version"),)
    audited = False  # It follows from pushes, which are recorded.

    id = None  # type: ignore[assignment]  # The key is counted: it is in every row of a component.
    key: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    ecosystem: Mapped[str] = mapped_column(sa.String(64))
    family: Mapped[str] = mapped_column(sa.String(64))
    """The ecosystem without the release of a distribution: advisories may name either."""
    name: Mapped[str] = mapped_column(sa.String(LONGEST_PACKAGE))
    """In its one spelling."""
    version: Mapped[str] = mapped_column(sa.String(LONGEST_VERSION))


class ManifestFile(Table):
    """A manifest of a branch as it was read last, or why it could not be."""

    __tablename__ = "manifest_files"
    __table_args__ = (sa.UniqueConstraint("repository_id", "ref", "path"),)
    audited = False  # It follows from pushes, which are recorded; an upload has its own event.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    ref: Mapped[str] = mapped_column(sa.String(255))
    """The branch; empty for a bill of materials that somebody uploaded."""
    path: Mapped[bytes]
    format: Mapped[str] = mapped_column(sa.String(64))
    object_id: Mapped[str] = mapped_column(sa.String(64))
    commit: Mapped[str] = mapped_column(sa.String(64))
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    """Why it was not scanned."""
    beside: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """Files that were read along: each path with its object, empty where there was none."""
    component_count: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime]


class ManifestComponent(Table):
    """One component that a manifest names."""

    __tablename__ = "manifest_components"
    __table_args__ = (sa.Index("ix_manifest_components_package_key", "package_key"),)
    audited = False  # It follows from pushes, which are recorded.

    id = None  # type: ignore[assignment]  # Its place in its manifest is the key.
    manifest_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("manifest_files.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    package_key: Mapped[int] = mapped_column(sa.ForeignKey("package_versions.key"))
    name: Mapped[str] = mapped_column(sa.String(LONGEST_PACKAGE))
    """As the manifest spells it."""
    line: Mapped[int]
    scope: Mapped[Scope]
    is_direct: Mapped[bool | None]
    parents: Mapped[list[str]]
    wanted: Mapped[str] = mapped_column(sa.Text())
    licence: Mapped[str] = mapped_column(sa.Text())
    """As the manifest says it."""


class PackageMatch(Table):
    """What the current feed says of one version of a package."""

    __tablename__ = "package_matches"
    __table_args__ = (sa.Index("ix_package_matches_canonical", "canonical"),)
    audited = False  # It follows from the feed and the components.

    id = None  # type: ignore[assignment]  # The package and the vulnerability are the key.
    package_key: Mapped[int] = mapped_column(
        sa.ForeignKey("package_versions.key", ondelete="CASCADE"), primary_key=True
    )
    canonical: Mapped[str] = mapped_column(sa.String(LONGEST_NAME), primary_key=True)
    verdict: Mapped[str] = mapped_column(sa.String(16))
    """`affected` or `unknown`: an unaffected one has no row."""
    facts: Mapped[dict[str, Any]]
    """`names`, `summary`, `severity`, `score`, `fixed`, `exploited`."""


class ComponentReach(Table):
    """How far the code of a repository's default branch reaches a vulnerability of a component."""

    __tablename__ = "component_reaches"
    audited = False  # It follows from pushes and the feed.

    id = None  # type: ignore[assignment]  # What it is about is the key.
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    ecosystem: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(LONGEST_PACKAGE), primary_key=True)
    """In its one spelling."""
    canonical: Mapped[str] = mapped_column(sa.String(LONGEST_NAME), primary_key=True)
    reach: Mapped[str] = mapped_column(sa.String(16))
    places: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """The first of them, each a path and a line."""
    unread: Mapped[int] = mapped_column(default=0)
    """How many sources nobody could look into."""
    commit: Mapped[str] = mapped_column(sa.String(64))


class RepositoryToCompare(Table):
    """A repository of whose packages the feed says something else than its alerts do."""

    __tablename__ = "repositories_to_compare"
    audited = False  # It is what is left to do; the alerts have events of their own.

    id = None  # type: ignore[assignment]  # The repository is the key.
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
