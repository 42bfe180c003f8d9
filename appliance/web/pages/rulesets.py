"""Rulesets of a repository, an organisation and the appliance: which there are, what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from appliance.domain.permissions import Permission, Visibility
from appliance.domain.ruleset_words import TAKES
from appliance.services import ruleset_reports, rulesets
from appliance.services.rulesets import Place
from appliance.web import requests
from appliance.web.pages import admin, ruleset_forms, ruleset_words
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page
from appliance.web.pages.repository_frame import blueprint, opened
from appliance.web.pages.repository_settings import settings_page

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.ruleset_drafts import Shown
    from appliance.services.ruleset_reports import Replayed, Report

pages = blueprint("rulesets")
Handler = Callable[..., ResponseReturnValue]
PLACES = ("/<owner>/<name>/settings", "/<owner>/-/settings", "/administration")
TRY = "try"
NEW = MultiDict({"enforcement": "active", "includes": "~DEFAULT_BRANCH"})


def routes(rule: str, *methods: str) -> Callable[[Handler], Handler]:
    """The three addresses of a page."""

    def register(handler: Handler) -> Handler:
        for place in PLACES:
            there = f"{place}/rulesets{rule}"
            pages.add_url_rule(there, handler.__name__, handler, methods=list(methods))
        return handler

    return register


@routes("", "GET")
def listing(owner: str = "", name: str = "") -> ResponseReturnValue:
    """All of the place, and all that stand over a repository."""
    with requests.reading() as work:
        found = rulesets.listed(work, _place(owner, name))
        over = rulesets.over(work, f"{owner}/{name}") if name else []
    above = [each for each in over if each.id is not None and each.layer != "repository"]
    return _page("list.html", owner, name, {}, found=found, above=above)


@routes("/new", "GET")
def new(owner: str = "", name: str = "") -> ResponseReturnValue:
    """Describe one."""
    return _form_page(owner, name, None, {})


@routes("/new", "POST")
def create(owner: str = "", name: str = "") -> ResponseReturnValue:
    """Make it, or only see what it would have refused."""

    def act() -> ResponseReturnValue:
        if flask.request.form.get("act") == TRY:
            return _tried(owner, name, None)
        draft = ruleset_forms.draft(flask.request.form)
        with requests.begin() as work:
            rulesets.create(work, _place(owner, name), draft, now=requests.now())
        return done(_("The ruleset was saved."), ".listing", **_at(owner, name))

    return attempt(act, lambda problems: _form_page(owner, name, None, problems), at="name")


@routes("/<uuid:ruleset_id>", "GET")
def show(ruleset_id: UUID, owner: str = "", name: str = "") -> ResponseReturnValue:
    """One of them."""
    return _form_page(owner, name, ruleset_id, {})


@routes("/<uuid:ruleset_id>", "POST")
def change(ruleset_id: UUID, owner: str = "", name: str = "") -> ResponseReturnValue:
    """Set it anew, or only see what it would have refused."""

    def act() -> ResponseReturnValue:
        if flask.request.form.get("act") == TRY:
            return _tried(owner, name, ruleset_id)
        draft = ruleset_forms.draft(flask.request.form)
        with requests.begin() as work:
            rulesets.change(work, _place(owner, name), ruleset_id, draft, now=requests.now())
        return done(_("The ruleset was saved."), ".listing", **_at(owner, name))

    return attempt(act, lambda problems: _form_page(owner, name, ruleset_id, problems), at="name")


@routes("/<uuid:ruleset_id>/remove", "POST")
def remove(ruleset_id: UUID, owner: str = "", name: str = "") -> ResponseReturnValue:
    """Take it away."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            rulesets.remove(work, _place(owner, name), ruleset_id)
        return done(_("The ruleset was removed."), ".listing", **_at(owner, name))

    return attempt(act, lambda problems: _form_page(owner, name, ruleset_id, problems))


def _place(owner: str, name: str) -> Place:
    return Place(repository=f"{owner}/{name}") if name else Place(organisation=owner)


def _at(owner: str, name: str, ruleset_id: UUID | None = None) -> dict[str, Any]:
    """The parts of an address here."""
    parts = {"owner": owner, "name": name, "ruleset_id": ruleset_id}
    return {key: value for key, value in parts.items() if value}


def _tried(owner: str, name: str, ruleset_id: UUID | None) -> str:
    draft = ruleset_forms.draft(flask.request.form)
    with requests.reading() as work:
        trials = ruleset_reports.trials(
            *(work, _place(owner, name), draft),
            repositories=requests.wiring().git.repositories,
            now=requests.now(),
        )
    replay = ruleset_reports.replayed(trials, draft)
    return _form_page(owner, name, ruleset_id, {}, replay)


def _form_page(
    owner: str,
    name: str,
    ruleset_id: UUID | None,
    problems: Problems,
    replay: Replayed | None = None,
) -> str:
    if not name:
        confirmed_first()
    with requests.reading() as work:
        if ruleset_id is None:
            rulesets.insist_on_permission(work, _place(owner, name))
        shown = rulesets.one(work, _place(owner, name), ruleset_id) if ruleset_id else None
        report = _report(work, owner, name, shown)
    before = ruleset_forms.filled(shown) if shown is not None else NEW
    return _page(
        *("form.html", owner, name, problems),
        shown=shown,
        report=report,
        replay=replay,
        values=flask.request.form or before,
        is_too_much=shown is not None and ruleset_forms.is_too_much(shown),
    )


def _report(work: UnitOfWork, owner: str, name: str, shown: Shown | None) -> Report | None:
    if shown is None:
        return None
    place = _place(owner, name)
    return ruleset_reports.found(work, place, shown.row.id, now=requests.now())


def _page(template: str, owner: str, name: str, problems: Problems, **context: Any) -> str:
    context |= {
        "at": _at(owner, name),
        "named": ruleset_words,
        "takes": TAKES,
        "visibilities": tuple(Visibility),
        "place": f"{owner}/{name}" if name else owner,
    }
    if name:
        may = opened(owner, name).repository.may(Permission.REPOSITORY_PROTECT)
        context |= {"around": "repository_settings/_frame.html", "may_change": may}
        return settings_page(f"rulesets/{template}", owner, name, problems, "rulesets", **context)
    with requests.reading() as work:
        frame = settings_frame(work, owner) if owner else admin.frame(work, "rulesets")
    where = "organisation" if owner else "administration"
    context |= {"around": f"rulesets/_{where}.html", "may_change": True}
    return page(f"rulesets/{template}", problems, **{**context, **frame, "section": "rulesets"})
