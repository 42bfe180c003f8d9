"""What is known of a vulnerable component, beside its alert: scores, ranges, reach, advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.db import feeds as feed_rows
from appliance.db.advisories import AdvisoryRow, AffectedPackage, holds
from appliance.db.alerts import Alert
from appliance.db.components import (
    ComponentReach,
    ManifestComponent,
    ManifestFile,
    PackageVersion,
)
from appliance.db.feeds import Feed
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import AlertKind
from appliance.domain.components import Component, Ecosystem, Scope, normal_name
from appliance.scanning import cvss, upgrades
from appliance.scanning.advisories import Affected, EventKind, Range
from appliance.scanning.cvss import VectorError
from appliance.scanning.reachability import Reach
from appliance.services import feed_records, feeds, known_vulnerabilities
from appliance.services.feeds import Standing
from appliance.services.known_vulnerabilities import Exploit, Likely

MOST_VERSIONS = 50
LOOKED_AT = frozenset({Ecosystem.PYPI, Ecosystem.NPM})
"""Of which it is known at all how far code reaches."""


@dataclass(frozen=True)
class Scored:
    """A CVSS vector, and the score that follows from it."""

    vector: str
    score: float | None
    severity: str


@dataclass(frozen=True)
class Source:
    """Where what is known of a vulnerability comes from, as its licence wants it said."""

    path: str
    licence: str
    attribution: str


@dataclass(frozen=True)
class Told:
    """One advisory that speaks of the component."""

    name: str
    summary: str
    modified: str
    ranges: tuple[str, ...]
    """In words of the ecosystem's order, as `>= 1.0, < 1.3`."""
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A line of code."""

    path: str
    line: int


@dataclass(frozen=True)
class Reaching:
    """How far code reaches it; `UNKNOWN` also where nobody has looked."""

    reach: Reach
    places: tuple[Place, ...] = ()
    unread: int = 0
    commit: str = ""


@dataclass(frozen=True)
class DependencyDetail:
    """All of it."""

    ecosystem: str
    package: str
    version: str
    scope: Scope
    is_direct: bool | None
    names: tuple[str, ...]
    vectors: tuple[Scored, ...]
    likely: Likely | None
    exploit: Exploit | None
    advisories: tuple[Told, ...]
    ways: tuple[tuple[str, ...], ...]
    """Each from what the project asks for itself to this component."""
    fixed: str
    reaching: Reaching
    standing: Standing
    sources: tuple[Source, ...]


def show(work: UnitOfWork, path: str, number: int, *, now: datetime) -> DependencyDetail | None:
    """What is known beside the alert; None of an alert that is of no component.

    Errors:
        HiddenError, MovedError: there is no such alert, or none for this actor.
    """
    repository, alert = fetch_alerts.alert(work, path, number)
    said = alert.detail
    if alert.kind is not AlertKind.DEPENDENCY or "ecosystem" not in said:
        return None
    ecosystem, package = said["ecosystem"], said["package"]
    advisories = list(_advisories(work, alert, ecosystem, normal_name(ecosystem, package)))
    names = tuple(dict.fromkeys((alert.rule, *said.get("names", ()))))
    standing = feeds.standing(work, now=now)
    return DependencyDetail(
        ecosystem=ecosystem,
        package=package,
        version=said["version"],
        scope=Scope(said.get("scope", Scope.RUNTIME)),
        is_direct=said.get("direct"),
        names=names,
        vectors=tuple(_scored(row.vectors for row, _ in advisories)),
        likely=_likeliest(known_vulnerabilities.scores(work, names).values()),
        exploit=next(iter(known_vulnerabilities.exploits(work, names).values()), None),
        advisories=tuple(_told(row, affected) for row, affected in advisories),
        ways=tuple(_ways(work, repository, alert)),
        fixed=said.get("fixed", ""),
        reaching=_reaching(work, repository, alert),
        standing=standing,
        sources=_sources(standing.feed, ecosystem),
    )


def _advisories(
    work: UnitOfWork, alert: Alert, ecosystem: str, name: str
) -> Iterator[tuple[AdvisoryRow, list[Affected]]]:
    number = feed_rows.current_number(work.session)
    family = ecosystem.partition(":")[0]
    query = (
        sa.select(AdvisoryRow, AffectedPackage)
        .join(AffectedPackage, AffectedPackage.advisory_key == AdvisoryRow.key)
        .where(
            holds(number),
            AdvisoryRow.canonical == alert.rule,
            AffectedPackage.name == name,
            AffectedPackage.ecosystem.in_((ecosystem, family)),
        )
        .order_by(AdvisoryRow.name, AffectedPackage.position)
    )
    found: dict[int, tuple[AdvisoryRow, list[Affected]]] = {}
    for row, package in work.session.execute(query):
        affected = feed_records.affected(package.ecosystem, package.name, package.body)
        found.setdefault(row.key, (row, []))[1].append(affected)
    yield from found.values()


def _scored(said: Iterable[str]) -> Iterator[Scored]:
    """Each vector once, the newest version of CVSS first."""
    vectors = dict.fromkeys(each for text in said for each in text.split())
    for vector in sorted(vectors, reverse=True):
        try:
            value = cvss.score(vector).value
        except VectorError:
            yield Scored(vector, None, "")
        else:
            yield Scored(vector, value, str(cvss.severity_of(value)))


def _likeliest(found: Iterable[Likely]) -> Likely | None:
    return max(found, key=lambda each: each.percentile, default=None)


def _told(row: AdvisoryRow, affected: Sequence[Affected]) -> Told:
    listed = sorted(version for each in affected for version in each.versions)
    spans = [_words(span) for each in affected for span in each.ranges]
    return Told(row.name, row.summary, row.modified, tuple(spans), tuple(listed[:MOST_VERSIONS]))


_SIGNS = {
    EventKind.INTRODUCED: ">=",
    EventKind.FIXED: "<",
    EventKind.LAST_AFFECTED: "<=",
    EventKind.LIMIT: "<",
}


def _words(span: Range) -> str:
    """As advisories for people have them: where it came and where it went, in pairs."""
    pairs: list[list[str]] = []
    for each in span.happenings:
        if each.kind is EventKind.INTRODUCED or not pairs:
            pairs.append([])
        if each.kind is not EventKind.INTRODUCED or each.version != "0":
            pairs[-1].append(f"{_SIGNS[each.kind]} {each.version}")
    return " || ".join(", ".join(pair) or "*" for pair in pairs)


def _ways(work: UnitOfWork, repository: Repository, alert: Alert) -> Iterator[tuple[str, ...]]:
    """Through the components of its manifest, as the manifest says who needs whom."""
    component, file = ManifestComponent, ManifestFile
    query = (
        sa.select(component.name, component.parents, component.is_direct, PackageVersion.version)
        .join(file, file.id == component.manifest_id)
        .join(PackageVersion, PackageVersion.key == component.package_key)
        .where(
            file.repository_id == repository.id,
            file.path == alert.path,
            file.ref == alert.detail.get("branch", ""),
        )
    )
    said = alert.detail
    all_of_them = [
        Component(
            *(said["ecosystem"], row.name, row.version, 1),
            is_direct=row.is_direct,
            parents=tuple(row.parents),
        )
        for row in work.session.execute(query)
    ]
    label = f"{said['package']}@{said['version']}"
    wanted = next((each for each in all_of_them if each.label == label), None)
    if wanted is not None:
        yield from upgrades.ways(wanted, all_of_them)


def _reaching(work: UnitOfWork, repository: Repository, alert: Alert) -> Reaching:
    said = alert.detail
    if said["ecosystem"] not in LOOKED_AT:
        return Reaching(Reach.UNKNOWN)
    key = (
        *(repository.id, said["ecosystem"]),
        *(normal_name(said["ecosystem"], said["package"]), alert.rule),
    )
    row: Any = work.session.get(ComponentReach, key)
    if row is None:
        return Reaching(Reach.UNKNOWN)
    places = tuple(Place(path, line) for path, line in row.places)
    return Reaching(Reach(row.reach), places, row.unread, row.commit)


def _sources(feed: Feed | None, ecosystem: str) -> tuple[Source, ...]:
    """The files of the feed that this may come from: advisories of the ecosystem, scores, KEV."""
    family = ecosystem.partition(":")[0]
    return tuple(
        Source(each["path"], each.get("licence", ""), each.get("attribution", ""))
        for each in (feed.files if feed else ())
        if each.get("kind") in {"epss", "kev"} or family in each["path"]
    )


__all__ = ["DependencyDetail", "Reach", "show"]
