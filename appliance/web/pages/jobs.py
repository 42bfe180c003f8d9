"""Work that goes on after a request: how far one job is, and all of them for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.domain.jobs import JobState
from appliance.errors import NotFoundError
from appliance.services import jobs, repositories
from appliance.web import present, requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import attempt, done, page

if TYPE_CHECKING:
    from appliance.db.outbox import JobRecord
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.web.pages.page_forms import Problems

pages = flask.Blueprint("jobs", __name__)
words.give_to_templates(pages)

UNFINISHED = frozenset({JobState.QUEUED, JobState.RUNNING})
REFRESH_SECONDS = 5
LEAST_SHARE = 0.02  # Before that, how long the rest takes is anybody's guess.


@pages.get("/jobs/<uuid:job_id>")
def show(job_id: UUID) -> ResponseReturnValue:
    """One job: how far it is, or how it ended."""
    return _job_page(job_id, {})


@pages.get("/jobs/<uuid:job_id>.json")
def progress(job_id: UUID) -> ResponseReturnValue:
    """The same for the script that moves the bar."""
    with requests.reading() as work:
        job = jobs.show(work, job_id)
        path = _path(work, job)
    return {
        "step": str(job.step or words.JOB_STATES[job.state]),
        "done": job.progress_done,
        "total": job.progress_total,
        "share": _share(job),
        "left": _left(job),
        "finished": job.state not in UNFINISHED,
        "next": f"/{path}" if path and job.state is JobState.DONE else None,
    }


@pages.post("/jobs/<uuid:job_id>/retry")
def retry(job_id: UUID) -> ResponseReturnValue:
    """Start it again."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            jobs.retry(work, job_id)
        return done(_("The job is queued again."), ".show", job_id=job_id)

    return attempt(act, lambda problems: _job_page(job_id, problems))


@pages.post("/jobs/<uuid:job_id>/cancel")
def cancel(job_id: UUID) -> ResponseReturnValue:
    """Ask for it to stop."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            jobs.cancel(work, job_id)
        return done(_("The job stops at its next step."), ".show", job_id=job_id)

    return attempt(act, lambda problems: _job_page(job_id, problems))


def _job_page(job_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        job = jobs.show(work, job_id)
        path = _path(work, job)
    return page(
        "jobs/show.html",
        problems,
        job=job,
        path=path,
        left=_left(job),
        share_done=_share(job),
        once_only=jobs.ONCE_ONLY,
        is_unfinished=job.state in UNFINISHED,
        refresh_seconds=REFRESH_SECONDS,
    )


def _path(work: UnitOfWork, job: JobRecord) -> str | None:
    """The repository that the job is about, where the actor may read it."""
    if job.about is None:
        return None
    try:
        return repositories.show_by_id(work, job.about).path
    except NotFoundError:
        return None


def _share(job: JobRecord) -> int:
    if job.state is JobState.DONE:
        return 100
    return present.share(job.progress_done, job.progress_total) if job.progress_total else 0


def _left(job: JobRecord) -> str:
    """How long the rest takes, if it goes on as it has gone until now."""
    if job.state is not JobState.RUNNING or not job.progress_total or job.started_at is None:
        return ""
    share = job.progress_done / job.progress_total
    if not LEAST_SHARE < share < 1:
        return ""
    spent = (requests.now() - job.started_at).total_seconds()
    return str(_("about %(time)s left", time=present.duration(spent / share * (1 - share))))
