"""What the current feed says of packages: each version is judged once, whoever has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import bulk
from appliance.db import feeds as feed_rows
from appliance.db.advisories import (
    AdvisoryRow,
    AffectedPackage,
    EpssScore,
    KnownExploit,
    holds,
)
from appliance.db.component_rows import parts
from appliance.db.components import PackageMatch, PackageVersion
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import urgency
from appliance.domain.components import Component
from appliance.domain.permissions import Permission
from appliance.scanning import matching, upgrades
from appliance.scanning.advisories import Affected
from appliance.scanning.matching import Verdict
from appliance.services import feed_records

AT_ONCE = 2000
MOST_NAMES = 20
_SEVERITIES = ("critical", "high", "medium", "low", "unknown")
MATCH_COLUMNS = ("package_key", "canonical", "verdict", "facts")


@dataclass(frozen=True)
class Feed:
    """What is matched against."""

    number: int
    exploited: frozenset[str]


@dataclass(frozen=True)
class Step:
    """What came of some packages."""

    last: int | None
    """The last of them; None where there are no more."""
    changed: frozenset[int]
    """Of which the feed says something else than what was stored."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """One record that speaks of a package."""

    name: str
    canonical: str
    severity: str
    score: float | None
    summary: str
    aliases: str
    affected: Affected


def current(work: UnitOfWork) -> Feed:
    """The feed to match against.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    number = feed_rows.current_number(work.session)
    query = sa.select(KnownExploit.cve).where(KnownExploit.feed == number)
    return Feed(number, frozenset(work.session.scalars(query)))


def match_some(work: UnitOfWork, feed: Feed, after: int) -> Step:
    """Judge the packages after a key, some at a time.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(PackageVersion.key).where(PackageVersion.key > after)
    last = work.session.scalar(query.order_by(PackageVersion.key).offset(AT_ONCE - 1).limit(1))
    wanted = PackageVersion.key > after
    if last is not None:
        wanted &= PackageVersion.key <= last
    return Step(last, _settle(work, feed, wanted))


def match(work: UnitOfWork, feed: Feed, keys: Collection[int]) -> frozenset[int]:
    """Judge these packages; gives those of which something else holds now.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    changed: frozenset[int] = frozenset()
    for some in parts(sorted(keys)):
        changed |= _settle(work, feed, PackageVersion.key.in_(some))
    return changed


def _settle(work: UnitOfWork, feed: Feed, wanted: sa.ColumnElement[bool]) -> frozenset[int]:
    """Store what holds now, where it differs from what is stored."""
    now = {(row[0], row[1]): row for row in _matches(work, feed, wanted)}
    of = sa.select(PackageVersion.key).where(wanted)
    columns = (PackageMatch.package_key, PackageMatch.canonical, PackageMatch.verdict)
    query = sa.select(*columns, PackageMatch.facts).where(PackageMatch.package_key.in_(of))
    before = {(row[0], row[1]): tuple(row) for row in work.session.execute(query)}
    gone = [key for key, row in before.items() if now.get(key) != row]
    fresh = [row for key, row in now.items() if before.get(key) != row]
    connection = work.session.connection()
    if gone:
        which = (PackageMatch.package_key == sa.bindparam("of_package")) & (
            PackageMatch.canonical == sa.bindparam("of_name")
        )
        connection.execute(
            sa.delete(PackageMatch).where(which),
            [{"of_package": package, "of_name": name} for package, name in gone],
        )
    bulk.insert(connection, PackageMatch, MATCH_COLUMNS, [_stored(work, row) for row in fresh])
    return frozenset(key for key, _ in gone) | frozenset(row[0] for row in fresh)


def _stored(work: UnitOfWork, row: Sequence[Any]) -> tuple[Any, ...]:
    """JSON, as the type of its column writes it for either way of inserting."""
    return (*row[:3], bulk.json_value(work.session.connection(), row[3]))


def _matches(
    work: UnitOfWork, feed: Feed, wanted: sa.ColumnElement[bool]
) -> list[tuple[int, str, str, dict[str, Any]]]:
    groups: dict[tuple[int, str], list[_Hit]] = {}
    packages: dict[int, tuple[str, str, str]] = {}
    read: dict[tuple[int, int], Affected] = {}
    for row in work.session.execute(_question(feed, wanted)):
        place = (row.advisory_key, row.position)
        if place not in read:
            read[place] = feed_records.affected(row.of_ecosystem, row.of_name, row.body)
        packages[row.key] = (row.ecosystem, row.package, row.version)
        hit = _Hit(
            *(row.name, row.canonical, row.severity, row.score, row.summary, row.aliases),
            read[place],
        )
        groups.setdefault((row.key, row.canonical), []).append(hit)
    found = []
    for (key, canonical), hits in groups.items():
        ecosystem, name, version = packages[key]
        verdict = _worst(hits, version)
        if verdict is not Verdict.UNAFFECTED:
            package = Component(ecosystem, name, version, 1)
            found.append((key, canonical, str(verdict), _facts(package, hits, canonical, feed)))
    _add_urgency(work, feed, [facts for *_, facts in found])
    return found


def _add_urgency(work: UnitOfWork, feed: Feed, found: Sequence[dict[str, Any]]) -> None:
    """A score changes with every feed, so only its band is kept: else all would be new each day."""
    names = sorted({name for facts in found for name in facts["names"]})
    likely: dict[str, float] = {}
    for some in parts(names):
        query = sa.select(EpssScore.cve, EpssScore.percentile).where(
            EpssScore.feed == feed.number, EpssScore.cve.in_(some)
        )
        likely |= {row[0]: row[1] for row in work.session.execute(query)}
    for facts in found:
        percentiles = [likely[name] for name in facts["names"] if name in likely]
        facts["urgency"] = urgency.of_match(
            facts["severity"],
            is_exploited=facts["exploited"],
            percentile=max(percentiles, default=None),
        )


def _question(feed: Feed, wanted: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    package, affected, advisory = PackageVersion, AffectedPackage, AdvisoryRow
    same = (affected.name == package.name) & affected.ecosystem.in_(
        (package.ecosystem, package.family)
    )
    columns = (
        *(package.key, package.ecosystem, package.name.label("package"), package.version),
        *(affected.advisory_key, affected.position, affected.body),
        *(affected.ecosystem.label("of_ecosystem"), affected.name.label("of_name")),
        *(advisory.name, advisory.canonical, advisory.severity, advisory.score),
        *(advisory.summary, advisory.aliases),
    )
    return (
        sa.select(*columns)
        .join(affected, same)
        .join(advisory, advisory.key == affected.advisory_key)
        .where(wanted, holds(feed.number), advisory.is_withdrawn.is_(False))
        .order_by(package.key, advisory.name, affected.position)
    )


def _worst(hits: Iterable[_Hit], version: str) -> Verdict:
    """A version that a manifest does not say is unknown, never clean."""
    found = {
        matching.judge_affected(each.affected, version) if version else Verdict.UNKNOWN
        for each in hits
    }
    for worse in (Verdict.AFFECTED, Verdict.UNKNOWN):
        if worse in found:
            return worse
    return Verdict.UNAFFECTED


def _facts(package: Component, hits: Sequence[_Hit], canonical: str, feed: Feed) -> dict[str, Any]:
    """What is shown of a match, and what an alert is made of."""
    names = sorted({name for each in hits for name in (each.name, *each.aliases.split())})
    first = next((each for each in hits if each.name == canonical), hits[0])
    scores = [each.score for each in hits if each.score is not None]
    affected = [each.affected for each in hits]
    return {
        "names": names[:MOST_NAMES],
        "summary": first.summary,
        "severity": min((each.severity for each in hits), key=_SEVERITIES.index),
        "score": max(scores, default=None),
        "fixed": upgrades.smallest_fixed(package, affected) if package.version else "",
        "exploited": any(name in feed.exploited for name in (*names, canonical)),
    }
