"""Bills of materials of a repository, from what is stored of its default branch."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from appliance import version
from appliance.access import fetch
from appliance.db.components import ManifestComponent, ManifestFile, PackageVersion
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.components import Component
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence
from appliance.scanning.sbom import cyclonedx, spdx, spdx3
from appliance.scanning.sbom.inventory import Inventory


class BillFormat(StrEnum):
    """How a bill is written."""

    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"


NEWEST = cyclonedx.VERSIONS[-1]
VERSIONS = {
    BillFormat.CYCLONEDX: cyclonedx.VERSIONS,
    BillFormat.SPDX: ("2.3", spdx3.VERSION),
}


def export(
    work: UnitOfWork, path: str, form: BillFormat, spec: str = "", *, now: datetime
) -> dict[str, Any]:
    """The bill of the default branch, as the value of its JSON; `spec` is a version of the format.

    Errors:
        HiddenError, MovedError: there is no such repository for this actor.
        InvalidError: the version is not written here.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    if spec and spec not in VERSIONS[form]:
        known = ", ".join(VERSIONS[form])
        raise InvalidError.of("version", sentence("Choose from: %(known)s.", known=known))
    inventory = _inventory(work, repository, now)
    work.record(
        events.InventoryExported(
            about=repository.id,
            organisation_id=repository.organisation_id,
            commit=inventory.version,
            format=str(form),
            components=sum(map(len, inventory.files.values())),
        )
    )
    if form is BillFormat.SPDX:
        return spdx3.write(inventory) if spec == spdx3.VERSION else spdx.write(inventory)
    return cyclonedx.write(inventory, spec or NEWEST)


def _inventory(work: UnitOfWork, repository: Repository, now: datetime) -> Inventory:
    file, component, package = ManifestFile, ManifestComponent, PackageVersion
    columns = (
        *(file.path, file.commit, file.read_at, component.name, component.line, component.scope),
        *(component.is_direct, component.parents, component.licence, component.wanted),
        *(package.ecosystem, package.version),
    )
    query = (
        sa.select(*columns)
        .join(component, component.manifest_id == file.id)
        .join(package, package.key == component.package_key)
        .where(file.repository_id == repository.id, file.ref == repository.default_branch)
        .order_by(file.path, component.position)
    )
    files: dict[str, list[Component]] = {}
    newest, commit = None, ""
    for row in work.session.execute(query):
        files.setdefault(row.path.decode("utf-8", "replace"), []).append(_component(row))
        if newest is None or row.read_at > newest:
            newest, commit = row.read_at, row.commit
    return Inventory(
        name=repository.path,
        version=commit,
        made_at=now,
        serial=new_id(),
        tool_version=version.RELEASE,
        files={path: tuple(found) for path, found in files.items()},
    )


def _component(row: Any) -> Component:
    return Component(
        ecosystem=row.ecosystem,
        name=row.name,
        version=row.version,
        line=row.line,
        scope=row.scope,
        is_direct=row.is_direct,
        parents=tuple(row.parents),
        wanted=row.wanted,
        licence=row.licence,
    )
