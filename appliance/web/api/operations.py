"""`/jobs`, `/check` and `/health`: what works, waits and went wrong, for those who run it."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance import wiring_health
from appliance.domain.jobs import RULES, Job, JobState
from appliance.services import health, jobs, maintenance
from appliance.services.health import Condition, Known
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath
from appliance.wiring_observations import QueueMemory

if TYPE_CHECKING:
    from appliance.db.outbox import JobRecord

api = frame.area("operations", "Jobs, checks and health, for whoever runs the appliance.")


class JobAnswer(frame.Answer):
    """A job: work that was promised in one request and is done after it."""

    id: UUID
    job: Job
    title: str
    state: JobState
    about: UUID | None
    attempt: int
    attempts_left: int
    step: str
    progress_done: int
    progress_total: int
    cancel_requested: bool
    error: str
    created_at: datetime
    not_before: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


class JobPage(frame.Answer):
    """Some jobs."""

    items: list[JobAnswer]
    next: str | None


class JobPath(frame.Body):
    """Which job."""

    id: UUID


class JobQuery(frame.PageQuery):
    """Which jobs."""

    state: JobState | None = None
    job: Job | None = Field(None, description="Only this kind")


class PartAnswer(frame.Answer):
    """A part of the appliance and how it is."""

    name: str
    condition: Condition
    detail: str
    since: datetime | None = Field(description="Since when it is so, as far as that is known")
    known: Known = Field(description="How that is known")
    cure: str = Field(description="What to do when it is not well")


class HealthAnswer(frame.Answer):
    """Every part."""

    items: list[PartAnswer]


@api.get("/jobs", summary="List jobs", responses={"200": JobPage})
def list_jobs(query: JobQuery) -> Any:
    """One's own jobs, or all of them for administrators; newest first."""
    wanted = jobs.Filter(state=query.state, job=query.job)
    with requests.reading() as work:
        page = jobs.listed(work, wanted, after=paging.after(query.cursor), limit=query.limit)
        return frame.page([_present(each) for each in page.items], page.next)


@api.get("/jobs/<uuid:id>", summary="Show a job", responses={"200": JobAnswer})
def show_job(path: JobPath) -> Any:
    """How far a job is, or how it ended."""
    with requests.reading() as work:
        return frame.answer(_present(jobs.show(work, path.id)))


@api.post("/jobs/<uuid:id>/retry", summary="Retry a job", responses={"200": JobAnswer})
def retry_job(path: JobPath) -> Any:
    """For administrators: start a job again that failed for good or was cancelled."""
    with requests.begin() as work:
        return frame.answer(_present(jobs.retry(work, path.id)))


@api.post("/jobs/<uuid:id>/cancel", summary="Cancel a job", responses={"200": JobAnswer})
def cancel_job(path: JobPath) -> Any:
    """The job stops at its next step."""
    with requests.begin() as work:
        return frame.answer(_present(jobs.cancel(work, path.id)))


@api.post("/jobs/<uuid:id>/discard", summary="Discard a job", responses={"200": JobAnswer})
def discard_job(path: JobPath) -> Any:
    """For administrators: put away a job that failed for good, as cancelled."""
    with requests.begin() as work:
        return frame.answer(_present(jobs.discard(work, path.id)))


@api.post(
    "/repos/<owner>/<name>/check",
    summary="Check a repository for damage",
    responses={"202": JobAnswer},
)
def check_repository(path: RepositoryPath) -> Any:
    """For administrators: before its turn. Gives the job that does it, or does so already."""
    with requests.begin() as work:
        job_id = maintenance.request_check(work, path.path)
        work.session.flush()
        shown = _present(jobs.show(work, job_id))
    return frame.answer(shown, HTTPStatus.ACCEPTED, f"{frame.PREFIX}/jobs/{shown.id}")


@api.get("/health", summary="Show the health of every part", responses={"200": HealthAnswer})
def show_health() -> Any:
    """For administrators and auditors of the instance: every part, asked now."""
    with requests.reading() as work:
        wiring = requests.wiring()
        parts = health.parts(
            work,
            probes=wiring_health.all_parts(wiring),
            memory=QueueMemory(wiring.redis),
            now=requests.now(),
        )
    items = [PartAnswer.model_validate(part) for part in parts]
    return frame.answer(HealthAnswer(items=items))


def _present(record: JobRecord) -> JobAnswer:
    fields = {name: getattr(record, name) for name in JobAnswer.model_fields if name != "title"}
    return JobAnswer(title=RULES[record.job].title, **fields)
