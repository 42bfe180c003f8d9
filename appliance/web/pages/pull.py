"""One pull request: its conversation, its commits, its patch sets; and what its author changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.conversations import Which
from appliance.services import pulls, review_requests
from appliance.services.pulls import Change
from appliance.web import forms, requests
from appliance.web.pages import checks, pull_conversation, pull_frame
from appliance.web.pages.commits import days, rows
from appliance.web.pages.page_forms import attempt, signed_in
from appliance.web.pages.pull_frame import ONE
from appliance.web.pages.repository_frame import Frame, blueprint, named, opened

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = blueprint("pull")


class TargetForm(forms.Form):
    """Into which branch it is to come."""

    base: str = ""


class ReviewersForm(forms.Form):
    """Whose review is asked for: names, with spaces between them."""

    reviewers: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Who is named, with or without a sign before it."""
        return tuple(self.reviewers.replace(",", " ").replace("@", " ").split())


@pages.get(ONE)
def show_pull(owner: str, name: str, number: int) -> ResponseReturnValue:
    """The pull request."""
    return pull_conversation.of(pull_frame.read(owner, name, number), {})


@pages.get(f"{ONE}/commits")
def commits(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Its commits."""
    pull = pull_frame.read(owner, name, number)
    place = named(pull.frame, pull.facts.head.encode())
    found = list(days(rows(place, pull_frame.steps(pull))))
    return pull_frame.show_page(
        "pulls/commits.html", pull, "commits", days=found, most=pull_frame.COMMITS
    )


@pages.get(f"{ONE}/checks")
def show_checks(owner: str, name: str, number: int) -> ResponseReturnValue:
    """What other systems say of its last patch set."""
    pull = pull_frame.read(owner, name, number)
    found = checks.of_commit(pull.frame, pull.facts.head)
    return pull_frame.show_page("pulls/checks.html", pull, "checks", checks=found)


@pages.post(f"{ONE}/<any(draft, ready):verb>")
def set_draft(owner: str, name: str, number: int, verb: str) -> ResponseReturnValue:
    """Say that it is not to be merged yet, or that it is ready."""

    def change(work: UnitOfWork, which: Which) -> None:
        _change(work, which, Change(is_draft=verb == "draft"))

    return done(owner, name, number, change)


@pages.post(f"{ONE}/target")
def retarget(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Let it come into another branch."""

    def change(work: UnitOfWork, which: Which) -> None:
        _change(work, which, Change(into=TargetForm.parse(flask.request.form).base))

    return done(owner, name, number, change)


@pages.post(f"{ONE}/reviewers")
def ask(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Ask for reviews, or wait for one no more."""

    def change(work: UnitOfWork, which: Which) -> None:
        names = ReviewersForm.parse(flask.request.form).names
        is_asked = flask.request.form.get("act") != "withdraw"
        act = review_requests.ask if is_asked else review_requests.withdraw
        act(work, which, names, now=requests.now())

    return done(owner, name, number, change)


def done(
    owner: str, name: str, number: int, change: Callable[[UnitOfWork, Which], object]
) -> ResponseReturnValue:
    """Do something with it and show it again; where that is not possible, with why."""
    signed_in()
    frame = opened(owner, name)

    def do() -> ResponseReturnValue:
        with requests.begin() as work:
            change(work, pull_frame.which(frame, number))
        return back(frame, number)

    return attempt(do, lambda problems: pull_conversation.page(frame, number, problems))


def back(frame: Frame, number: int, end: str = "") -> ResponseReturnValue:
    """Its conversation again."""
    return flask.redirect(f"{frame.links.home}/pulls/{number}{end}", 303)


def _change(work: UnitOfWork, which: Which, wanted: Change) -> None:
    pulls.change(
        work, which, wanted, repositories=requests.wiring().repositories, now=requests.now()
    )
