"""The jobs that read an archive of another system and bring it in; see services/archive_runs.py."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.archive_imports import ImportState, PartState
from appliance.domain.identity import appliance
from appliance.errors import (
    ConflictError,
    DamagedError,
    HiddenError,
    InvalidError,
    NotFoundError,
    QuotaError,
    RefusedError,
    TooLargeError,
)
from appliance.services import (
    archive_files,
    archive_parts,
    archive_runs,
    archive_talks,
    brought_pulls,
    imports,
)

if TYPE_CHECKING:
    from appliance.domain.brought import Whole
    from appliance.jobs.tasks import Report
    from appliance.services.archive_parts import Place
    from appliance.services.archive_runs import Task
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring

LASTING = (
    *(ConflictError, DamagedError, InvalidError, NotFoundError),
    *(QuotaError, RefusedError, TooLargeError),
)
"""What another try would not mend: the other repositories of the archive come all the same."""
UNPACKING = "Unpacking"


def read(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Unpack an archive and say what it holds."""
    task = _task(wiring, _import_id(claimed), ImportState.READING)
    if task is None:
        return
    _, wholes = _unpacked(wiring, task, report)
    with wiring.database.begin(appliance()) as work:
        archive_runs.note_read(work, task, wholes)


def bring(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Bring in what was chosen of an archive, on from where an earlier run was."""
    task = _task(wiring, _import_id(claimed), ImportState.RUNNING)
    if task is None:
        return
    root, wholes = _unpacked(wiring, task, report)
    with wiring.database.reading(appliance()) as work:
        parts = archive_runs.parts(work, task.id)
    for part in parts:
        try:
            _bring_one(wiring, task, part.id, (root, wholes[part.position]), report)
        except LASTING as error:
            with wiring.database.begin(appliance()) as work:
                archive_runs.note_part(work, part.id, PartState.FAILED, str(error))
            _give_up_content(wiring, part.id, str(error))
    with wiring.database.begin(appliance()) as work:
        is_done = archive_runs.finish(work, task.id, now=datetime.now(UTC))
    if is_done:
        archive_runs.forget_files(task.folder)


def give_up(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    """Say that the archive did not come in, or not all of it."""
    with wiring.database.begin(appliance()) as work:
        import_id = _import_id(claimed)
        halves = archive_runs.give_up(work, import_id, reason=reason, now=datetime.now(UTC))
    for repository_id in halves:
        with suppress(HiddenError), wiring.database.begin(appliance()) as work:
            imports.give_up(work, repository_id, reason=reason)


def sweep(wiring: Wiring) -> None:
    """Forget imports of long ago, and remove the files of those that nobody goes on with."""
    with wiring.database.begin(appliance()) as work:
        archive_runs.forget_old(work, now=datetime.now(UTC))
        late = archive_runs.unclaimed(work, wiring.home.archives, now=datetime.now(UTC))
    for folder in late:
        archive_runs.forget_files(folder)


def _import_id(claimed: Claimed) -> UUID:
    return UUID(claimed.arguments["import_id"])


def _task(wiring: Wiring, import_id: UUID, state: ImportState) -> Task | None:
    folder = wiring.settings.imports.archive_folder
    with wiring.database.reading(appliance()) as work:
        return archive_runs.begin(
            work,
            import_id,
            state,
            home=wiring.home.archives,
            server_folder=Path(folder) if folder else None,
        )


def _anew(wiring: Wiring, task: Task) -> Task:
    """The same in the name of who started it as they are now: all of it may take a day."""
    return _task(wiring, task.id, ImportState.RUNNING) or task


def _unpacked(wiring: Wiring, task: Task, report: Report) -> tuple[Path, list[Whole]]:
    rules = wiring.settings.imports
    return archive_runs.unpacked(
        task,
        most_bytes=rules.unpacked_bytes,
        most_files=rules.unpacked_files,
        note=partial(report, UNPACKING),
    )


def _bring_one(
    wiring: Wiring, task: Task, part_id: UUID, found: tuple[Path, Whole], report: Report
) -> None:
    (root, whole), task = found, _anew(wiring, task)
    content = archive_files.inside(root, whole.git)
    tools = wiring.git
    with wiring.database.begin(task.actor) as work:
        place = archive_parts.settle(
            work,
            task,
            part_id,
            whole,
            has_git=content is not None,
            tools=tools,
            now=datetime.now(UTC),
        )
    if place.is_empty and content is not None:
        plan, came = archive_parts.fill(
            place, content, tools=tools, rules=wiring.settings, progress=report
        )
        with wiring.database.begin(appliance()) as work:
            imports.finish(work, plan, came, tools=tools, now=datetime.now(UTC))
            archive_parts.note_filled(work, part_id, came)
    with wiring.database.begin(task.actor) as work:
        archive_parts.sort(work, place, whole, now=datetime.now(UTC))
    _talks(wiring, task, place, part_id, whole, report)


def _talks(
    wiring: Wiring, task: Task, place: Place, part_id: UUID, whole: Whole, report: Report
) -> None:
    talks, unreadable = archive_talks.usable(whole.talks)
    folder, done = wiring.repositories.folder(place.id), 0
    for batch in archive_talks.batches(talks):
        report(place.path, done, len(talks))
        commits = brought_pulls.look(folder, [talk for _, talk in batch])
        task = _anew(wiring, task)
        with wiring.database.begin(task.actor) as work:
            archive_parts.bring(
                *(work, place, part_id, batch, task.people),
                commits=commits,
                now=datetime.now(UTC),
            )
        brought_pulls.keep(folder, commits)
        done += len(batch)
    with wiring.database.begin(task.actor) as work:
        archive_parts.finish(work, task, place, part_id, whole.form, unreadable)


def _give_up_content(wiring: Wiring, part_id: UUID, reason: str) -> None:
    """A repository whose Git content did not come says so itself."""
    with wiring.database.reading(appliance()) as work:
        repository_id = archive_runs.repository_of(work, part_id)
    if repository_id is not None:
        with suppress(HiddenError), wiring.database.begin(appliance()) as work:
            imports.give_up(work, repository_id, reason=reason)
