"""Milestones of a repository: how far each is, and, for triagers, changing them."""

from __future__ import annotations

from datetime import date

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.domain.issue_query import Key, Query, Term
from appliance.errors import InvalidError, sentence
from appliance.services import milestones
from appliance.services.milestones import Plan, Progress
from appliance.web import requests
from appliance.web.pages import issue_frame
from appliance.web.pages.page_forms import Problems, attempt, done, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

pages = blueprint("issue_milestones")

ALL = "/<owner>/<name>/milestones"
ONE = f"{ALL}/<int:number>"


@pages.get(ALL)
def listing(owner: str, name: str) -> ResponseReturnValue:
    """The open ones, or the closed ones."""
    return _page(opened(owner, name), {})


@pages.post(ALL)
def create(owner: str, name: str) -> ResponseReturnValue:
    """Add one."""
    signed_in()
    frame = opened(owner, name)

    def add() -> ResponseReturnValue:
        with requests.begin() as work:
            milestones.create(work, frame.repository.path, _plan(), now=requests.now())
        return done(_("Added."), "issue_milestones.listing", owner=owner, name=name)

    return attempt(add, lambda problems: _page(frame, problems), at="title")


@pages.get(ONE)
def show_one(owner: str, name: str, number: int) -> ResponseReturnValue:
    """One, with what is planned for it."""
    return _one_page(opened(owner, name), number, {})


@pages.post(ONE)
def change(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Give it another title, text, day or state."""
    signed_in()
    frame = opened(owner, name)

    def save() -> ResponseReturnValue:
        act = flask.request.form.get("act", "")
        plan = Plan(closed=act == "close") if act in {"close", "reopen"} else _plan()
        with requests.begin() as work:
            milestones.change(work, frame.repository.path, number, plan, now=requests.now())
        return done(_("Saved."), "issue_milestones.show_one", owner=owner, name=name, number=number)

    return attempt(save, lambda problems: _one_page(frame, number, problems), at="title")


@pages.post(f"{ONE}/delete")
def delete(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Delete it; what was planned for it belongs to none."""
    signed_in()
    frame = opened(owner, name)
    with requests.begin() as work:
        milestones.delete(work, frame.repository.path, number)
    return done(_("Deleted."), "issue_milestones.listing", owner=owner, name=name)


def _page(frame: Frame, problems: Problems) -> str:
    is_closed = flask.request.args.get("state") == "closed"
    with requests.reading() as work:
        found = milestones.listed(work, frame.repository.path)
        shown = [each for each in found if each.milestone.is_open is not is_closed]
        said = [each.milestone.description for each in shown]
        texts = issue_frame.texts(work, frame, said)
    return show(
        "issues/milestones.html",
        frame,
        shown=shown,
        open_count=sum(each.milestone.is_open for each in found),
        closed_count=sum(not each.milestone.is_open for each in found),
        is_closed=is_closed,
        texts=texts,
        today=requests.now().date(),
        issues_of=lambda each: _issues_of(frame, each),
        problems=problems,
        filled=flask.request.form,
        **issue_frame.about(frame),
    )


def _one_page(frame: Frame, number: int, problems: Problems) -> str:
    with requests.reading() as work:
        found = milestones.show(work, frame.repository.path, number)
        texts = issue_frame.texts(work, frame, [found.milestone.description])
    return show(
        "issues/milestone.html",
        frame,
        found=found,
        texts=texts,
        today=requests.now().date(),
        issues_of=lambda each: _issues_of(frame, each),
        problems=problems,
        filled=flask.request.form,
        **issue_frame.about(frame),
    )


def _issues_of(frame: Frame, found: Progress) -> dict[str, str]:
    """The lists of what is planned for a milestone: open and closed."""
    planned = Term(Key.MILESTONE, found.milestone.title)
    return {
        state: issue_frame.address(frame, Query((Term(Key.IS, state), planned)))
        for state in ("open", "closed")
    }


def _plan() -> Plan:
    due = issue_frame.said("due_on").strip()
    try:
        due_on = date.fromisoformat(due) if due else None
    except ValueError as error:
        raise InvalidError.of("due_on", sentence("Enter the date as 2027-01-31.")) from error
    return Plan(
        issue_frame.said("title"),
        issue_frame.said("description"),
        due_on,
        has_no_date=due_on is None,
    )
