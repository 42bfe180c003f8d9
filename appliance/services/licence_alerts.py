"""Alerts of licences that a policy denies, or that somebody has to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import licence_policies
from appliance.db.alerts import Alert
from appliance.db.components import ManifestComponent, ManifestFile, PackageVersion
from appliance.db.licence_policies import LicencePolicyRow
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity
from appliance.domain.alerts import AlertKind, Confidence, Severity, Sighting
from appliance.domain.licences import LicenceDecision
from appliance.domain.permissions import Permission
from appliance.services import component_licences, dependency_alerts, sightings
from appliance.services.component_licences import Judged
from appliance.services.dependency_alerts import LIVE, Look

SEVERITIES = {LicenceDecision.DENY: Severity.HIGH, LicenceDecision.REVIEW: Severity.LOW}
WORDS = {LicenceDecision.DENY: "is denied", LicenceDecision.REVIEW: "is to be looked at"}
CURES = {
    LicenceDecision.DENY: "Replace the component, or let whoever manages the organisation decide "
    "about it in the policy of licences.",
    LicenceDecision.REVIEW: "Look at the licence, and say in the organisation's policy of licences "
    "what becomes of it, or of this component.",
}


def refresh(work: UnitOfWork, repository_id: UUID, look: Look, *, now: datetime) -> None:
    """Make a repository's alerts of licences what its components and the policy come to.

    Errors:
        HiddenError, RefusedError: there is no such repository, or the actor may not report.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    policy = licence_policies.policy_of(work.session, repository.organisation_id)
    if policy is None:
        if _has_any(work, repository):
            _end(work, repository, seen=(), now=now)
        return
    scan = sightings.begin_scan(
        work,
        repository,
        sightings.NewScan(
            kind=AlertKind.LICENCE, cause=look.cause, ref=look.ref, to_commit=look.commit
        ),
        now=now,
    )
    wanted = {LicenceDecision.DENY}
    wanted |= {LicenceDecision.REVIEW} if policy.alerts_for_review else set()
    rows = list(work.session.execute(_question(repository_id)))
    found = component_licences.judged(rows, policy, now.date())
    taken = sightings.take_in(
        work,
        repository,
        (
            _sighting(row, each)
            for row, each in zip(rows, found, strict=True)
            if each.decision in wanted
        ),
        scan=scan,
        ref_is_protected=True,  # Other branches are not read.
        now=now,
        pushed_by=look.pushed_by,
    )
    _end(work, repository, seen=taken.all, now=now)
    unread = list(dependency_alerts.unread(work, repository_id))
    sightings.end_scan(
        work, repository, scan, size_bytes=0, objects=len(rows), skipped=unread, now=now
    )


def refresh_where_asked(
    work: UnitOfWork, repositories: Sequence[UUID], look: Look, *, now: datetime
) -> None:
    """The same for those of them whose organisation says something of licences.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = (
        sa.select(Repository.id)
        .join(LicencePolicyRow, LicencePolicyRow.organisation_id == Repository.organisation_id)
        .where(Repository.id.in_(repositories))
    )
    for each in list(work.session.scalars(query)):
        refresh(work, each, look, now=now)


@open_to_everyone(because="it only says what it is given")
def rule_of(judged: Judged) -> str:
    """What it is grouped by: what was decided."""
    return f"licence-{judged.decision}"


@open_to_everyone(because="it only says what it is given")
def title_of(judged: Judged) -> str:
    """What an alert of a licence is called."""
    called, licence = f"{judged.name} {judged.version}".strip(), judged.licence or "unknown"
    return f"{called}: licence {licence[:200]} {WORDS[judged.decision]}"


def _has_any(work: UnitOfWork, repository: Repository) -> bool:
    query = sa.select(Alert.id).where(
        Alert.repository_id == repository.id,
        Alert.kind == AlertKind.LICENCE,
        Alert.state.in_(LIVE),
    )
    return work.session.scalar(query.limit(1)) is not None


def _end(work: UnitOfWork, repository: Repository, *, seen: Collection[int], now: datetime) -> None:
    sightings.gone(work, repository, AlertKind.LICENCE, seen=seen, looked_at=None, now=now)


def _question(repository_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    file, component, package = ManifestFile, ManifestComponent, PackageVersion
    return (
        sa.select(
            *(file.path, file.object_id, file.ref, component.line, component.scope),
            *(component.is_direct, component.licence, package.ecosystem, package.name),
            package.version,
        )
        .join(component, component.manifest_id == file.id)
        .join(package, package.key == component.package_key)
        .where(file.repository_id == repository_id)
        .order_by(file.ref, file.path, component.position)
    )


def _sighting(row: sa.Row[Any], judged: Judged) -> Sighting:
    return Sighting(
        kind=AlertKind.LICENCE,
        rule=rule_of(judged),
        title=title_of(judged),
        identity=alert_identity.of_licence(row.path, judged.purl, judged.licence),
        severity=SEVERITIES[judged.decision],
        confidence=Confidence.HIGH,
        cure=CURES[judged.decision],
        preview=judged.purl,
        object_id=row.object_id,
        path=row.path,
        line=row.line,
        detail={
            "ecosystem": row.ecosystem,
            "package": row.name,
            "version": row.version,
            "licence": judged.licence,
            "written": judged.written,
            "because": list(judged.because),
            "scope": str(row.scope),
            "direct": row.is_direct,
            "branch": row.ref,
        },
    )


@open_to_everyone(because="whoever has a pull request before them was asked whether they may")
def of_change(
    work: UnitOfWork, repository_id: UUID, rows: Sequence[Any], *, now: datetime
) -> Iterator[tuple[Any, Judged]]:
    """The components of a change that are not allowed, each with its row.

    Where the organisation says nothing of licences, nobody has allowed anything.

    Shapes: rows have ecosystem, name, version and licence.
    """
    repository = work.session.get_one(Repository, repository_id)
    policy = licence_policies.policy_of(work.session, repository.organisation_id)
    found = component_licences.judged(rows, policy or component_licences.NOTHING, now.date())
    return (
        (row, each)
        for row, each in zip(rows, found, strict=True)
        if each.decision is not LicenceDecision.ALLOW
    )
