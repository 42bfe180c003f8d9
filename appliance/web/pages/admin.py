"""The appliance as a whole, for who runs it: health, organisations, repositories, events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance import version, wiring_health
from appliance.domain.jobs import JobState
from appliance.services import (
    audit_log,
    health,
    jobs,
    organisations,
    repositories,
    repository_bin,
)
from appliance.web import forms, requests
from appliance.web.pages import event_filter, words
from appliance.web.pages.page_forms import (
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    listed,
    page,
)
from appliance.wiring_observations import QueueMemory

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("admin", __name__)
words.give_to_templates(pages)


class QuotaForm(forms.Form):
    """How much room something has."""

    path: str = Field(max_length=160)
    gibibytes: float = Field(0, ge=0, le=2**20)


@pages.get("/administration")
def overview() -> ResponseReturnValue:
    """Every part, asked now."""
    with requests.reading() as work:
        context = frame(work, "overview")
        wiring = requests.wiring()
        parts = health.parts(
            work,
            probes=wiring_health.all_parts(wiring),
            memory=QueueMemory(wiring.redis),
            now=requests.now(),
        )
    return page(
        "admin/overview.html",
        parts=parts,
        version=version.RELEASE,
        url=wiring.settings.server.url,
        checked_at=requests.now(),
        **context,
    )


@pages.get("/administration/organisations")
def list_organisations() -> ResponseReturnValue:
    """Every organisation."""
    query = asked("q")
    with requests.reading() as work:
        context = frame(work, "organisations")
        found = organisations.list_organisations(work, search=query, after=after())
    return page("admin/organisations.html", found=listed(found), query=query, **context)


@pages.get("/administration/repositories")
def list_repositories() -> ResponseReturnValue:
    """Every repository, the damaged ones, or what lies in the bin."""
    return _repositories_page({})


@pages.post("/administration/repositories/quota")
def set_quota() -> ResponseReturnValue:
    """Give a repository room of its own."""

    def act() -> ResponseReturnValue:
        form = QuotaForm.parse(flask.request.form)
        with requests.begin() as work:
            repositories.set_quota(work, form.path, quota_bytes=int(form.gibibytes * 2**30))
        return done(_("The room for %(path)s is set.", path=form.path), ".list_repositories")

    return attempt(act, _repositories_page, at="path")


@pages.get("/administration/events")
def events() -> ResponseReturnValue:
    """What happened lately, anywhere."""
    with requests.reading() as work:
        context = frame(work, "events")
        found = audit_log.recent(work, wanted=event_filter.wanted(), after=after())
    return page("admin/events.html", events=listed(found), asked=event_filter.given(), **context)


def frame(work: UnitOfWork, section: str) -> dict[str, Any]:
    """What the frame of these pages needs; asking for it is for who may see the health.

    Errors:
        UnauthenticatedError, RefusedError: the actor may not.
    """
    counted = jobs.count_by_state(work)
    return {
        "section": section,
        "dead_jobs": counted[JobState.DEAD],
        "counted": counted,
    }


def _repositories_page(problems: Problems) -> str:
    query = asked("q")
    show = asked("show")
    with requests.reading() as work:
        context = frame(work, "repositories")
        if show == "damaged":
            found = listed(health.repositories(work, only_damaged=True, after=after()))
        elif show == "bin":
            confirmed_first()
            found = listed(repository_bin.listed(work, after=after()))
        else:
            wanted = repositories.Filter(words=query)
            found = listed(repositories.listed(work, wanted, after=after()))
    return page(
        "admin/repositories.html",
        problems,
        found=found,
        query=query,
        show=show,
        bin_days=requests.wiring().settings.storage.bin_days,
        **context,
    )
