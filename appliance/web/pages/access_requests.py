"""Asking for access: one's own requests, those to answer, and one of them with all its acts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.access_requests import LONGEST_NAME, LONGEST_REASON, Thing, Wish
from appliance.domain.permissions import Role
from appliance.services import access_answers, access_requests, temporary_rights
from appliance.services.access_answers import Terms
from appliance.services.access_requests import Shown
from appliance.web import forms, requests
from appliance.web.pages import lists, spans, words
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    done,
    listed,
    page,
    signed_in,
)

pages = flask.Blueprint("access_requests", __name__)
words.give_to_templates(pages)

AS_ASKED = "as_asked"
COLUMNS: lists.Columns = {
    "who": lambda each: each.user,
    "thing": lambda each: each.request.thing,
    "name": lambda each: each.name,
    "role": lambda each: each.request.role,
    "hours": lambda each: each.request.hours,
    "reason": lambda each: each.request.reason,
    "state": lambda each: each.state,
    "asked_at": lambda each: each.request.created_at,
    "answered_by": lambda each: each.decided_by,
    "answer": lambda each: each.answer,
    "until": lambda each: each.request.ends_at,
}


class AskForm(forms.Form):
    """What for, for how long, and why."""

    thing: Thing = Thing.REPOSITORY
    name: str = Field(max_length=LONGEST_NAME)
    role: Role = Role.READER
    span: str = Field("7d", max_length=8)
    reason: str = Field(max_length=LONGEST_REASON)


class AnswerForm(forms.Form):
    """What is given, for how long, and why."""

    role: Role | None = None
    span: str = Field(AS_ASKED, max_length=8)
    reason: str = Field("", max_length=LONGEST_REASON)


@pages.get("/settings/access-requests")
def own() -> ResponseReturnValue:
    """What one has asked for."""
    signed_in()
    return _list(access_requests.listed, "account/access_requests.html", "", acts=OWN_ACTS)


@pages.post("/settings/access-requests")
def withdraw_several() -> ResponseReturnValue:
    """Take several requests back."""
    return lists.act_on_several(OWN_ACTS, back=flask.url_for(".own"), names=_names)


@pages.get("/settings/access-requests/new")
def new() -> ResponseReturnValue:
    """Say what one asks for."""
    signed_in()
    return _new_page({})


@pages.post("/settings/access-requests/new")
def ask() -> ResponseReturnValue:
    """Ask. What comes of it is the same whether there is such a thing or not."""

    def act() -> ResponseReturnValue:
        form = AskForm.parse(flask.request.form)
        role = form.role if form.thing is Thing.REPOSITORY else None
        wish = Wish(form.thing, form.name, role, spans.hours(form.span), form.reason)
        with requests.begin() as work:
            access_requests.ask(work, wish, now=requests.now())
        return done(
            _("Your request was sent. Whoever can answer it finds it in their inbox."), ".own"
        )

    return attempt(act, _new_page, at="name")


@pages.get("/inbox/access")
def to_answer() -> ResponseReturnValue:
    """What others have asked for, and is for one to answer."""
    signed_in()
    return _list(access_answers.listed, "access/answers.html", "pending", acts=ANSWERS)


@pages.post("/inbox/access")
def answer_several() -> ResponseReturnValue:
    """Answer several requests alike."""
    return lists.act_on_several(ANSWERS, back=flask.url_for(".to_answer"), names=_names)


@pages.get("/settings/access-requests/<uuid:request_id>")
def show(request_id: UUID) -> ResponseReturnValue:
    """One request, and what can be done about it."""
    signed_in()
    return _show_page(request_id, {})


@pages.post("/settings/access-requests/<uuid:request_id>/withdraw")
def withdraw(request_id: UUID) -> ResponseReturnValue:
    """Take it back."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            access_requests.withdraw(work, request_id, now=requests.now())
        return done(_("The request was withdrawn."), ".own")

    return attempt(act, lambda problems: _show_page(request_id, problems))


@pages.post("/settings/access-requests/<uuid:request_id>/<any(approve, refuse, prolong, end):verb>")
def act_on(request_id: UUID, verb: str) -> ResponseReturnValue:
    """Answer it, or change when what was given ends."""

    def act() -> ResponseReturnValue:
        form = AnswerForm.parse(flask.request.form)
        with requests.begin() as work:
            said = DONE[verb](work, request_id, form)
        return done(str(said), ".show", request_id=request_id)

    return attempt(act, lambda problems: _show_page(request_id, problems), at="reason")


def _approve(work: Any, request_id: UUID, form: AnswerForm) -> Any:
    hours = None if form.span == AS_ASKED else spans.hours(form.span)
    terms = Terms(form.role, hours, is_endless=form.span == spans.ENDLESS)
    access_answers.approve(work, request_id, terms, form.reason, now=requests.now())
    return _("Access granted.")


def _refuse(work: Any, request_id: UUID, form: AnswerForm) -> Any:
    made = access_answers.refuse(work, request_id, form.reason, now=requests.now())
    if not made.was_visible:
        return _("Refused. The requester is not told.")
    return _("Refused. The requester can read why.")


def _prolong(work: Any, request_id: UUID, form: AnswerForm) -> Any:
    hours = spans.hours(form.span) or 0
    temporary_rights.prolong(work, request_id, hours, form.reason, now=requests.now())
    return _("The access was extended.")


def _end(work: Any, request_id: UUID, form: AnswerForm) -> Any:
    temporary_rights.end(work, request_id, form.reason, now=requests.now())
    return _("It has ended.")


DONE = {"approve": _approve, "refuse": _refuse, "prolong": _prolong, "end": _end}
OWN_ACTS = {
    "withdraw": lists.Act(
        lazy("Withdraw"),
        lambda work, key: access_requests.withdraw(work, lists.id_of(key), now=requests.now()),
    )
}
ANSWERS = {
    "approve": lists.Act(
        lazy("Grant as requested"),
        lambda work, key: access_answers.approve(
            work, lists.id_of(key), Terms(), now=requests.now()
        ),
    ),
    "refuse": lists.Act(
        lazy("Refuse"),
        lambda work, key: access_answers.refuse(
            work, lists.id_of(key), flask.request.form.get("reason", ""), now=requests.now()
        ),
    ),
}


def _list(
    verb: Any, template: str, usual_state: str, *, acts: dict[str, lists.Act]
) -> ResponseReturnValue:
    sorting = lists.sorting(access_requests.ORDERS, "-created")
    search, state = asked("q"), flask.request.args.get("state", usual_state)
    now = requests.now()

    def find(work: Any, /, *, after: str | None, limit: int) -> Any:
        return verb(
            work, search=search, state=state, order=sorting.order, after=after, limit=limit, now=now
        )

    if file := lists.export("access-requests", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = listed(find(work, after=after(), limit=USUAL))
    return page(template, found=found, query=search, state=state, acts=acts,
                section="access-requests", **lists.tools(sorting))  # fmt: skip


def _new_page(problems: Problems) -> str:
    wanted = {
        "thing": asked("thing") or Thing.REPOSITORY,
        "name": asked("name"),
        "role": asked("role") or Role.READER,
    }
    return page("account/access_request_new.html", problems, wanted=wanted, spans=spans.offered(),
                longest=LONGEST_REASON, section="access-requests")  # fmt: skip


def _show_page(request_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        shown: Shown = access_requests.show(work, request_id, now=requests.now())
    return page("access/show.html", problems, shown=shown, spans=spans.offered(),
                as_asked=AS_ASKED, longest=LONGEST_REASON)  # fmt: skip


def _names(work: Any, keys: list[str]) -> dict[str, str]:
    found = [access_requests.show(work, lists.id_of(key), now=requests.now()) for key in keys]
    return {str(each.request.id): each.name for each in found}
