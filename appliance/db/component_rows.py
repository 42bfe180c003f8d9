"""Questions about components that several verbs ask, and writing many of them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from appliance.db.components import (
    LONGEST_VERSION,
    ManifestComponent,
    ManifestFile,
    PackageVersion,
    RepositoryToCompare,
)
from appliance.db.engine import is_sqlite

AT_ONCE = 300
Item = TypeVar("Item")
Package = tuple[str, str, str]
"""Ecosystem, name in its one spelling, version."""


def intern(session: Session, packages: Iterable[Package]) -> dict[Package, int]:
    """The key of each package, which gets one if it has none."""
    wanted = list(dict.fromkeys(packages))
    found = _known(session, wanted)
    missing = sorted(each for each in wanted if each not in found)
    if missing:
        dialect = sqlite if is_sqlite(session.connection()) else postgresql
        add = dialect.insert(PackageVersion).on_conflict_do_nothing()
        for some in parts(missing):
            rows = [
                {
                    "ecosystem": ecosystem,
                    "family": ecosystem.partition(":")[0],
                    "name": name,
                    "version": version[:LONGEST_VERSION],
                }
                for ecosystem, name, version in some
            ]
            session.connection().execute(add, rows)
        found |= _known(session, missing)
    return found


def _known(session: Session, packages: Sequence[Package]) -> dict[Package, int]:
    of = sa.tuple_(PackageVersion.ecosystem, PackageVersion.name, PackageVersion.version)
    columns = (PackageVersion.ecosystem, PackageVersion.name, PackageVersion.version)
    found: dict[Package, int] = {}
    for some in parts(packages):
        query = sa.select(*columns, PackageVersion.key).where(of.in_(some))
        found |= {(row[0], row[1], row[2]): row[3] for row in session.execute(query)}
    return found


def note_changed(session: Session, keys: Collection[int]) -> None:
    """Remember the repositories that have one of these packages: their alerts are to be made
    anew, whatever happens to whoever does it.
    """
    dialect = sqlite if is_sqlite(session.connection()) else postgresql
    for some in parts(sorted(keys)):
        query = (
            sa.select(ManifestFile.repository_id)
            .join(ManifestComponent, ManifestComponent.manifest_id == ManifestFile.id)
            .where(ManifestComponent.package_key.in_(some))
            .distinct()
        )
        add = dialect.insert(RepositoryToCompare).from_select(["repository_id"], query)
        session.connection().execute(add.on_conflict_do_nothing())


def note_waiting(session: Session, repositories: Collection[UUID]) -> None:
    """Remember that the alerts of these repositories are to be made anew."""
    dialect = sqlite if is_sqlite(session.connection()) else postgresql
    add = dialect.insert(RepositoryToCompare).on_conflict_do_nothing()
    for some in parts(repositories):
        session.connection().execute(add, [{"repository_id": each} for each in some])


def keys_of(session: Session, repository_id: UUID) -> set[int]:
    """The packages that a repository is made of."""
    query = (
        sa.select(ManifestComponent.package_key)
        .join(ManifestFile, ManifestFile.id == ManifestComponent.manifest_id)
        .where(ManifestFile.repository_id == repository_id)
        .distinct()
    )
    return set(session.scalars(query))


def parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """As many as one question takes."""
    rest = list(items)
    for start in range(0, len(rest), AT_ONCE):
        yield rest[start : start + AT_ONCE]
