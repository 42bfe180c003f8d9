"""One repository of an archive comes in: Git first, then labels and milestones, then what was said.

settle     its row here: a new one, or the one that an earlier run has made
fill       outside any transaction: its Git content
sort       labels and milestones
bring      some conversations, with the report that counts them, in one transaction

Each of them passes over what is here already, so that a run that was killed may be done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from appliance.access import fetch, gate
from appliance.db.archive_imports import ArchiveImportPart
from appliance.db.repositories import Origin, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.archive_imports import COUNTED, PartState
from appliance.domain.brought import Whole
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, MovedError, NotFoundError
from appliance.services import (
    archive_files,
    brought_conversations,
    imports,
    labels,
    milestones,
    repositories,
)
from appliance.services.archive_talks import plain
from appliance.services.imports import Plan, Source
from appliance.services.repositories import NewRepository

if TYPE_CHECKING:
    from appliance.git.imports import Progress
    from appliance.services.archive_runs import Task
    from appliance.services.archive_talks import Batch
    from appliance.services.brought_pulls import Commits
    from appliance.settings import Settings
    from appliance.wiring import GitTools

LONGEST_LABEL, LONGEST_ABOUT, LONGEST_TITLE = 50, 100, 100
GREY = "6b7280"
COLOUR_DIGITS = 6
NEW: dict[str, Any] = {
    "git": "",
    "brought": 0,
    "as_issues": [],
    **dict.fromkeys(COUNTED, 0),
    "unknown": [],
    "left_out": {},
    "unreadable": [],
    "lfs_missing": 0,
}
"""A report that says nothing yet."""


@dataclass(frozen=True)
class Place:
    """The repository that something is brought into."""

    id: UUID
    path: str
    is_empty: bool
    """Whether its Git content is yet to come."""
    most_bytes: int


def settle(
    work: UnitOfWork,
    task: Task,
    part_id: UUID,
    whole: Whole,
    *,
    has_git: bool,
    tools: GitTools,
    now: datetime,
) -> Place:
    """The repository here, made in the name of who started the import.

    Errors:
        HiddenError, RefusedError, InvalidError, ConflictError: they may not, or not under this
            name.
        UnavailableError: what is there already is still being brought in.
        QuotaError: nothing more fits in there.
    """
    fetch.new_home(work, task.owner)
    part = work.session.get_one(ArchiveImportPart, part_id)
    found = _earlier(work, task, part)
    report = {**NEW, **part.report}
    if found is None:
        path, wanted = f"{task.owner}/{part.name}", NewRepository()
        if has_git:
            found = repositories.reserve(work, path, wanted, content=Origin.IMPORTING, now=now)
        else:
            store = tools.repositories
            found = repositories.create(work, path, wanted, repositories=store, now=now)
        report["git"] = "importing" if has_git else "not in the archive"
    elif part.repository_id is None:
        repositories.ready_folder(found, tools.repositories)
        report["git"] = "was there"
    elif found.content is Origin.FAILED and has_git:
        _again(work, found, task)
    part.repository_id, part.state, part.error = found.id, PartState.RUNNING, ""
    part.report = {**report, "left_out": whole.left_out}
    is_empty = found.content is Origin.IMPORTING
    room = imports.room_for(work, found) if is_empty else 0
    return Place(found.id, found.path, is_empty, room)


def fill(
    place: Place,
    content: Path,
    *,
    tools: GitTools,
    rules: Settings,
    progress: Progress,
) -> tuple[Plan, imports.Brought]:
    """Bring its Git content in, of which only objects and refs are looked at.

    Errors:
        InvalidError, UnavailableError, TimeoutExceededError, TooLargeError: it cannot be.
    """
    archive_files.leave_only_objects(content)
    plan = Plan(place.id, Source(local=str(content)), place.most_bytes)
    return plan, imports.bring(plan, tools=tools, rules=rules, progress=progress)


def note_filled(work: UnitOfWork, part_id: UUID, came: imports.Brought) -> None:
    """Remember that its Git content has come, and how many large files did not."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    part = work.session.get_one(ArchiveImportPart, part_id)
    part.report = {**part.report, "git": "brought", "lfs_missing": came.missing}


def sort(work: UnitOfWork, place: Place, whole: Whole, *, now: datetime) -> None:
    """Labels and milestones, unless they are there, or could not be called so.

    Errors:
        HiddenError, RefusedError: the actor may not.
    """
    fetch.repository(work, place.path, Permission.REPOSITORY_TRIAGE)
    for label in whole.labels:
        colour = _text(label.colour, COLOUR_DIGITS + 1).lstrip("#").lower()
        usual = colour if len(colour) == COLOUR_DIGITS else GREY
        name, about = _text(label.name, LONGEST_LABEL), _text(label.description, LONGEST_ABOUT)
        try:
            labels.create(work, place.path, name, colour=usual, description=about)
        except (ConflictError, InvalidError):
            continue
    for each in whole.milestones:
        title, about = _text(each.title, LONGEST_TITLE), _text(each.description)
        wanted = milestones.Plan(title, about, _day(each.due_on))
        try:
            made = milestones.create(work, place.path, wanted, now=now)
        except (ConflictError, InvalidError):
            continue
        if each.is_closed:
            closing = milestones.Plan(closed=True)
            milestones.change(work, place.path, made.number, closing, now=now)


def bring(
    work: UnitOfWork,
    place: Place,
    part_id: UUID,
    batch: Batch,
    people: Mapping[str, str],
    *,
    commits: Mapping[int, Commits],
    now: datetime,
) -> None:
    """Some conversations. The report counts them in the same transaction: each exactly once.

    Errors:
        HiddenError, RefusedError: the actor is no owner; or somebody said who is who, and the
            actor is no administrator.
        ConflictError: a number is taken by another conversation, or the repository is archived.
    """
    fetch.repository(work, place.path, Permission.REPOSITORY_TRANSFER)
    came = brought_conversations.bring(work, place.path, batch, people, commits=commits, now=now)
    part = work.session.get_one(ArchiveImportPart, part_id)
    report = dict(part.report)
    report["brought"] += len(came.brought)
    report["as_issues"] = [*report["as_issues"], *came.as_issues]
    report["unknown"] = sorted({*report["unknown"], *came.unknown})
    for name in COUNTED:
        report[name] += getattr(came, name)
    part.report = report


def finish(
    work: UnitOfWork, task: Task, place: Place, part_id: UUID, form: str, unreadable: Sequence[Any]
) -> None:
    """Say that all of it is here."""
    repository = fetch.repository(work, place.path, Permission.REPOSITORY_TRANSFER)
    part = work.session.get_one(ArchiveImportPart, part_id)
    part.state, part.report = PartState.DONE, {**part.report, "unreadable": list(unreadable)}
    work.record(
        events.ArchiveImported(
            about=repository.id,
            organisation_id=repository.organisation_id,
            form=form,
            import_id=str(task.id),
        )
    )


def _text(said: Any, most: int | None = None) -> str:
    """What an archive says, as text, and no more of it than fits."""
    return str(plain(str(said)))[:most]


def _day(said: Any) -> date | None:
    try:
        return date.fromisoformat(str(said)[:10])
    except ValueError:
        return None


def _earlier(work: UnitOfWork, task: Task, part: ArchiveImportPart) -> Repository | None:
    if part.repository_id is not None:
        return fetch.repository_by_id(work, part.repository_id, Permission.REPOSITORY_TRANSFER)
    try:
        path = f"{task.owner}/{part.name}"
        return fetch.repository(work, path, Permission.REPOSITORY_TRANSFER)
    except (NotFoundError, MovedError):
        return None


def _again(work: UnitOfWork, repository: Repository, task: Task) -> None:
    """What could not be brought in, or was stopped, is tried once more."""
    repository.content = Origin.IMPORTING
    work.record(
        events.ImportRequested(
            about=repository.id,
            organisation_id=repository.organisation_id,
            path=repository.path,
            source=f"archive {task.id}",
        )
    )
