"""`/admin/identity-providers/{name}/syncs`: people compared with a directory, and the reports."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.provider_syncs import ChangeKind, ChangeState, Doubt, SyncCause, SyncState
from appliance.services import provider_syncs
from appliance.services.provider_syncs import Shown, ShownChange
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.identity_providers import PLACE, ProviderPath

api = frame.area("synchronisation", "Comparing people with a directory, for administrators.")


class RunPath(ProviderPath):
    """Which report."""

    id: UUID


class SyncBody(frame.Body):
    """How to compare."""

    dry_run: bool = Field(default=False, description="Only say what would change")


class ChangesQuery(frame.PageQuery):
    """Which changes."""

    kind: ChangeKind | None = None
    state: ChangeState | None = None


class RunAnswer(frame.Answer):
    """A run, and what its report says in numbers."""

    id: UUID
    state: SyncState
    cause: SyncCause
    is_dry_run: bool
    asked_by: str = Field(description="Empty: the timer")
    waits: bool = Field(description="Whether what it held can be confirmed")
    held: int = Field(description="How many people would lose something")
    doubts: list[Doubt] = Field(description="Why it asks")
    emptied_groups: list[str] = Field(description="Groups that gave something and have nobody now")
    counts: dict[str, int] = Field(description="How many people, by kind and state")
    people: int = Field(description="How many the directory has")
    groups: int
    server: str
    error: str = Field(description="Why it failed")
    confirms: UUID | None = Field(description="The run whose report it carries out")
    confirmed_at: datetime | None
    job: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RunPage(frame.Answer):
    """Some runs, newest first."""

    items: list[RunAnswer]
    next: str | None


class ChangeAnswer(frame.Answer):
    """What a run did, or would do, to one person, and why."""

    kind: ChangeKind
    state: ChangeState
    user: str = Field(description="Empty: they are no user")
    name: str
    subject: str
    changed: list[str]
    gained: list[str]
    lost: list[str]
    reason: str


class ChangePage(frame.Answer):
    """Some changes."""

    items: list[ChangeAnswer]
    next: str | None


@api.post(f"{PLACE}/<name>/syncs", summary="Synchronise", responses={"202": RunAnswer})
def request(path: ProviderPath, body: SyncBody) -> Any:
    """Compare everybody with the directory, soon after this."""
    with requests.begin() as work:
        run = provider_syncs.request(work, path.name, is_dry_run=body.dry_run, now=requests.now())
        place = f"{frame.PREFIX}{PLACE}/{path.name}/syncs/{run.run.id}"
        return frame.answer(_present(run), HTTPStatus.ACCEPTED, place)


@api.get(
    f"{PLACE}/<name>/syncs", summary="List synchronisation reports", responses={"200": RunPage}
)
def runs(path: ProviderPath, query: frame.PageQuery) -> Any:
    """Newest first."""
    with requests.reading() as work:
        page = provider_syncs.runs(
            work,
            path.name,
            now=requests.now(),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
    return frame.page([_present(each) for each in page.items], page.next)


@api.get(f"{PLACE}/<name>/syncs/<uuid:id>", summary="Show a report", responses={"200": RunAnswer})
def show(path: RunPath) -> Any:
    """Its numbers; the people are under `changes`."""
    with requests.reading() as work:
        return frame.answer(
            _present(provider_syncs.show(work, path.name, path.id, now=requests.now()))
        )


@api.get(
    f"{PLACE}/<name>/syncs/<uuid:id>/changes",
    summary="List what a run did",
    responses={"200": ChangePage},
)
def changes(path: RunPath, query: ChangesQuery) -> Any:
    """Person by person, in the order in which it came to them."""
    with requests.reading() as work:
        page = provider_syncs.changes(
            work,
            path.name,
            path.id,
            kind=query.kind,
            state=query.state,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
    return frame.page([_present_change(each) for each in page.items], page.next)


@api.post(
    f"{PLACE}/<name>/syncs/<uuid:id>/confirm",
    summary="Confirm a report",
    responses={"202": RunAnswer},
)
def confirm(path: RunPath) -> Any:
    """Let happen what it says would be taken away, if the directory still says so."""
    with requests.begin() as work:
        run = provider_syncs.confirm(work, path.name, path.id, now=requests.now())
        place = f"{frame.PREFIX}{PLACE}/{path.name}/syncs/{run.run.id}"
        return frame.answer(_present(run), HTTPStatus.ACCEPTED, place)


def _present(shown: Shown) -> RunAnswer:
    run = shown.run
    return RunAnswer(
        id=run.id,
        state=run.state,
        cause=run.cause,
        is_dry_run=run.is_dry_run,
        asked_by=shown.asked_by,
        waits=shown.waits,
        held=shown.held,
        doubts=[Doubt(each) for each in run.doubts],
        emptied_groups=run.emptied,
        counts=run.counts,
        people=run.people,
        groups=run.groups,
        server=run.server,
        error=run.error,
        confirms=run.confirms_id,
        confirmed_at=run.confirmed_at,
        job=run.job_id,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _present_change(shown: ShownChange) -> ChangeAnswer:
    change = shown.change
    return ChangeAnswer(
        kind=change.kind,
        state=change.state,
        user=shown.user,
        name=change.name,
        subject=change.subject,
        changed=change.detail.get("changed", []),
        gained=change.detail.get("gained", []),
        lost=change.detail.get("lost", []),
        reason=change.detail.get("reason", ""),
    )
