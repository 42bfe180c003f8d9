"""All jobs, for administrators: what waits, runs, went wrong, and trying it again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.domain.jobs import Job, JobState
from appliance.services import jobs
from appliance.web import links, requests
from appliance.web.pages import words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import after, asked, attempt, listed, page

if TYPE_CHECKING:
    from appliance.web.pages.page_forms import Problems

pages = flask.Blueprint("admin_jobs", __name__)
words.give_to_templates(pages)


@pages.get("/administration/jobs")
def listing() -> ResponseReturnValue:
    """Jobs, newest first, by state and kind."""
    return _jobs_page({})


@pages.post("/administration/jobs/<uuid:job_id>/retry")
def retry(job_id: UUID) -> ResponseReturnValue:
    """Start a job again that failed for good or was cancelled."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            jobs.retry(work, job_id)
        return _back(_("The job waits for a worker again."))

    return attempt(act, _jobs_page)


@pages.post("/administration/jobs/<uuid:job_id>/cancel")
def cancel(job_id: UUID) -> ResponseReturnValue:
    """Ask for a job to stop."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            jobs.cancel(work, job_id)
        return _back(_("The job stops at its next step."))

    return attempt(act, _jobs_page)


def _back(words_said: str) -> ResponseReturnValue:
    """To the list as it was filtered."""
    flask.flash(words_said, "good")
    state = flask.request.form.get("state") or None
    return flask.redirect(flask.url_for(".listing", state=state), 303)


def _jobs_page(problems: Problems) -> str:
    state = JobState(asked("state")) if asked("state") in set(JobState) else None
    kind = Job(asked("job")) if asked("job") in set(Job) else None
    with requests.reading() as work:
        context = frame(work, "jobs")
        found = jobs.listed(work, jobs.Filter(state=state, job=kind), after=after())
    return page(
        "admin/jobs.html",
        problems,
        found=listed(found),
        state=state,
        kind=kind,
        once_only=jobs.ONCE_ONLY,
        here=links.here(),
        **context,
    )
