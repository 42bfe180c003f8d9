"""`/imports`: archives of other systems, which a job brings in."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.archive_imports import ArchiveSource, Found, ImportState, PartState
from appliance.services import archive_imports, archive_runs
from appliance.services.archive_imports import Choice, Shown
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.git_http import arriving_body, take_slot
from appliance.web.pages.archive_imports import server_folder

api = frame.area("archive imports", "Bring archives of GitHub, GitLab and Gitea in.")


class ArchiveImportBody(frame.Body):
    """Where the repositories of an archive are to be."""

    owner: str = Field(max_length=39)
    file_name: str = Field(
        "",
        max_length=255,
        description="An archive in the folder of the server; for administrators. Empty: upload it",
    )


class ArchivePerson(frame.Answer):
    """Somebody in the archive."""

    there: str
    addresses: list[str]
    user: str = Field(description="Who that is here; empty: nobody")
    found: Found
    said: int = Field(0, description="How often they say or do something in it")


class ArchivePartAnswer(frame.Answer):
    """A repository of the archive."""

    position: int
    there: str
    name: str
    is_wanted: bool
    state: PartState
    repository_id: UUID | None
    holds: dict[str, Any] = Field(description="How much the archive has of it")
    report: dict[str, Any] = Field(description="What came of it so far")
    error: str


class ArchiveImportAnswer(frame.Answer):
    """An import."""

    id: UUID
    owner: str
    asked_by: str
    source: ArchiveSource
    file_name: str
    size_bytes: int
    form: str = Field(description="Which system made the archive")
    state: ImportState
    step: str
    progress_done: int
    progress_total: int
    error: str
    created_at: datetime
    finished_at: datetime | None
    repositories: list[ArchivePartAnswer]
    people: list[ArchivePerson]


class ArchiveImportPage(frame.Answer):
    """Some imports."""

    items: list[ArchiveImportAnswer]
    next: str | None


class ArchiveImportPath(frame.Body):
    """Which import."""

    id: UUID


class ArchiveChoice(frame.Body):
    """What is to become of one repository."""

    position: int
    name: str = Field(max_length=100)
    is_wanted: bool = True


class ArchiveChoices(frame.Body):
    """What is to be different; what is not said stays."""

    repositories: list[ArchiveChoice] = Field(default_factory=list, max_length=5000)
    people: dict[str, str] = Field(
        default_factory=dict,
        description="Who of the archive is which user here, or nobody: for administrators",
    )


@api.post("/imports", summary="Create an import", responses={"201": ArchiveImportAnswer})
def begin_import(body: ArchiveImportBody) -> Any:
    """For administrators and owners. Upload the archive next, unless it lies on the server."""
    source = ArchiveSource.FOLDER if body.file_name else ArchiveSource.UPLOAD
    with requests.begin() as work:
        import_id = archive_imports.request(
            *(work, body.owner, source, body.file_name),
            folder=server_folder(),
            now=requests.now(),
        )
        work.session.flush()
        shown = _present(archive_imports.show(work, import_id))
    return frame.answer(shown, HTTPStatus.CREATED, f"{frame.PREFIX}/imports/{import_id}")


@api.get("/imports", summary="List imports", responses={"200": ArchiveImportPage})
def list_imports(query: frame.PageQuery) -> Any:
    """One's own, or everybody's for administrators; newest first."""
    with requests.reading() as work:
        page = archive_imports.listed(work, after=paging.after(query.cursor), limit=query.limit)
        return frame.page([_present(each) for each in page.items], page.next)


@api.get("/imports/<uuid:id>", summary="Show an import", responses={"200": ArchiveImportAnswer})
def show_import(path: ArchiveImportPath) -> Any:
    """How far it is, what its archive holds, and what came of it."""
    with requests.reading() as work:
        return frame.answer(_present(archive_imports.show(work, path.id)))


@api.put(
    "/imports/<uuid:id>/archive",
    summary="Upload the archive",
    openapi_extensions={"requestBody": frame.FILE_BODY},
    responses={"200": ArchiveImportAnswer},
)
def upload_archive(path: ArchiveImportPath) -> Any:
    """The body is the file as it is. A job reads it: show the import until it is `ready`."""
    wiring = requests.wiring()
    with requests.reading() as work:
        archive_imports.expect(work, path.id)
    folder = archive_runs.folder_of(wiring.home.archives, path.id)
    slot = take_slot()
    try:
        most_bytes = wiring.settings.imports.archive_bytes
        size = archive_imports.keep(arriving_body(), folder, most_bytes)
    finally:
        slot.release()
    with requests.begin() as work:
        archive_imports.arrived(work, path.id, size)
        return frame.answer(_present(archive_imports.show(work, path.id)))


@api.patch(
    "/imports/<uuid:id>", summary="Choose what to import", responses={"200": ArchiveImportAnswer}
)
def change_import(path: ArchiveImportPath, body: ArchiveChoices) -> Any:
    """Which repositories, under which names, and who is who."""
    choices = [Choice(each.position, each.name, each.is_wanted) for each in body.repositories]
    with requests.begin() as work:
        archive_imports.choose(work, path.id, choices, body.people)
        return frame.answer(_present(archive_imports.show(work, path.id)))


@api.post(
    "/imports/<uuid:id>/start", summary="Start an import", responses={"202": ArchiveImportAnswer}
)
def start_import(path: ArchiveImportPath) -> Any:
    """In one's own name. One that failed or was cancelled goes on where it was."""
    with requests.begin() as work:
        archive_imports.start(work, path.id)
        return frame.answer(_present(archive_imports.show(work, path.id)), HTTPStatus.ACCEPTED)


@api.post(
    "/imports/<uuid:id>/cancel", summary="Cancel an import", responses={"200": ArchiveImportAnswer}
)
def cancel_import(path: ArchiveImportPath) -> Any:
    """It stops at its next step. What is here already stays."""
    with requests.begin() as work:
        archive_imports.cancel(work, path.id, now=requests.now())
        return frame.answer(_present(archive_imports.show(work, path.id)))


def _present(shown: Shown) -> ArchiveImportAnswer:
    row = shown.row
    return ArchiveImportAnswer(
        id=row.id,
        owner=shown.owner,
        asked_by=shown.asked_by,
        source=row.source,
        file_name=row.file_name,
        size_bytes=row.size_bytes or 0,
        form=row.form or "",
        state=row.state,
        step=shown.step,
        progress_done=shown.done,
        progress_total=shown.total,
        error=row.error or "",
        created_at=row.created_at,
        finished_at=row.finished_at,
        repositories=[ArchivePartAnswer.model_validate(each) for each in shown.parts],
        people=[ArchivePerson(**each) for each in row.people],
    )
