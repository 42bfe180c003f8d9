"""All jobs, for administrators: what waits, runs, went wrong, and trying it again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.domain.jobs import Job, JobState
from appliance.errors import NotFoundError
from appliance.services import jobs
from appliance.web import links, present, requests
from appliance.web.pages import lists, words
from appliance.web.pages.admin import for_inspectors, frame
from appliance.web.pages.page_forms import after, asked, attempt, listed, page

if TYPE_CHECKING:
    from appliance.db.outbox import JobRecord
    from appliance.db.paging import Page
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.web.pages.page_forms import Problems

pages = flask.Blueprint("admin_jobs", __name__)
words.give_to_templates(pages)


COLUMNS: lists.Columns = {
    "id": lambda each: each.id,
    "job": lambda each: each.job,
    "state": lambda each: each.state,
    "attempt": lambda each: each.attempt,
    "step": lambda each: each.step,
    "error": lambda each: each.error,
    "promised_at": lambda each: each.created_at,
    "finished_at": lambda each: each.finished_at,
}
ACTS = {
    "retry": lists.Act(lazy("Try again"), lambda work, key: jobs.retry(work, lists.id_of(key))),
    "discard": lists.Act(
        lazy("Discard"),
        lambda work, key: jobs.discard(work, lists.id_of(key)),
        lazy(
            "Jobs that failed for good are marked as cancelled and stay in the list. Nothing "
            "else changes."
        ),
    ),
}


@pages.get("/administration/jobs")
def listing() -> ResponseReturnValue:
    """Jobs, newest first, by state and kind."""
    wanted = _wanted()
    sorting = lists.sorting(jobs.ORDERS, "-promised")

    def find(work: UnitOfWork, *, after: str | None, limit: int) -> Page[JobRecord]:
        return jobs.listed(work, wanted, order=sorting.order, after=after, limit=limit)

    return lists.export("jobs", for_inspectors(find), COLUMNS) or _jobs_page({})


@pages.post("/administration/jobs")
def act_on_several() -> ResponseReturnValue:
    """Try several jobs again, or put them away."""
    return lists.act_on_several(ACTS, back=flask.url_for(".listing"), names=_names)


@pages.post("/administration/jobs/<uuid:job_id>/retry")
def retry(job_id: UUID) -> ResponseReturnValue:
    """Start a job again that failed for good or was cancelled."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            jobs.retry(work, job_id)
        return _back(_("The job is queued again."))

    return attempt(act, _jobs_page)


@pages.post("/administration/jobs/<uuid:job_id>/cancel")
def cancel(job_id: UUID) -> ResponseReturnValue:
    """Ask for a job to stop."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            jobs.cancel(work, job_id)
        return _back(_("The job stops at its next step."))

    return attempt(act, _jobs_page)


def _names(work: UnitOfWork, chosen: list[str]) -> dict[str, str]:
    """What the jobs with these ids are called."""
    found = {}
    for key in chosen:
        with suppress(NotFoundError):
            job = jobs.show(work, lists.id_of(key))
            found[key] = f"{words.JOBS[job.job]} ({present.exact(job.created_at)})"
    return found


def _back(words_said: str) -> ResponseReturnValue:
    """To the list as it was filtered."""
    flask.flash(words_said, "good")
    state = flask.request.form.get("state") or None
    return flask.redirect(flask.url_for(".listing", state=state), 303)


def _wanted() -> jobs.Filter:
    state = JobState(asked("state")) if asked("state") in set(JobState) else None
    return jobs.Filter(state=state, job=Job(asked("job")) if asked("job") in set(Job) else None)


def _jobs_page(problems: Problems) -> str:
    wanted = _wanted()
    sorting = lists.sorting(jobs.ORDERS, "-promised")
    with requests.reading() as work:
        context = frame(work, "jobs") | lists.tools(sorting)
        found = jobs.listed(work, wanted, order=sorting.order, after=after())
    return page(
        "admin/jobs.html",
        problems,
        found=listed(found),
        state=wanted.state,
        kind=wanted.job,
        acts=ACTS,
        once_only=jobs.ONCE_ONLY,
        here=links.here(),
        **context,
    )
