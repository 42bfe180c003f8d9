"""Reading an archive and bringing it in, step by step, as the jobs of an import do it.

begin      what there is to do, and in whose name
unpacked   outside any transaction: what the archive holds, taken apart once
note_read  what it holds, and who of it is probably who here
parts      what is still to come; each is brought in by archive_parts.py
finish     how it ended; `give_up` where it did not come to an end

After a crash all of it begins anew, and passes over what is here already.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.archive_imports import ArchiveImport, ArchiveImportPart, home_of
from appliance.db.outbox import JobRecord
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import EmailAddress, Owner, OwnerKind, User, UserState
from appliance.domain import events
from appliance.domain.archive_imports import (
    AT_WORK,
    KEPT,
    MOST_PEOPLE,
    ArchiveSource,
    ImportState,
    PartState,
    everybody,
    matched,
    suggested_name,
)
from appliance.domain.brought import Whole
from appliance.domain.brought_words import voices
from appliance.domain.identity import Actor, Method, Origin
from appliance.domain.jobs import JobState
from appliance.domain.permissions import InstanceRole, Permission
from appliance.errors import (
    InvalidError,
    RefusedError,
    TooLargeError,
    UnavailableError,
    sentence,
)
from appliance.services import archive_files, archive_reading, archive_talks, identify
from appliance.services.archive_files import Bounds
from appliance.services.archive_imports import ARCHIVE
from appliance.services.archive_talks import plain

CONTENT = "content"
REMEMBERED = timedelta(days=180)
"""So long it is known who brought what in, and who is who in it: that are people's addresses."""
DOCUMENTS_BYTES = 1 << 30
AT_ONCE = 500
NOBODY = sentence("Whoever started this import may not enter any more. Start it anew.")
GONE = sentence("The archive is not here any more. Begin anew.")
NOTHING_CAME = sentence("None of its repositories could be brought in.")


@dataclass(frozen=True)
class Task:
    """An import that a job works on."""

    id: UUID
    owner: str
    actor: Actor
    """Who started it: what it does they must be allowed to do now."""
    archive: Path
    folder: Path
    people: dict[str, str]
    """Who of the archive is which user here."""


def begin(
    work: UnitOfWork,
    import_id: UUID,
    state: ImportState,
    *,
    home: Path,
    server_folder: Path | None,
) -> Task | None:
    """What is to be done for an import; nothing if it is not in this state any more.

    Errors:
        RefusedError: who started it may not enter any more.
        InvalidError: where it was to go is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get(ArchiveImport, import_id)
    if row is None or row.state is not state:
        return None
    user = work.session.get(User, row.asked_by) if row.asked_by else None
    owner = home_of(work.session, row)
    if user is None or user.state is not UserState.ACTIVE:
        raise RefusedError(NOBODY)
    if owner is None:
        raise InvalidError(sentence("Where it was to go does not exist any more."))
    folder = folder_of(home, row.id)
    archive = folder / ARCHIVE
    if row.source is ArchiveSource.FOLDER and server_folder is not None:
        archive = server_folder / row.file_name
    origin = Origin(request_id=row.id.hex[-16:])
    return Task(
        id=row.id,
        owner=owner.name,
        actor=identify.of_user(user, origin, Method.INTERNAL, None),
        archive=archive,
        folder=folder,
        people={each["there"]: each["user"] for each in row.people if each["user"]},
    )


@gate.open_to_everyone(because="it is a place")
def folder_of(home: Path, import_id: UUID) -> Path:
    """Where the files of an import are."""
    return home / str(import_id)


@gate.open_to_everyone(because="the task is of an import whose keeper was asked")
def unpacked(
    task: Task, *, most_bytes: int, most_files: int, note: Callable[[int], None]
) -> tuple[Path, list[Whole]]:
    """The folder with its content, and what that is.

    Errors:
        InvalidError, TooLargeError: it is no archive, a damaged or a hostile one, or too large.
        UnavailableError: there is no room.
    """
    content = task.folder / CONTENT
    if not content.is_dir():
        _unpack(task, content, Bounds(most_bytes, most_files), note)
    root = archive_files.root_of(content)
    wholes = archive_reading.read(root, most_bytes=DOCUMENTS_BYTES)
    return root, wholes


def note_read(work: UnitOfWork, task: Task, wholes: Sequence[Whole]) -> None:
    """Remember what an archive holds. Who is who is looked up for administrators alone."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get_one(ArchiveImport, task.id)
    people: dict[str, tuple[str, ...]] = {}
    said: Counter[str] = Counter()
    for whole in wholes:
        people |= {
            plain(str(name)): tuple(map(str, own)) for name, own in whole.people.items() if name
        }
        said += voices(archive_talks.usable(whole.talks)[0])
    if len(people) > MOST_PEOPLE:
        raise TooLargeError(sentence("The archive has too many people."))
    people = everybody(people, said)
    may_map = task.actor.instance_role is InstanceRole.ADMINISTRATOR
    emails = _emails(work, people.values()) if may_map else {}
    names = _names(work, people) if may_map else {}
    row.people = [_spelled(asdict(each)) for each in matched(people, emails, names, said)]
    row.form = wholes[0].form
    row.state = ImportState.READY
    work.session.execute(sa.delete(ArchiveImportPart).where(ArchiveImportPart.import_id == row.id))
    work.session.add_all(
        ArchiveImportPart(
            import_id=row.id,
            position=position,
            there=plain(str(whole.name))[:255],
            name=suggested_name(str(whole.name)),
            holds=_holds(whole),
            report={},
        )
        for position, whole in enumerate(wholes)
    )


def parts(work: UnitOfWork, import_id: UUID) -> list[ArchiveImportPart]:
    """The repositories that are still to come."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(ArchiveImportPart).where(
        ArchiveImportPart.import_id == import_id,
        ArchiveImportPart.is_wanted.is_(True),
        ArchiveImportPart.state.in_((PartState.WAITING, PartState.RUNNING)),
    )
    return list(work.session.scalars(query.order_by(ArchiveImportPart.position)))


def note_part(work: UnitOfWork, part_id: UUID, state: PartState, error: str = "") -> None:
    """Remember where a repository is."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    part = work.session.get_one(ArchiveImportPart, part_id)
    part.state, part.error = state, error


def repository_of(work: UnitOfWork, part_id: UUID) -> UUID | None:
    """The repository here, once there is one."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return work.session.get_one(ArchiveImportPart, part_id).repository_id


def finish(work: UnitOfWork, import_id: UUID, *, now: datetime) -> bool:
    """Say that all has come in that was wanted, or as much as could. Gives whether that is all:
    what failed can be started again, so its files stay for a while.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get_one(ArchiveImport, import_id)
    query = sa.select(ArchiveImportPart.state).where(
        ArchiveImportPart.import_id == import_id, ArchiveImportPart.is_wanted.is_(True)
    )
    states = list(work.session.scalars(query))
    failed = states.count(PartState.FAILED)
    row.finished_at = now
    if failed == len(states):
        row.state, row.error = ImportState.FAILED, NOTHING_CAME
        work.record(events.ArchiveImportFailed(**_about(work, row), reason=NOTHING_CAME))
        return False
    row.state = ImportState.FAILED if failed else ImportState.DONE
    done = len(states) - failed
    work.record(events.ArchiveImportFinished(**_about(work, row), repositories=done, failed=failed))
    return not failed


def give_up(work: UnitOfWork, import_id: UUID, *, reason: str, now: datetime) -> list[UUID]:
    """Say that it did not come to an end; gives the repositories that are half here."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get(ArchiveImport, import_id)
    if row is None or row.state not in AT_WORK:
        return []
    job = work.session.get(JobRecord, row.job_id) if row.job_id else None
    is_cancelled = job is not None and job.state is JobState.CANCELLED
    row.state = ImportState.CANCELLED if is_cancelled else ImportState.FAILED
    row.error, row.finished_at = reason, now
    query = sa.select(ArchiveImportPart).where(
        ArchiveImportPart.import_id == import_id, ArchiveImportPart.state == PartState.RUNNING
    )
    halves = list(work.session.scalars(query))
    for part in halves:
        part.state = PartState.WAITING
    about = _about(work, row)
    work.record(
        events.ArchiveImportCancelled(**about)
        if is_cancelled
        else events.ArchiveImportFailed(**about, reason=reason)
    )
    return [each.repository_id for each in halves if each.repository_id is not None]


def forget_old(work: UnitOfWork, *, now: datetime) -> None:
    """Forget imports of long ago, with who is who in them; not those at work."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    old = sa.and_(ArchiveImport.created_at < now - REMEMBERED, ArchiveImport.state.not_in(AT_WORK))
    work.session.execute(sa.delete(ArchiveImport).where(old))


def unclaimed(work: UnitOfWork, home: Path, *, now: datetime) -> list[Path]:
    """The folders of imports that nobody goes on with, and those that no import claims."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    rows = work.session.execute(
        sa.select(ArchiveImport.id, ArchiveImport.created_at, ArchiveImport.finished_at).where(
            ArchiveImport.state != ImportState.DONE
        )
    )
    kept = {str(row.id) for row in rows if (row.finished_at or row.created_at) > now - KEPT}
    return [each for each in home.glob("*") if each.name not in kept]


@gate.open_to_everyone(because="whoever asks knows that nobody needs them")
def forget_files(folder: Path) -> None:
    """Remove the files of an import."""
    shutil.rmtree(folder, ignore_errors=True)


def _unpack(task: Task, content: Path, bounds: Bounds, note: Callable[[int], None]) -> None:
    draft = content.with_suffix(".part")
    if not task.archive.is_file():
        raise InvalidError(GONE)
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        archive_files.unpack(task.archive, draft, bounds, note=note)
        draft.rename(content)
        if task.archive.parent == task.folder:
            task.archive.unlink()  # What is in it is here now.
    except OSError as error:
        why = error.strerror
        raise UnavailableError(sentence("It cannot be kept: %(why)s.", why=why)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _holds(whole: Whole) -> dict[str, Any]:
    return {
        "conversations": len(whole.talks),
        "pull_requests": sum(1 for each in whole.talks if each.pull is not None),
        "labels": len(whole.labels),
        "milestones": len(whole.milestones),
        "left_out": whole.left_out,
    }


def _spelled(somebody: dict[str, Any]) -> dict[str, Any]:
    return {
        **somebody,
        "addresses": list(somebody["addresses"]),
        "found": str(somebody["found"]),
    }


def _emails(work: UnitOfWork, people: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """By folded addresses, the names of whose they are."""
    keys = sorted({each.lower() for own in people for each in own})
    found: dict[str, str] = {}
    for some in _some(keys):
        query = (
            sa.select(EmailAddress.address_key, User.name)
            .join(User, User.id == EmailAddress.user_id)
            .where(
                EmailAddress.address_key.in_(some),
                User.state == UserState.ACTIVE,
            )
        )
        found |= {row[0]: row[1] for row in work.session.execute(query)}
    return found


def _names(work: UnitOfWork, people: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _some(sorted({each.lower() for each in people})):
        query = (
            sa.select(Owner.name_key, User.name)
            .join(User, User.id == Owner.id)
            .where(Owner.name_key.in_(some), User.state == UserState.ACTIVE)
        )
        found |= {row[0]: row[1] for row in work.session.execute(query)}
    return found


def _some(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as one question may name."""
    return (keys[first : first + AT_ONCE] for first in range(0, len(keys), AT_ONCE))


def _about(work: UnitOfWork, row: ArchiveImport) -> dict[str, Any]:
    owner = home_of(work.session, row)
    is_organisation = owner is not None and owner.kind is OwnerKind.ORGANISATION
    return {"about": row.id, "organisation_id": row.owner_id if is_organisation else None}
