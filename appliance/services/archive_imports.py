"""Bringing in archives of other systems, as people ask for it.

request    a new import: its archive is uploaded next, or lies in a folder of the server
arrived    the archive is here: a job reads it (see archive_runs.py)
choose     which repositories come in under which names, and who is who
start      a job brings them in, in the name of who said so; said again it goes on where it was
cancel     what is here already stays
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_archive_imports as fetch
from appliance.access import gate
from appliance.db import paging
from appliance.db.archive_imports import ArchiveImport, ArchiveImportPart, home_of
from appliance.db.outbox import JobRecord
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind, User
from appliance.domain import events
from appliance.domain.archive_imports import (
    AT_WORK,
    ENDED,
    KEPT,
    LONGEST_FILE_NAME,
    MAY_START,
    MOST_KEPT,
    MOST_UNFINISHED,
    ArchiveSource,
    ImportState,
    PartState,
)
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.names import check_repository
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, TooLargeError, UnavailableError, sentence
from appliance.services import archive_people, jobs

ARCHIVE = "archive"
CHUNK_BYTES = 1024 * 1024
NOT_NOW = sentence("This import is not at the point where that can be done.")


class Readable(Protocol):
    """What arrives."""

    def read(self, count: int, /) -> bytes:
        """The next bytes; none at the end."""


@dataclass(frozen=True)
class Shown:
    """An import, with how far it is."""

    row: ArchiveImport
    owner: str
    asked_by: str
    parts: list[ArchiveImportPart]
    step: str = ""
    done: int = 0
    total: int = 0

    @property
    def found(self) -> int:
        """How many of its people are users here."""
        return sum(1 for each in self.row.people if each["user"])


@dataclass(frozen=True)
class Choice:
    """What is to become of one repository of an archive."""

    position: int
    name: str
    is_wanted: bool


def request(
    work: UnitOfWork,
    owner: str,
    source: ArchiveSource,
    file_name: str = "",
    *,
    folder: Path | None,
    now: datetime,
) -> UUID:
    """Ask for an archive to be brought in below `owner`; gives the import's id.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: as for `home_of_archives`; or the
            archive lies on the server, and the actor is no administrator.
        InvalidError: no such file lies there.
        ConflictError: several wait already.
    """
    home = fetch.home_of_archives(work, owner)
    _insist_on_few(work, now)
    if source is ArchiveSource.FOLDER and file_name not in offered(work, folder):
        raise InvalidError.of("file_name", sentence("No such archive lies in the folder."))
    made = ArchiveImport(
        id=new_id(),
        asked_by=work.actor.id,
        owner_id=home.id,
        source=source,
        file_name=file_name[:LONGEST_FILE_NAME],
        people=[],
        created_at=now,
    )
    work.session.add(made)
    work.record(
        events.ArchiveImportRequested(**_about(made, home), source=source, file_name=made.file_name)
    )
    if source is ArchiveSource.FOLDER:
        _promise(work, made, ImportState.READING, Job.READ_ARCHIVE)
    return made.id


def offered(work: UnitOfWork, folder: Path | None) -> list[str]:
    """The archives that lie in a folder of the server, for administrators.

    Errors:
        UnauthenticatedError, RefusedError: the actor is none.
    """
    gate.require(work, Permission.INSTANCE_IMPORT_LOCAL)
    if folder is None or not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_file())


def expect(work: UnitOfWork, import_id: UUID) -> ArchiveImport:
    """An import whose archive may be uploaded now.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: as for `archive_import`.
        ConflictError: its archive is here already, or lies elsewhere.
    """
    row = fetch.archive_import(work, import_id, to_act=True)
    if row.source is not ArchiveSource.UPLOAD or row.state is not ImportState.WAITING:
        raise ConflictError(NOT_NOW)
    return row


@gate.open_to_everyone(because="whoever sends it was asked by `expect`")
def keep(arriving: Readable, folder: Path, most_bytes: int) -> int:
    """Write an archive that arrives into the import's folder; gives how many bytes it has.

    Errors:
        TooLargeError: it is longer than it may be.
        UnavailableError: there is no room.
    """
    draft, size = folder / f"{ARCHIVE}.part", 0
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with draft.open("wb") as out:
            while chunk := arriving.read(CHUNK_BYTES):
                size += len(chunk)
                if size > most_bytes:
                    raise TooLargeError(
                        sentence("More than %(most)s bytes may not arrive.", most=most_bytes)
                    )
                out.write(chunk)
        draft.replace(folder / ARCHIVE)
    except OSError as error:
        why = error.strerror
        raise UnavailableError(sentence("It cannot be kept: %(why)s.", why=why)) from error
    finally:
        draft.unlink(missing_ok=True)
    return size


def arrived(work: UnitOfWork, import_id: UUID, size_bytes: int, file_name: str = "") -> None:
    """The archive is here; a job reads it.

    Errors: as for `expect`.
    """
    row = fetch.archive_import(work, import_id, to_act=True)
    if row.state is not ImportState.WAITING:
        raise ConflictError(NOT_NOW)
    row.size_bytes = size_bytes
    row.file_name = (file_name or row.file_name)[:LONGEST_FILE_NAME]
    home = home_of(work.session, row)
    work.record(events.ArchiveUploaded(**_about(row, home), size_bytes=size_bytes))
    _promise(work, row, ImportState.READING, Job.READ_ARCHIVE)


def listed(
    work: UnitOfWork, *, after: str | None = None, limit: int = paging.USUAL_LIMIT
) -> paging.Page[Shown]:
    """One's own imports, newest first; for administrators, everybody's."""
    found = paging.page(
        work.session,
        fetch.archive_imports(work),
        ArchiveImport.id,
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return paging.Page([_shown(work, row) for row in found.items], found.next)


def show(work: UnitOfWork, import_id: UUID) -> Shown:
    """One of them.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _shown(work, fetch.archive_import(work, import_id))


def choose(
    work: UnitOfWork, import_id: UUID, choices: Iterable[Choice], people: Mapping[str, str]
) -> None:
    """Say which repositories come in under which names, and who is who: by names in the archive,
    users here, or nobody. What is not said stays.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: as for `archive_import`; or the actor
            says who is who, and is no administrator.
        InvalidError: a name is not possible, or there is no such user.
        ConflictError: it is at work, or done.
    """
    row = fetch.archive_import(work, import_id, to_act=True)
    if row.state not in MAY_START:
        raise ConflictError(NOT_NOW)
    if people:
        gate.require(work, Permission.INSTANCE_IMPORT_LOCAL)
        row.people = archive_people.mapped(work, row.people, people)
    parts = {each.position: each for each in _parts(work, row.id)}
    for choice in choices:
        part = parts.get(choice.position)
        if part is None or part.state is PartState.DONE:
            continue
        if part.repository_id is None:
            part.name = check_repository(choice.name)
        part.is_wanted = choice.is_wanted
    wanted = [each for each in parts.values() if each.is_wanted]
    work.record(events.ArchiveImportChanged(**_counted(work, row, wanted)))


def start(work: UnitOfWork, import_id: UUID) -> UUID:
    """Bring in what was chosen, in the actor's name; gives the job's id. One that failed or was
    cancelled goes on where it was.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: the actor may not bring anything in
            there, or somebody said who is who, and the actor is no administrator.
        InvalidError: nothing was chosen, or two would be called the same.
        ConflictError: it is at work, or done.
    """
    row = fetch.archive_import(work, import_id, to_act=True)
    home = home_of(work.session, row)
    if row.state not in MAY_START or home is None:
        raise ConflictError(NOT_NOW)
    fetch.home_of_archives(work, home.name)
    if any(each["user"] for each in row.people):
        gate.require(work, Permission.INSTANCE_IMPORT_LOCAL)
    parts = _parts(work, row.id)
    wanted = [each for each in parts if each.is_wanted]
    names = {each.name.lower() for each in wanted}
    if parts and not wanted:
        raise InvalidError(sentence("Choose a repository at least."))
    if len(names) < len(wanted):
        raise InvalidError(sentence("Two repositories would have the same name."))
    for part in wanted:
        if part.state is PartState.FAILED:
            part.state, part.error = PartState.WAITING, ""
    row.asked_by, row.error, row.finished_at = work.actor.id, "", None
    work.record(events.ArchiveImportStarted(**_counted(work, row, wanted)))
    if not parts:  # It was stopped while it was read.
        return _promise(work, row, ImportState.READING, Job.READ_ARCHIVE)
    return _promise(work, row, ImportState.RUNNING, Job.BRING_ARCHIVE)


def cancel(work: UnitOfWork, import_id: UUID, *, now: datetime) -> None:
    """Stop it: at once, or its job at the next step. What is here already stays.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: as for `archive_import`.
        ConflictError: it has ended.
    """
    row = fetch.archive_import(work, import_id, to_act=True)
    if row.state in ENDED:
        raise ConflictError(NOT_NOW)
    if row.state in AT_WORK and row.job_id is not None:
        jobs.cancel(work, row.job_id)
        return
    home = home_of(work.session, row)
    row.state, row.finished_at = ImportState.CANCELLED, now
    work.record(events.ArchiveImportCancelled(**_about(row, home)))


@gate.open_to_everyone(because="it puts into other words what `show` has given")
def report(shown: Shown) -> dict[str, Any]:
    """What came of it, and what could not come along, as a file to keep."""
    row = shown.row
    return {
        "owner": shown.owner,
        "file_name": row.file_name,
        "form": row.form,
        "state": str(row.state),
        "error": str(row.error),
        "people": [dict(each) for each in row.people],
        "repositories": [
            {
                "there": each.there,
                "name": each.name,
                "is_wanted": each.is_wanted,
                "state": str(each.state),
                "error": str(each.error),
                "holds": each.holds,
                **each.report,
            }
            for each in shown.parts
        ],
    }


def _insist_on_few(work: UnitOfWork, now: datetime) -> None:
    own = sa.select(sa.func.count()).where(ArchiveImport.asked_by == work.actor.id)
    if (work.session.scalar(own.where(ArchiveImport.state.not_in(ENDED))) or 0) >= MOST_UNFINISHED:
        raise ConflictError(
            sentence("Let the imports that you began before come to an end, or cancel them.")
        )
    kept = own.where(
        ArchiveImport.state.in_(ENDED - {ImportState.DONE}), ArchiveImport.finished_at > now - KEPT
    )
    if not fetch.sees_all(work) and (work.session.scalar(kept) or 0) >= MOST_KEPT:
        raise ConflictError(
            sentence("Too many of your imports failed or were cancelled. Start one of them again.")
        )


def _promise(work: UnitOfWork, row: ArchiveImport, state: ImportState, job: Job) -> UUID:
    row.state = state
    row.job_id = work.later(job, about=row.id, import_id=str(row.id))
    return row.job_id


def _about(row: ArchiveImport, home: Owner | None) -> dict[str, Any]:
    is_organisation = home is not None and home.kind is OwnerKind.ORGANISATION
    return {"about": row.id, "organisation_id": home.id if home and is_organisation else None}


def _counted(
    work: UnitOfWork, row: ArchiveImport, wanted: list[ArchiveImportPart]
) -> dict[str, Any]:
    home = home_of(work.session, row)
    people = sum(1 for each in row.people if each["user"])
    return {**_about(row, home), "repositories": len(wanted), "people": people}


def _parts(work: UnitOfWork, import_id: UUID) -> list[ArchiveImportPart]:
    query = sa.select(ArchiveImportPart).where(ArchiveImportPart.import_id == import_id)
    return list(work.session.scalars(query.order_by(ArchiveImportPart.position)))


def _shown(work: UnitOfWork, row: ArchiveImport) -> Shown:
    session = work.session
    job = session.get(JobRecord, row.job_id) if row.job_id else None
    home = home_of(session, row)
    user = session.get(User, row.asked_by) if row.asked_by else None
    return Shown(
        row=row,
        owner=home.name if home else "",
        asked_by=user.name if user else "",
        parts=_parts(work, row.id),
        step=job.step if job else "",
        done=job.progress_done if job else 0,
        total=job.progress_total if job else 0,
    )
