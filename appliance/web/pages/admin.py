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
    health,
    jobs,
    maintenance,
    organisations,
    repositories,
    repository_bin,
)
from appliance.web import forms, requests
from appliance.web.pages import lists, repository_lists, words
from appliance.web.pages.page_forms import (
    USUAL,
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
    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.web.pages.page_forms import Found

pages = flask.Blueprint("admin", __name__)
words.give_to_templates(pages)


class QuotaForm(forms.Form):
    """How much room something has."""

    path: str = Field(max_length=160)
    gibibytes: float = Field(0, ge=0, le=2**20)


class CheckForm(forms.Form):
    """Which repository is to be checked."""

    path: str = Field(max_length=160)


ORGANISATION_COLUMNS: lists.Columns = {
    "name": lambda each: each.name,
    "display_name": lambda each: each.display_name,
    "description": lambda each: each.description,
    "quota_bytes": lambda each: each.quota_bytes,
    "since": lambda each: each.created_at,
}


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
    sorting = lists.sorting(organisations.ORDERS, "name")
    find = lists.finder(organisations.list_organisations, sorting)
    if file := lists.export("organisations", for_inspectors(find), ORGANISATION_COLUMNS):
        return file
    with requests.reading() as work:
        context = frame(work, "organisations")
        found = find(work, after=after(), limit=USUAL)
    context |= lists.tools(sorting)
    return page("admin/organisations.html", found=listed(found), query=asked("q"), **context)


@pages.get("/administration/repositories")
def list_repositories() -> ResponseReturnValue:
    """Every repository, the damaged ones, or what lies in the bin."""
    if file := lists.export("repositories", for_inspectors(_finder()), repository_lists.COLUMNS):
        return file
    return _repositories_page({})


@pages.post("/administration/repositories/quota")
def set_quota() -> ResponseReturnValue:
    """Give a repository room of its own."""

    def act() -> ResponseReturnValue:
        form = QuotaForm.parse(flask.request.form)
        with requests.begin() as work:
            repositories.set_quota(work, form.path, quota_bytes=int(form.gibibytes * 2**30))
        return done(_("The quota of %(path)s was set.", path=form.path), ".list_repositories")

    return attempt(act, _repositories_page, at="path")


@pages.post("/administration/repositories/check")
def check_repository() -> ResponseReturnValue:
    """Have a repository checked for damage before its turn."""

    def act() -> ResponseReturnValue:
        form = CheckForm.parse(flask.request.form)
        with requests.begin() as work:
            maintenance.request_check(work, form.path)
        words_said = _("%(path)s is queued for a check.", path=form.path)
        return done(words_said, ".list_repositories", show="damaged")

    return attempt(act, _repositories_page)


def for_inspectors(find: lists.Find) -> lists.Find:
    """A list for whom these pages are for, where its verb alone would give others a part of it."""

    def find_as_inspector(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Any]:
        jobs.count_by_state(work)  # What the frame of these pages asks.
        return find(work, after=after, limit=limit)

    return find_as_inspector


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


def _finder() -> lists.Find:
    """The repositories that this page's address asks for."""
    show = asked("show")
    if show == "bin":
        confirmed_first()
        return repository_bin.listed
    if show == "damaged":
        return _damaged
    return repository_lists.finder(repository_lists.sorting("newest"))


def _damaged(work: UnitOfWork, /, *, after: str | None, limit: int) -> lists.Part:
    found = health.repositories(work, only_damaged=True, after=after, limit=limit)
    return lists.Part([report.repository for report in found.items], found.next)


def _place(repository: Repository) -> str:
    """The folder of a repository, as seen from the home folder of the appliance."""
    store = requests.wiring().repositories
    return str(store.folder(repository.id).relative_to(store.home))


def _repositories_page(problems: Problems) -> str:
    show = asked("show")
    find = _finder()
    with requests.reading() as work:
        context = frame(work, "repositories")
        if show == "damaged":
            found = listed(health.repositories(work, only_damaged=True, after=after()))
        else:
            found = listed(find(work, after=after(), limit=USUAL))
    context |= lists.tools(repository_lists.sorting("newest"))
    return page(
        "admin/repositories.html",
        problems,
        found=found,
        query=asked("q"),
        show=show,
        acts=repository_lists.BIN_ACTS,
        bin_days=requests.wiring().settings.storage.bin_days,
        place=_place,
        **context,
    )
