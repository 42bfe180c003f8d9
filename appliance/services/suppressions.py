"""The file `.codara/scanning.toml`: read after pushes to the default branch, and shown.

It counts as it is on the default branch. What a pull request changes in it has no effect before it
is merged.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_alerts, gate
from appliance.access.gate import open_to_everyone
from appliance.db.alerts import Alert
from appliance.db.repositories import Origin, Repository
from appliance.db.suppressions import SuppressionFile
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events, suppressions
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.domain.suppressions import MOST_BYTES, PLACE, Suppression
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.git import blobs, refs
from appliance.git.ref_names import BRANCHES
from appliance.services import repository_promises, suppressed_alerts

LATELY = timedelta(days=3)
"""An entry that ended longer ago was seen to."""
TOO_LARGE = sentence("It is no file, or larger than %(most)s bytes.", most=MOST_BYTES)


@dataclass(frozen=True)
class Plan:
    """A repository whose file is read."""

    repository_id: UUID
    branch: bytes


@dataclass(frozen=True)
class FileFound:
    """What stands in the default branch; no object: there is no such file."""

    commit: str = ""
    object_id: str = ""
    entries: tuple[Suppression, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Shown:
    """The file, and what it comes to."""

    entries: tuple[Suppression, ...]
    error: str
    commit: str
    object_id: str
    read_at: datetime
    suppressed: int
    """Alerts that a rule has dismissed."""


@open_to_everyone(because="only what was pushed already leads here")
def promise(work: UnitOfWork, repository: Repository, moved: Collection[bytes]) -> None:
    """Let the file be read, if the default branch has moved."""
    if BRANCHES + repository.default_branch.encode() in moved:
        repository_promises.once(work, Job.READ_SUPPRESSIONS, repository.id)


def plan(work: UnitOfWork, repository_id: UUID) -> Plan | None:
    """What is to be read; None where there is nothing.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    if repository.deleted_at is not None or repository.content is not Origin.READY:
        return None
    return Plan(repository.id, BRANCHES + repository.default_branch.encode())


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def look(wanted: Plan, folder: Path) -> FileFound:
    """The file of the branch.

    Errors:
        DamagedError: the repository cannot be read.
    """
    commit = dict(refs.names(folder, BRANCHES)).get(wanted.branch)
    if commit is None:
        return FileFound()
    try:
        file = blobs.file(folder, commit, PLACE, most_bytes=MOST_BYTES)
    except NotFoundError:
        return FileFound(commit)
    object_id = file.entry.oid
    if file.content is None:
        return FileFound(commit, object_id, error=TOO_LARGE)
    try:
        return FileFound(commit, object_id, suppressions.read(file.content))
    except InvalidError as error:
        return FileFound(commit, object_id, error=str(error))


def keep(work: UnitOfWork, wanted: Plan, found: FileFound, *, now: datetime) -> None:
    """Keep what it says, and let it hold for the alerts that there are.

    Errors:
        HiddenError, RefusedError: only the appliance may.
    """
    repository = fetch.repository_by_id(work, wanted.repository_id, Permission.ALERT_REPORT)
    row = work.session.get(SuppressionFile, repository.id)
    if (row.object_id if row else "") != found.object_id:
        if not found.object_id and row is not None:
            work.session.delete(row)
        elif row is None:
            row = SuppressionFile(repository_id=repository.id)
            _fill(row, found, now)
            work.session.add(row)
        else:
            _fill(row, found, now)
        work.record(
            events.SuppressionsChanged(
                about=repository.id,
                organisation_id=repository.organisation_id,
                commit=found.commit,
                entries=len(found.entries),
                error=found.error,
            )
        )
        work.session.flush()  # The alerts are judged by it.
    elif row is not None:
        row.commit, row.read_at = found.commit, now
    suppressed_alerts.apply(work, repository, now=now)


def show(work: UnitOfWork, path: str) -> Shown | None:
    """What the file says; None where there is none.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
    """
    repository = fetch_alerts.home(work, path)
    row = work.session.get(SuppressionFile, repository.id)
    if row is None:
        return None
    counted = sa.select(sa.func.count()).where(
        Alert.repository_id == repository.id, Alert.is_automatic.is_(True)
    )
    return Shown(
        entries=tuple(map(suppressions.of_plain, row.entries)),
        error=row.error,
        commit=row.commit,
        object_id=row.object_id,
        read_at=row.read_at,
        suppressed=work.session.scalar(counted) or 0,
    )


def promise_ended(work: UnitOfWork, *, today: date) -> int:
    """Let files be read again that have an entry whose last day is over; gives how many.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    automatic = sa.select(Alert.repository_id).where(Alert.is_automatic.is_(True))
    query = sa.select(SuppressionFile).where(SuppressionFile.repository_id.in_(automatic))
    found = [
        row.repository_id
        for row in work.session.scalars(query)
        if any(
            each.counts(today - LATELY) and not each.counts(today)
            for each in map(suppressions.of_plain, row.entries)
        )
    ]
    for each in found:
        repository_promises.once(work, Job.READ_SUPPRESSIONS, each)
    return len(found)


def _fill(row: SuppressionFile, found: FileFound, now: datetime) -> None:
    row.object_id, row.commit, row.error = found.object_id, found.commit, found.error
    row.entries = [each.plain() for each in found.entries]
    row.read_at = now
