"""What repositories are made of, kept as their manifests said it last, and shown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_alerts, gate
from appliance.access.gate import open_to_everyone
from appliance.db import bulk, component_rows
from appliance.db.component_rows import parts
from appliance.db.components import (
    LONGEST_VERSION,
    ManifestComponent,
    ManifestFile,
    RepositoryToCompare,
)
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.alerts import ScanCause
from appliance.domain.components import Component, normal_name
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.git.ref_names import BRANCHES
from appliance.scanning.manifests import bill_reading
from appliance.scanning.manifests.refusal import LARGEST_BYTES
from appliance.services import (
    advisory_matching,
    dependency_alerts,
    licence_alerts,
    manifest_promises,
)
from appliance.services.dependency_alerts import Look
from appliance.services.manifest_reading import Branch, Manifest, Plan

COLUMNS = (
    *("manifest_id", "position", "package_key", "name", "line", "scope", "is_direct"),
    *("parents", "wanted", "licence"),
)
LONGEST_NAME = 512
LARGEST_BILL_BYTES = LARGEST_BYTES
UPLOADED = ""
"""The branch of a bill of materials that somebody uploaded."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
BAD_NAME = sentence("A name has letters, digits, dots, dashes and underscores, at most 100.")


@dataclass(frozen=True)
class Inventoried:
    """A bill of materials that somebody handed in."""

    name: str
    format: str
    components: int
    sha256: str
    uploaded_at: datetime


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
    waiting = work.session.get(RepositoryToCompare, repository.id)
    if not changed and waiting is None:
        return
    if waiting is not None:
        work.session.delete(waiting)
    for branch in changed:
        ref = branch.ref.removeprefix(BRANCHES).decode("utf-8", "replace")[:255]
        _forget(work, repository.id, ref, [*branch.gone, *(each.path for each in branch.fresh)])
        for each in branch.fresh:
            _put(work, repository.id, ref, branch.commit, each, now=now)
    look = _look(changed[0], pushed_by) if changed else Look(ScanCause.UPLOAD)
    settle(work, repository.id, look, now=now)


def _put(
    work: UnitOfWork,
    repository_id: UUID,
    ref: str,
    commit: str,
    manifest: Manifest,
    *,
    now: datetime,
) -> ManifestFile:
    """Keep one manifest of which nothing is kept."""
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
    packages = [package_of(each) for each in manifest.components]
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


def upload(work: UnitOfWork, path: str, name: str, data: bytes, *, now: datetime) -> Inventoried:
    """Keep a bill of materials that somebody made, in place of the one of that name.

    Errors:
        HiddenError, MovedError, RefusedError: there is no such repository, or they may not report.
        InvalidError: the name is none, or it is no bill: the message has the line.
    """
    repository = fetch_alerts.home(work, path, Permission.ALERT_REPORT)
    if not NAME.fullmatch(name):
        raise InvalidError.of("name", BAD_NAME)
    components, form = bill_reading.read(name, data)
    _forget(work, repository.id, UPLOADED, [name.encode()])
    digest = hashlib.sha256(data).hexdigest()
    manifest = Manifest(name.encode(), form, digest, [], components)
    row = _put(work, repository.id, UPLOADED, "", manifest, now=now)
    _compare(work, repository)
    work.record(
        events.InventoryUploaded(
            about=repository.id,
            organisation_id=repository.organisation_id,
            name=name,
            format=form,
            components=len(components),
            sha256=digest,
        )
    )
    return _inventoried(row)


def uploaded(work: UnitOfWork, path: str) -> list[Inventoried]:
    """The bills that somebody handed in, by name.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
    """
    repository = fetch_alerts.home(work, path)
    query = sa.select(ManifestFile).where(
        ManifestFile.repository_id == repository.id, ManifestFile.ref == UPLOADED
    )
    return [_inventoried(row) for row in work.session.scalars(query.order_by(ManifestFile.path))]


def remove_uploaded(work: UnitOfWork, path: str, name: str) -> None:
    """Forget a bill; the alerts of what only it names are fixed.

    Errors:
        HiddenError, MovedError, RefusedError: there is no such repository, or they may not report.
        NotFoundError: there is no bill of that name.
    """
    repository = fetch_alerts.home(work, path, Permission.ALERT_REPORT)
    if name not in {each.name for each in uploaded(work, path)}:
        raise NotFoundError(sentence("There is no bill of materials of that name."))
    _forget(work, repository.id, UPLOADED, [name.encode()])
    _compare(work, repository)
    work.record(
        events.InventoryRemoved(
            about=repository.id, organisation_id=repository.organisation_id, name=name
        )
    )


def _inventoried(row: ManifestFile) -> Inventoried:
    return Inventoried(
        name=row.path.decode("utf-8", "replace"),
        format=row.format,
        components=row.component_count,
        sha256=row.object_id,
        uploaded_at=row.read_at,
    )


def _compare(work: UnitOfWork, repository: Repository) -> None:
    """A job makes the alerts: matching is the appliance's own."""
    if work.session.get(RepositoryToCompare, repository.id) is None:
        work.session.add(RepositoryToCompare(repository_id=repository.id))
    manifest_promises.promise_one(work, repository.id, pushed_by=work.actor.id)


def settle(work: UnitOfWork, repository_id: UUID, look: Look, *, now: datetime) -> None:
    """Judge a repository's packages, and make its alerts of that.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    feed = advisory_matching.current(work)
    advisory_matching.match(work, feed, component_rows.keys_of(work.session, repository_id))
    dependency_alerts.refresh(work, repository_id, look, now=now)
    licence_alerts.refresh(work, repository_id, look, now=now)


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


@open_to_everyone(because="it only spells a name")
def package_of(component: Component) -> component_rows.Package:
    """A component as packages are kept: ecosystem, name in its one spelling, version."""
    name = normal_name(component.ecosystem, component.name)
    version = _clean(component.version)[:LONGEST_VERSION]
    return (component.ecosystem, _clean(name)[:LONGEST_NAME], version)


def _clean(text: str) -> str:
    """What a database takes: neither NUL nor half a character."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "replace").decode()
