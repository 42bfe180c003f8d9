"""Whether the code of a repository uses its vulnerable components, for Python and JavaScript.

The sources of the default branch are read, and only where a vulnerable component is. What could
not be looked into makes "not imported" unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import feeds as feed_rows
from appliance.db.advisories import AdvisoryRow, AffectedPackage, holds
from appliance.db.components import (
    ComponentReach,
    ManifestComponent,
    ManifestFile,
    PackageMatch,
    PackageVersion,
)
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.components import Ecosystem
from appliance.domain.permissions import Permission
from appliance.git import refs, tree_files
from appliance.git.ref_names import BRANCHES
from appliance.scanning import reachability
from appliance.scanning.matching import Verdict
from appliance.scanning.reachability import Reach, Use, Uses
from appliance.services import feed_records

ENDINGS = {
    Ecosystem.PYPI: (b".py", b".pyi"),
    Ecosystem.NPM: (
        *(b".js", b".mjs", b".cjs", b".jsx", b".ts", b".mts", b".cts", b".tsx"),
        *(b".vue", b".svelte"),
    ),
}
READERS = {Ecosystem.PYPI: reachability.of_python, Ecosystem.NPM: reachability.of_javascript}
MOST_SOURCES = 20_000
MOST_BYTES = 64 * 1024 * 1024
"""Of all sources together; what is beyond counts as not looked into."""
MOST_PLACES = 20


@dataclass(frozen=True)
class Wanted:
    """One vulnerability of one component."""

    ecosystem: str
    name: str
    canonical: str
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReachPlan:
    """What is looked for in a repository, and what was looked for last."""

    repository_id: UUID
    default: bytes
    wanted: tuple[Wanted, ...]
    known: Mapping[tuple[str, str, str], str]
    """The commit at which each was looked for."""


@dataclass(frozen=True)
class Reached:
    """How far one is reached."""

    wanted: Wanted
    reach: Reach
    places: tuple[Use, ...]
    unread: int


@dataclass(frozen=True)
class ReachFound:
    """What a look at a commit came to; nothing where it was looked at already."""

    commit: str = ""
    reached: Sequence[Reached] = ()


def plan(work: UnitOfWork, repository_id: UUID) -> ReachPlan | None:
    """What is to be looked for; None where there is nothing, and nothing to forget.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    rows = sa.select(ComponentReach).where(ComponentReach.repository_id == repository_id)
    known = {
        (each.ecosystem, each.name, each.canonical): each.commit
        for each in work.session.scalars(rows)
    }
    wanted = tuple(_wanted(work, repository_id, repository.default_branch))
    if not wanted and not known:
        return None
    default = BRANCHES + repository.default_branch.encode()
    return ReachPlan(repository_id, default, wanted, known)


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def look(planned: ReachPlan, folder: Path) -> ReachFound | None:
    """Look through the sources; None where nothing has changed since the last look.

    Errors:
        DamagedError, TimeoutExceededError: the repository cannot be read, or not in time.
    """
    commit = dict(refs.names(folder, BRANCHES)).get(planned.default)
    if commit is None:
        return ReachFound()
    asked = {(each.ecosystem, each.name, each.canonical): commit for each in planned.wanted}
    if asked == planned.known:
        return None
    found: list[Reached] = []
    for ecosystem in READERS:
        some = [each for each in planned.wanted if each.ecosystem == ecosystem]
        if some:
            uses = _uses(folder, commit, ecosystem)
            found += [_reached(each, uses) for each in some]
    return ReachFound(commit, found)


def keep(work: UnitOfWork, planned: ReachPlan, found: ReachFound) -> None:
    """Keep what a look came to, instead of what was kept before.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    gone = sa.delete(ComponentReach).where(ComponentReach.repository_id == planned.repository_id)
    work.session.execute(gone, execution_options={"synchronize_session": False})
    work.session.add_all(
        ComponentReach(
            repository_id=planned.repository_id,
            ecosystem=each.wanted.ecosystem,
            name=each.wanted.name,
            canonical=each.wanted.canonical,
            reach=str(each.reach),
            places=[[use.path, use.line] for use in each.places[:MOST_PLACES]],
            unread=each.unread,
            commit=found.commit,
        )
        for each in found.reached
    )


def lacking(work: UnitOfWork, repositories: Sequence[UUID]) -> list[UUID]:
    """Those of some repositories in which something is to be looked for that nobody has yet.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    package, match, file, reach = PackageVersion, PackageMatch, ManifestFile, ComponentReach
    is_known = sa.exists().where(
        reach.repository_id == file.repository_id,
        reach.ecosystem == package.ecosystem,
        reach.name == package.name,
        reach.canonical == match.canonical,
    )
    query = (
        sa.select(file.repository_id)
        .join(Repository, Repository.id == file.repository_id)
        .join(ManifestComponent, ManifestComponent.manifest_id == file.id)
        .join(package, package.key == ManifestComponent.package_key)
        .join(match, match.package_key == package.key)
        .where(
            file.repository_id.in_(repositories),
            file.ref == Repository.default_branch,
            package.ecosystem.in_(list(READERS)),
            match.verdict == Verdict.AFFECTED,
            sa.not_(is_known),
        )
        .distinct()
    )
    return list(work.session.scalars(query))


def _wanted(work: UnitOfWork, repository_id: UUID, branch: str) -> Iterator[Wanted]:
    package, match = PackageVersion, PackageMatch
    query = (
        sa.select(package.ecosystem, package.name, match.canonical)
        .join(match, match.package_key == package.key)
        .join(ManifestComponent, ManifestComponent.package_key == package.key)
        .join(ManifestFile, ManifestFile.id == ManifestComponent.manifest_id)
        .where(
            ManifestFile.repository_id == repository_id,
            ManifestFile.ref == branch,
            package.ecosystem.in_(list(READERS)),
            match.verdict == Verdict.AFFECTED,
        )
        .distinct()
        .order_by(package.ecosystem, package.name, match.canonical)
    )
    number = feed_rows.current_number(work.session)
    for row in work.session.execute(query):
        yield Wanted(row.ecosystem, row.name, row.canonical, _symbols(work, number, row))


def _symbols(work: UnitOfWork, number: int, row: Any) -> tuple[str, ...]:
    query = (
        sa.select(AffectedPackage.body)
        .join(AdvisoryRow, AdvisoryRow.key == AffectedPackage.advisory_key)
        .where(
            holds(number),
            AdvisoryRow.canonical == row.canonical,
            AffectedPackage.ecosystem == row.ecosystem,
            AffectedPackage.name == row.name,
        )
    )
    found: list[str] = []
    for body in work.session.scalars(query):
        found += feed_records.affected(row.ecosystem, row.name, body).symbols
    return tuple(dict.fromkeys(found))


def _uses(folder: Path, commit: str, ecosystem: Ecosystem) -> Uses:
    """One source after the other: all of them together may be more than memory has."""
    endings = ENDINGS[ecosystem]
    files = tree_files.wanted(
        folder, commit, lambda path: path.endswith(endings), most=MOST_SOURCES
    )
    read = tree_files.contents(folder, files, most_bytes=reachability.LARGEST_BYTES)
    uses, left = Uses(), MOST_BYTES
    for path in files:
        name = path.decode("utf-8", "replace")
        content = read(path) if left > 0 else b""
        if left <= 0 or len(content) > reachability.LARGEST_BYTES:
            uses.unread.append(name)
            continue
        left -= len(content)
        _add(uses, READERS[ecosystem]({name: content}))
    if len(files) == MOST_SOURCES:
        uses.unread.append("")
    return uses


def _add(uses: Uses, more: Uses) -> None:
    for mine, other in ((uses.imported, more.imported), (uses.called, more.called)):
        for name, places in other.items():
            known = mine.setdefault(name, [])
            known.extend(places[: MOST_PLACES - len(known)])
    uses.unread.extend(more.unread)


def _reached(wanted: Wanted, uses: Uses) -> Reached:
    level, places = reachability.reach(wanted.ecosystem, wanted.name, wanted.symbols, uses)
    return Reached(wanted, level, places, len(uses.unread))
