"""Alerts of vulnerable components: what matches say of a repository now, as its alerts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db import feeds as feed_rows
from appliance.db.advisories import AdvisoryRow, holds
from appliance.db.alerts import Alert
from appliance.db.component_rows import parts
from appliance.db.components import ManifestComponent, ManifestFile, PackageMatch, PackageVersion
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity, events
from appliance.domain.alerts import (
    AlertKind,
    AlertState,
    Confidence,
    ScanCause,
    Severity,
    Sighting,
)
from appliance.domain.components import package_url
from appliance.domain.permissions import Permission
from appliance.scanning.matching import Verdict
from appliance.services import sightings, vex_statements

LIVE = (AlertState.OPEN, AlertState.DISMISSED)


@dataclass(frozen=True)
class Look:
    """Why a repository's components are compared, and where they were read."""

    cause: ScanCause
    ref: str = ""
    commit: str = ""
    pushed_by: UUID | None = None


def refresh(work: UnitOfWork, repository_id: UUID, look: Look, *, now: datetime) -> None:
    """Make a repository's alerts what its components and the current feed come to.

    Errors:
        HiddenError, RefusedError: there is no such repository, or the actor may not report.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    feed = feed_rows.current(work.session)
    rows = list(work.session.execute(_question(repository_id)))
    scan = sightings.begin_scan(
        work,
        repository,
        sightings.NewScan(
            kind=AlertKind.DEPENDENCY,
            cause=look.cause,
            ref=look.ref,
            to_commit=look.commit,
            feed_serial=feed.serial if feed else None,
        ),
        now=now,
    )
    affected = [row for row in rows if row.verdict == Verdict.AFFECTED]
    taken = sightings.take_in(
        work,
        repository,
        map(_sighting, affected),
        scan=scan,
        ref_is_protected=True,  # Other branches are not read.
        now=now,
        pushed_by=look.pushed_by,
    )
    vex_statements.apply_kept(work, repository, taken.new, now=now)
    _end(work, repository, taken.all, now=now)
    unread_ones = list(unread(work, repository_id))
    components = _count(work, repository_id)
    sightings.end_scan(
        work, repository, scan, size_bytes=0, objects=components, skipped=unread_ones, now=now
    )
    work.record(
        events.DependenciesCompared(
            about=repository.id,
            organisation_id=repository.organisation_id,
            commit=look.commit,
            components=components,
            found=len(affected),
            unknown=len(rows) - len(affected),
            feed=str(feed.serial) if feed else "",
        )
    )


def _end(work: UnitOfWork, repository: Repository, seen: Collection[int], *, now: datetime) -> None:
    """End what is seen no more: because the advisory was withdrawn, or the component is gone."""
    query = sa.select(Alert.number, Alert.rule).where(
        Alert.repository_id == repository.id,
        Alert.kind == AlertKind.DEPENDENCY,
        Alert.state.in_(LIVE),
    )
    lost = {row.number: row.rule for row in work.session.execute(query) if row.number not in seen}
    if not lost:
        return
    known = _still_known(work, set(lost.values()))
    ended = {number for number, rule in lost.items() if rule not in known}
    sightings.withdrawn(work, repository, ended, now=now)
    sightings.gone(
        work, repository, AlertKind.DEPENDENCY, seen={*seen, *ended}, looked_at=None, now=now
    )


def _still_known(work: UnitOfWork, names: Iterable[str]) -> set[str]:
    """Those of the vulnerabilities that the current feed warns of."""
    number = feed_rows.current_number(work.session)
    found: set[str] = set()
    for some in parts(sorted(names)):
        query = sa.select(AdvisoryRow.canonical).where(
            AdvisoryRow.canonical.in_(some), holds(number), AdvisoryRow.is_withdrawn.is_(False)
        )
        found.update(work.session.scalars(query))
    return found


def _question(repository_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    file, component, package = ManifestFile, ManifestComponent, PackageVersion
    columns = (
        *(file.path, file.object_id, file.ref, component.name, component.line, component.scope),
        *(component.is_direct, component.parents, package.ecosystem, package.version),
        *(PackageMatch.canonical, PackageMatch.verdict, PackageMatch.facts),
    )
    return (
        sa.select(*columns)
        .join(component, component.manifest_id == file.id)
        .join(package, package.key == component.package_key)
        .join(PackageMatch, PackageMatch.package_key == package.key)
        .where(file.repository_id == repository_id)
        .order_by(file.ref, file.path, component.position, PackageMatch.canonical)
    )


def _sighting(row: sa.Row[Any]) -> Sighting:
    facts = row.facts
    purl = package_url(row.ecosystem, row.name, row.version)
    fixed = facts["fixed"]
    return Sighting(
        kind=AlertKind.DEPENDENCY,
        rule=row.canonical,
        title=f"{row.name} {row.version}: {facts['summary'] or row.canonical}",
        identity=alert_identity.of_dependency(row.path, purl, row.canonical),
        severity=Severity(facts["severity"]),
        confidence=Confidence.HIGH,
        cure=f"Upgrade {row.name} from {row.version} to {fixed}." if fixed else NO_FIX,
        preview=purl,
        object_id=row.object_id,
        path=row.path,
        line=row.line,
        is_exploited=facts["exploited"],
        detail={
            "ecosystem": row.ecosystem,
            "package": row.name,
            "version": row.version,
            "fixed": fixed,
            "names": facts["names"],
            "score": facts["score"],
            "exploited": facts["exploited"],
            "scope": str(row.scope),
            "direct": row.is_direct,
            "parents": row.parents[:5],
            "branch": row.ref,
        },
    )


NO_FIX = "No fixed version is known. Replace it, or keep what is affected out of reach."


@open_to_everyone(because="whoever makes alerts of a repository was asked already")
def unread(work: UnitOfWork, repository_id: UUID) -> Iterable[dict[str, Any]]:
    """Manifests that could not be read, and why."""
    query = sa.select(ManifestFile.path, ManifestFile.error).where(
        ManifestFile.repository_id == repository_id, ManifestFile.error != ""
    )
    for path, error in work.session.execute(query.order_by(ManifestFile.path)):
        yield {"path": path.decode("utf-8", "replace"), "why": error}


def _count(work: UnitOfWork, repository_id: UUID) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(ManifestFile.component_count), 0))
    found: int = work.session.scalars(
        query.where(ManifestFile.repository_id == repository_id)
    ).one()
    return found
