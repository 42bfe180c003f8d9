"""What repositories are made of, kept as their manifests said it last, and shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db import bulk, component_rows
from appliance.db.component_rows import parts
from appliance.db.components import LONGEST_VERSION, ManifestComponent, ManifestFile
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import ScanCause
from appliance.domain.components import Component, normal_name
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.git.ref_names import BRANCHES
from appliance.services import advisory_matching, dependency_alerts
from appliance.services.dependency_alerts import Look
from appliance.services.manifest_reading import Branch, Manifest, Plan

COLUMNS = (
    *("manifest_id", "position", "package_key", "name", "line", "scope", "is_direct"),
    *("parents", "wanted", "licence"),
)
LONGEST_NAME = 512


def keep(
    work: UnitOfWork,
    wanted: Plan,
    branches: Sequence[Branch],
    *,
    pushed_by: UUID | None,
    now: datetime,
) -> None:
    """Keep what manifests say now, and make the repository's alerts of it.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, wanted.repository_id, Permission.REPOSITORY_READ)
    changed = [each for each in branches if each.fresh or each.gone]
    if not changed:
        return
    for branch in changed:
        ref = branch.ref.removeprefix(BRANCHES).decode("utf-8", "replace")[:255]
        _forget(work, repository.id, ref, [*branch.gone, *(each.path for each in branch.fresh)])
        for each in branch.fresh:
            put(work, repository.id, ref, branch.commit, each, now=now)
    settle(work, repository.id, _look(changed[0], pushed_by), now=now)


def put(
    work: UnitOfWork,
    repository_id: UUID,
    ref: str,
    commit: str,
    manifest: Manifest,
    *,
    now: datetime,
) -> ManifestFile:
    """Keep one manifest of which nothing is kept.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = ManifestFile(
        id=new_id(),
        repository_id=repository_id,
        ref=ref,
        path=manifest.path,
        format=manifest.format,
        object_id=manifest.object_id,
        commit=commit,
        error=manifest.error,
        beside=[list(each) for each in manifest.beside],
        component_count=len(manifest.components),
        read_at=now,
    )
    work.session.add(row)
    work.session.flush()  # Its components name it.
    packages = [_package(each) for each in manifest.components]
    keys = component_rows.intern(work.session, packages)
    connection = work.session.connection()
    bulk.insert(
        connection,
        ManifestComponent,
        COLUMNS,
        [
            (
                *(row.id, position, keys[package], _clean(each.name)[:LONGEST_NAME], each.line),
                *(each.scope, each.is_direct, bulk.json_value(connection, list(each.parents))),
                *(_clean(each.wanted), _clean(each.licence)),
            )
            for position, (each, package) in enumerate(
                zip(manifest.components, packages, strict=True)
            )
        ],
    )
    return row


def settle(work: UnitOfWork, repository_id: UUID, look: Look, *, now: datetime) -> None:
    """Judge a repository's packages, and make its alerts of that.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    feed = advisory_matching.current(work)
    advisory_matching.match(work, feed, component_rows.keys_of(work.session, repository_id))
    dependency_alerts.refresh(work, repository_id, look, now=now)


def _forget(work: UnitOfWork, repository_id: UUID, ref: str, paths: Iterable[bytes]) -> None:
    for some in parts(paths):
        gone = sa.delete(ManifestFile).where(
            ManifestFile.repository_id == repository_id,
            ManifestFile.ref == ref,
            ManifestFile.path.in_(some),
        )
        work.session.execute(gone, execution_options={"synchronize_session": False})


def _look(branch: Branch, pushed_by: UUID | None) -> Look:
    ref = branch.ref.removeprefix(BRANCHES).decode("utf-8", "replace")
    return Look(ScanCause.PUSH, ref, branch.commit, pushed_by)


def _package(component: Component) -> component_rows.Package:
    name = normal_name(component.ecosystem, component.name)
    return (component.ecosystem, _clean(name)[:LONGEST_NAME], component.version[:LONGEST_VERSION])


def _clean(text: str) -> str:
    """What a database takes: neither NUL nor half a character."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "replace").decode()
