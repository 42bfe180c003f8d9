"""What the current feed says of packages that somebody has, for people: each vulnerability in full.

Scores of EPSS and the catalogue of exploited ones are read when they are shown: they change with
every feed, and what was matched before does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import feeds as feed_rows
from appliance.db.advisories import EpssScore, KnownExploit
from appliance.db.component_rows import parts
from appliance.db.components import PackageMatch
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import Severity
from appliance.scanning.matching import Verdict


@dataclass(frozen=True)
class Likely:
    """How likely a vulnerability is to be used within thirty days (EPSS)."""

    score: float
    percentile: float


@dataclass(frozen=True)
class Exploit:
    """That a vulnerability is known to be used (KEV), and until when it is to be mended."""

    added: date
    due: date | None
    in_ransomware: bool


@dataclass(frozen=True)
class Vulnerability:
    """One vulnerability of one version of a package."""

    name: str
    names: tuple[str, ...]
    """All of its names."""
    summary: str
    severity: Severity
    score: float | None
    fixed: str
    """The smallest later version that nothing known affects; empty where there is none."""
    is_certain: bool
    """Whether the version is affected; else nobody can say."""
    urgency: int
    likely: Likely | None
    exploit: Exploit | None


@open_to_everyone(because="feeds are for everybody; who has a package was asked by who calls")
def of_packages(work: UnitOfWork, keys: Collection[int]) -> dict[int, list[Vulnerability]]:
    """What is known of each package, the most pressing first."""
    columns = (PackageMatch.package_key, PackageMatch.canonical, PackageMatch.verdict)
    rows: list[Any] = []
    for some in parts(sorted(keys)):
        query = sa.select(*columns, PackageMatch.facts).where(PackageMatch.package_key.in_(some))
        rows += work.session.execute(query)
    names = {name for row in rows for name in (row.canonical, *row.facts["names"])}
    likely, exploited = scores(work, names), exploits(work, names)
    found: dict[int, list[Vulnerability]] = {}
    for row in rows:
        found.setdefault(row.package_key, []).append(_told(row, likely, exploited))
    for each in found.values():
        each.sort(key=lambda one: (not one.is_certain, one.urgency, one.name))
    return found


@open_to_everyone(because="feeds are for everybody")
def scores(work: UnitOfWork, names: Iterable[str]) -> dict[str, Likely]:
    """EPSS of those names that have one in the current feed."""
    number = feed_rows.current_number(work.session)
    found: dict[str, Likely] = {}
    for some in parts(sorted(set(names))):
        query = sa.select(EpssScore).where(EpssScore.feed == number, EpssScore.cve.in_(some))
        found |= {
            each.cve: Likely(each.score, each.percentile) for each in work.session.scalars(query)
        }
    return found


@open_to_everyone(because="feeds are for everybody")
def exploits(work: UnitOfWork, names: Iterable[str]) -> dict[str, Exploit]:
    """Those of the names that the catalogue of the current feed has."""
    number = feed_rows.current_number(work.session)
    found: dict[str, Exploit] = {}
    for some in parts(sorted(set(names))):
        query = sa.select(KnownExploit).where(
            KnownExploit.feed == number, KnownExploit.cve.in_(some)
        )
        found |= {
            each.cve: Exploit(each.added, each.due, each.in_ransomware)
            for each in work.session.scalars(query)
        }
    return found


def _told(
    row: Any, likely: Mapping[str, Likely], exploited: Mapping[str, Exploit]
) -> Vulnerability:
    facts = row.facts
    names = tuple(dict.fromkeys((row.canonical, *facts["names"])))
    likeliest = max(
        (likely[name] for name in names if name in likely),
        key=lambda each: each.percentile,
        default=None,
    )
    return Vulnerability(
        name=row.canonical,
        names=names,
        summary=facts["summary"],
        severity=Severity(facts["severity"]),
        score=facts["score"],
        fixed=facts["fixed"],
        is_certain=row.verdict == Verdict.AFFECTED,
        urgency=int(facts.get("urgency", 0)),
        likely=likeliest,
        exploit=next((exploited[name] for name in names if name in exploited), None),
    )
