"""The first page: what waits for one, one's repositories, and where somebody pushed lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.domain.jobs import JobState
from appliance.services import credentials, health, jobs, repositories, ssh_keys
from appliance.web import requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import after, asked, listed

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("dashboard", __name__)
words.give_to_templates(pages)

SOON = timedelta(days=14)
MOST_WAITING = 5
RECENT = 8


@dataclass(frozen=True)
class Waiting:
    """Something that wants this person's attention; `at` is when it happened or will."""

    says: str
    href: str
    tone: str
    at: datetime | None = None


@pages.get("/")
def show() -> ResponseReturnValue:
    """What waits for me, then what I and others touched."""
    if not requests.actor().is_signed_in:
        return _for_strangers()
    query, mine = asked("q"), asked("show") == "mine"
    own = requests.actor().label
    wanted = repositories.Filter(words=query, owner=own if mine else "")
    with requests.reading() as work:
        found = repositories.listed(work, wanted, after=after())
        return flask.render_template(
            "dashboard/show.html",
            repositories=listed(found),
            waiting=_waiting(work),
            recent=repositories.recently_pushed(work, limit=RECENT),
            query=query,
            mine=mine,
        )


def _for_strangers() -> ResponseReturnValue:
    """The public repositories, where there may be any; otherwise the way in."""
    if not requests.wiring().settings.access.public_repositories:
        return flask.redirect(flask.url_for("sign_in.show"), 303)
    query = asked("q")
    with requests.reading() as work:
        found = repositories.listed(work, repositories.Filter(words=query), after=after())
    return flask.render_template("dashboard/public.html", repositories=listed(found), query=query)


def _waiting(work: UnitOfWork) -> list[Waiting]:
    return [*_dead_jobs(work), *_damaged(work), *_expiring(work)]


def _dead_jobs(work: UnitOfWork) -> list[Waiting]:
    found = jobs.listed(work, jobs.Filter(state=JobState.DEAD), limit=MOST_WAITING)
    return [
        Waiting(
            _("“%(job)s” failed: %(why)s", job=words.JOBS[job.job], why=job.error[:120]),
            flask.url_for("jobs.show", job_id=job.id),
            "bad",
            job.finished_at,
        )
        for job in found.items
    ]


def _damaged(work: UnitOfWork) -> list[Waiting]:
    if not requests.actor().is_administrator:
        return []
    found = health.repositories(work, only_damaged=True, limit=MOST_WAITING)
    return [
        Waiting(
            _("%(path)s is damaged.", path=report.repository.path),
            flask.url_for("admin.list_repositories", show="damaged"),
            "bad",
            report.health.damaged_since,
        )
        for report in found.items
    ]


def _expiring(work: UnitOfWork) -> list[Waiting]:
    limit = requests.now() + SOON
    ends = [
        (_("The token “%(name)s” expires.", name=each.token.name), each.token.expires_at, "tokens")
        for each in credentials.list_tokens(work).items
    ] + [
        (_("The SSH key “%(name)s” expires.", name=each.key.title), each.key.expires_at, "keys")
        for each in ssh_keys.list_keys(work).items
    ]
    return [
        Waiting(says, flask.url_for(f"account_credentials.{page}"), "warn", ends_at)
        for says, ends_at, page in ends
        if ends_at is not None and ends_at < limit
    ][:MOST_WAITING]
