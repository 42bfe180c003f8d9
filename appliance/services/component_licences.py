"""Which licence each component is under, and what a policy makes of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.components import ManifestComponent, ManifestFile, PackageVersion
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity
from appliance.domain.components import package_url
from appliance.domain.licences import LicenceDecision, LicencePolicy
from appliance.scanning.licences.policy import Judge

file, component, package = ManifestFile, ManifestComponent, PackageVersion
NOTHING = LicencePolicy()
"""What is said where nobody has said anything."""


@dataclass(frozen=True)
class Judged:
    """A package, the licence that counts for it, and what becomes of that."""

    ecosystem: str
    name: str
    version: str
    written: str
    """As the manifest has it; empty where it does not say."""
    licence: str
    """In its one spelling, or as it is written; empty where nothing is known."""
    decision: LicenceDecision
    because: tuple[str, ...] = ()
    reason: str = ""
    """Why somebody decided about the package; empty where the manifest counts."""

    @property
    def purl(self) -> str:
        """Its package URL, with the version."""
        return package_url(self.ecosystem, self.name, self.version)


@open_to_everyone(because="it asks only about repositories that the caller names")
def packages(work: UnitOfWork, among: sa.Select[UUID]) -> Sequence[Any]:
    """The packages of default branches and of uploaded bills, each with a licence once.

    Shapes: rows of ecosystem, name, version and licence, by name.
    """
    query = (
        sa.select(package.ecosystem, package.name, package.version, component.licence)
        .select_from(file)
        .join(component, component.manifest_id == file.id)
        .join(package, package.key == component.package_key)
        .join(Repository, Repository.id == file.repository_id)
        .where(
            file.repository_id.in_(among),
            file.ref.in_((Repository.default_branch, "")),
        )
        .distinct()
        .order_by(package.name, package.version, package.ecosystem, component.licence)
    )
    return list(work.session.execute(query))


@open_to_everyone(because="it looks at nothing but what it is given")
def judged(rows: Iterable[Any], policy: LicencePolicy, today: date) -> Iterator[Judged]:
    """What becomes of each, by name.

    Shapes: rows have ecosystem, name, version and licence.
    """
    judge = Judge(policy.allowed, policy.denied)
    decided = {each.package: each for each in policy.decided if each.counts(today)}
    for row in rows:
        own = decided.get(
            alert_identity.without_version(package_url(row.ecosystem, row.name, ""))
            if decided
            else ""
        )
        licence, found = judge.read(own.licence if own else row.licence)
        yield Judged(
            *(row.ecosystem, row.name, row.version, row.licence, licence),
            *(found.decision, found.because),
            reason=own.reason if own else "",
        )
