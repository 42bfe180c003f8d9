"""What is known of the alerts that a pull request would bring, for rules and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import change_scans
from appliance.db import feeds as feed_rows
from appliance.db.alerts import Alert
from appliance.db.change_scans import ChangeScan
from appliance.db.component_rows import parts
from appliance.db.components import PackageMatch, PackageVersion
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity
from appliance.domain.alerts import AlertKind, AlertState, Confidence, Lane, Severity
from appliance.domain.components import package_url
from appliance.domain.feeds import feed_state
from appliance.domain.ruleset_alerts import ChangeAlerts, NewAlert
from appliance.domain.suppressions import Suppression
from appliance.scanning.matching import Verdict
from appliance.services import licence_alerts, suppressed_alerts

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Licensed:
    """A component of a change, and the licence that its manifest says it is under."""

    row: dict[str, Any]
    ecosystem: str
    name: str
    version: str
    licence: str


@open_to_everyone(because="whoever has a pull request before them was asked whether they may")
def of_change(
    work: UnitOfWork, repository_id: UUID, *, head: str, base: str, now: datetime
) -> ChangeAlerts:
    """What scans say of a change, with the advisories of now."""
    scans = change_scans.of_change(work.session, repository_id, head, base)
    by_kind = {each.kind: each for each in scans}
    entries = suppressed_alerts.entries_of(work, repository_id, now.date())
    feed = feed_rows.current(work.session)
    made_at = feed.made_at if feed else None
    stale_after = timedelta(days=work.rules.feeds.stale_days)
    return ChangeAlerts(
        looked_at=_looked_at(by_kind),
        new=(
            *_secrets(work, repository_id, by_kind.get(AlertKind.SECRET)),
            *_dependencies(work, repository_id, by_kind.get(AlertKind.DEPENDENCY), entries),
            *_code(work, repository_id, by_kind.get(AlertKind.CODE), entries),
            *_licences(work, repository_id, by_kind.get(AlertKind.DEPENDENCY), entries, now),
        ),
        overdue=_overdue(work, repository_id, now),
        exploited=_exploited(work, repository_id),
        feed=feed_state(feed.facts if feed else None, now=now, stale_after=stale_after),
        feed_days=int((now - made_at).total_seconds()) // DAY_SECONDS if made_at else 0,
    )


def _looked_at(by_kind: Mapping[AlertKind, ChangeScan]) -> dict[AlertKind, int]:
    """Licences are of what manifests name: who has looked at those has looked at both."""
    found = {kind: each.skipped_count for kind, each in by_kind.items()}
    if AlertKind.DEPENDENCY in found:
        found[AlertKind.LICENCE] = found[AlertKind.DEPENDENCY]
    return found


def _secrets(work: UnitOfWork, repository_id: UUID, scan: ChangeScan | None) -> Iterable[NewAlert]:
    if scan is None or not scan.found:
        return ()
    found = []
    for some in parts(scan.found):
        query = sa.select(Alert).where(
            Alert.repository_id == repository_id,
            Alert.number.in_(some),
            Alert.state == AlertState.OPEN,
        )
        found += [_of_alert(each) for each in work.session.scalars(query)]
    return found


def _of_alert(alert: Alert) -> NewAlert:
    path = alert.path.decode("utf-8", "replace")
    return NewAlert(
        alert.kind,
        alert.severity,
        alert.confidence,
        alert.lane,
        alert.title,
        _place(path, alert.line),
        alert.number,
        alert.is_exploited,
    )


def _dependencies(
    work: UnitOfWork,
    repository_id: UUID,
    scan: ChangeScan | None,
    entries: Sequence[Suppression],
) -> Iterable[NewAlert]:
    if scan is None:
        return ()
    matches = _matches(work, {row["package"] for row in (*scan.found, *scan.before)})
    known = {
        (row["path"], row["name"], match.canonical)
        for row in scan.before
        for match in matches.get(row["package"], ())
    }
    coming: dict[str, NewAlert] = {}
    for row in scan.found:
        for match in matches.get(row["package"], ()):
            seen = (row["path"], row["name"], match.canonical)
            is_meant = suppressed_alerts.is_meant(
                *(entries, AlertKind.DEPENDENCY, Lane.REVIEW),
                *(match.canonical, row["path"].encode()),
            )
            if seen not in known and not (is_meant and not match.facts["exploited"]):
                purl = package_url(match.ecosystem, row["name"], match.version)
                path = row["path"].encode()
                identity = alert_identity.of_dependency(path, purl, match.canonical)
                coming[identity] = _dependency(row, match)
    settled = _dismissed(work, repository_id, coming)
    return [each for identity, each in coming.items() if identity not in settled]


def _matches(work: UnitOfWork, packages: Iterable[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for some in parts(sorted(packages)):
        query = (
            sa.select(
                *(PackageMatch.package_key, PackageMatch.canonical, PackageMatch.verdict),
                *(PackageMatch.facts, PackageVersion.ecosystem, PackageVersion.version),
            )
            .join(PackageVersion, PackageVersion.key == PackageMatch.package_key)
            .where(PackageMatch.package_key.in_(some))
            .order_by(PackageMatch.package_key, PackageMatch.canonical)
        )
        for row in work.session.execute(query):
            found.setdefault(row.package_key, []).append(row)
    return found


def _dependency(row: dict[str, Any], match: Any) -> NewAlert:
    is_sure = match.verdict == Verdict.AFFECTED
    return NewAlert(
        AlertKind.DEPENDENCY,
        Severity(match.facts["severity"]),
        Confidence.HIGH if is_sure else Confidence.LOW,
        Lane.REVIEW,
        f"{row['name']} {match.version}: {match.facts['summary'] or match.canonical}",
        _place(row["path"], row["line"]),
        is_exploited=bool(match.facts["exploited"]),
    )


def _licences(
    work: UnitOfWork,
    repository_id: UUID,
    scan: ChangeScan | None,
    entries: Sequence[Suppression],
    now: datetime,
) -> Iterable[NewAlert]:
    if scan is None:
        return ()
    packages = _packages(work, {row["package"] for row in (*scan.found, *scan.before)})

    def judged(rows: Sequence[dict[str, Any]]) -> dict[str, NewAlert]:
        asked = [
            Licensed(row, *packages[row["package"]], row.get("licence", ""))
            for row in rows
            if row["package"] in packages
        ]
        return {
            alert_identity.of_licence(
                each.row["path"].encode(), found.purl, found.licence
            ): NewAlert(
                AlertKind.LICENCE,
                licence_alerts.SEVERITIES[found.decision],
                Confidence.HIGH,
                Lane.REVIEW,
                licence_alerts.title_of(found),
                _place(each.row["path"], each.row["line"]),
            )
            for each, found in licence_alerts.of_change(work, repository_id, asked, now=now)
            if not suppressed_alerts.is_meant(
                *(entries, AlertKind.LICENCE, Lane.REVIEW),
                *(licence_alerts.rule_of(found), each.row["path"].encode()),
            )
        }

    known, coming = judged(scan.before), judged(scan.found)
    settled = _dismissed(work, repository_id, coming)
    return [
        each
        for identity, each in coming.items()
        if identity not in known and identity not in settled
    ]


def _packages(work: UnitOfWork, keys: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Ecosystem, name and version of each."""
    found: dict[int, tuple[str, str, str]] = {}
    for some in parts(sorted(keys)):
        query = sa.select(
            *(PackageVersion.key, PackageVersion.ecosystem, PackageVersion.name),
            PackageVersion.version,
        ).where(PackageVersion.key.in_(some))
        found |= {row[0]: (row[1], row[2], row[3]) for row in work.session.execute(query)}
    return found


def _code(
    work: UnitOfWork,
    repository_id: UUID,
    scan: ChangeScan | None,
    entries: Sequence[Suppression],
) -> Iterable[NewAlert]:
    if scan is None:
        return ()
    settled = _dismissed(work, repository_id, [row["identity"] for row in scan.found])
    return [
        NewAlert(
            AlertKind.CODE,
            Severity(row["severity"]),
            Confidence(row["confidence"]),
            Lane(row["lane"]),
            row["title"],
            _place(row["path"], row["line"]),
        )
        for row in scan.found
        if row["identity"] not in settled
        and not suppressed_alerts.is_meant(
            entries, AlertKind.CODE, Lane(row["lane"]), row["rule"], row["path"].encode()
        )
    ]


def _dismissed(work: UnitOfWork, repository_id: UUID, identities: Iterable[str]) -> set[str]:
    """Those that somebody has dismissed already."""
    found: set[str] = set()
    for some in parts(sorted(set(identities))):
        query = sa.select(Alert.identity).where(
            Alert.repository_id == repository_id,
            Alert.identity.in_(some),
            Alert.state == AlertState.DISMISSED,
        )
        found |= set(work.session.scalars(query))
    return found


def _overdue(work: UnitOfWork, repository_id: UUID, now: datetime) -> dict[AlertKind, int]:
    query = (
        sa.select(Alert.kind, sa.func.count())
        .where(
            Alert.repository_id == repository_id,
            Alert.state == AlertState.OPEN,
            Alert.due_at < now,
        )
        .group_by(Alert.kind)
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def _exploited(work: UnitOfWork, repository_id: UUID) -> int:
    query = sa.select(sa.func.count()).where(
        Alert.repository_id == repository_id,
        Alert.state == AlertState.OPEN,
        Alert.is_exploited.is_(True),
    )
    return work.session.scalar(query) or 0


def _place(path: str, line: int | None) -> str:
    return f"{path}:{line}" if line else path
