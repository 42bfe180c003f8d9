"""What is under which licence, what is owed for it, and the NOTICE file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_alerts, visible_alerts
from appliance.db import licence_policies
from appliance.db.components import ManifestComponent, ManifestFile, PackageVersion
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.components import Component, Scope
from appliance.domain.licences import LicenceDecision, LicencePolicy
from appliance.domain.permissions import Permission
from appliance.scanning.licences import obligations
from appliance.services import component_licences
from appliance.services.component_licences import NOTHING, Judged


@dataclass
class LicenceUse:
    """A licence, what becomes of it, and which packages are under it. Its state grows with each."""

    licence: str
    """Empty where nothing is known."""
    decision: LicenceDecision
    because: tuple[str, ...]
    duties: tuple[str, ...] | None
    """What it asks for, as `domain` words; None where that is not known."""
    packages: list[Judged] = field(default_factory=list)


@dataclass(frozen=True)
class LicenceReport:
    """All licences, the worst and the most used first."""

    policy: LicencePolicy | None
    uses: Sequence[LicenceUse]
    packages: int
    unread: int
    """Manifests that could not be read: what they name is not in here."""
    manifests: int


def of_repository(work: UnitOfWork, path: str, *, now: datetime) -> LicenceReport:
    """Licences of what manifests of the default branch and uploaded bills name.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
    """
    repository = fetch_alerts.home(work, path)
    among = sa.select(Repository.id).where(Repository.id == repository.id)
    return _report(work, among, repository.organisation_id, now)


def of_organisation(work: UnitOfWork, name: str, *, now: datetime) -> LicenceReport:
    """The same of all repositories of an organisation whose alerts the actor may see.

    Errors:
        HiddenError, MovedError: there is no such organisation, or none for this actor.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_READ)
    among = visible_alerts.within(work, name).with_only_columns(Repository.id)
    return _report(work, among, organisation.id, now)


def notice(work: UnitOfWork, path: str, *, now: datetime) -> str:
    """The NOTICE file of a repository: what goes along with it, and under which licences.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
    """
    repository = fetch_alerts.home(work, path)
    policy = licence_policies.policy_of(work.session, repository.organisation_id) or NOTHING
    file, component, package = ManifestFile, ManifestComponent, PackageVersion
    query = (
        sa.select(package.ecosystem, package.name, package.version, component.licence)
        .select_from(file)
        .join(component, component.manifest_id == file.id)
        .join(package, package.key == component.package_key)
        .where(
            file.repository_id == repository.id,
            file.ref.in_((repository.default_branch, "")),
            component.scope != Scope.DEVELOPMENT,
        )
        .distinct()
    )
    found = component_licences.judged(work.session.execute(query), policy, now.date())
    return obligations.notice(repository.path, obligations.owed(map(_component, found)))


def _report(
    work: UnitOfWork, among: sa.Select[UUID], organisation_id: UUID | None, now: datetime
) -> LicenceReport:
    policy = licence_policies.policy_of(work.session, organisation_id)
    rows = component_licences.packages(work, among)
    found = list(component_licences.judged(rows, policy or NOTHING, now.date()))
    counted = (
        sa.select(sa.func.count(), sa.func.count().filter(ManifestFile.error != ""))
        .join(Repository, Repository.id == ManifestFile.repository_id)
        .where(
            ManifestFile.repository_id.in_(among),
            ManifestFile.ref.in_((Repository.default_branch, "")),
        )
    )
    manifests, unread = work.session.execute(counted).one()
    return LicenceReport(policy, _uses(found), len(found), unread, manifests)


def _uses(found: Iterable[Judged]) -> list[LicenceUse]:
    uses: dict[tuple[str, LicenceDecision], LicenceUse] = {}
    for each in found:
        key = (each.licence, each.decision)
        if key not in uses:
            uses[key] = LicenceUse(each.licence, each.decision, each.because, _duties(each.licence))
        uses[key].packages.append(each)
    order = list(LicenceDecision)
    return sorted(
        uses.values(),
        key=lambda use: (-order.index(use.decision), -len(use.packages), use.licence.lower()),
    )


def _duties(licence: str) -> tuple[str, ...] | None:
    found = obligations.duties_of(licence)
    return None if found is None else tuple(sorted(found))


def _component(judged: Judged) -> Component:
    return Component(
        name=judged.name,
        version=judged.version,
        ecosystem=judged.ecosystem,
        line=1,
        licence=judged.licence,
    )
