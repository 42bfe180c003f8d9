"""Asking that a branch be merged: choose it, see what it brings, say what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.pull_requests import check_branch, split_head
from appliance.errors import ApplianceError
from appliance.services import files, history, labels, milestones, pull_templates
from appliance.services.conversation_sorting import UNSORTED, Sorted
from appliance.services.history import BRANCHES, Wanted
from appliance.services.pull_opening import NewPull
from appliance.web import pulls as doors
from appliance.web import requests
from appliance.web.pages import issue_frame
from appliance.web.pages.commits import Row, days, rows
from appliance.web.pages.issue import SortForm
from appliance.web.pages.page_forms import Problems, attempt, signed_in
from appliance.web.pages.pull import ReviewersForm
from appliance.web.pages.repository_frame import SELECTABLE, Frame, Place, blueprint, opened, show

if TYPE_CHECKING:
    from appliance.git.refs import Resolved
    from appliance.services.files import OpenRepository

pages = blueprint("pull_new")

COMMITS = 50
SECONDS = 5.0


@dataclass(frozen=True)
class Ask:
    """Which branch is to come into which, as somebody says it."""

    base: str
    head: str


@dataclass(frozen=True)
class Brought:
    """What the source would bring, as far as it can be seen before it is asked."""

    days: list[tuple[str, list[Row]]]
    count: int
    title: str
    body: str
    href: str
    """Both beside each other; empty where they are in two repositories."""


@pages.get("/<owner>/<name>/pulls/new")
def form(owner: str, name: str) -> ResponseReturnValue:
    """Choose two branches; then say what it is about."""
    signed_in()
    frame = opened(owner, name)
    asked = flask.request.args
    return _page(frame, Ask(asked.get("base", "").strip(), asked.get("head", "").strip()), {})


@pages.post("/<owner>/<name>/pulls/new")
def create(owner: str, name: str) -> ResponseReturnValue:
    """Ask for it, or look at how it will look."""
    signed_in()
    frame = opened(owner, name)
    ask = Ask(issue_frame.said("base").strip(), issue_frame.said("head").strip())
    act = flask.request.form.get("act")
    if act == "preview":
        return _page(frame, ask, {}, preview=issue_frame.said("body"))

    def add() -> ResponseReturnValue:
        number = _opened(frame, ask, is_draft=act == "draft")
        return flask.redirect(f"{frame.links.home}/pulls/{number}", 303)

    return attempt(add, lambda problems: _page(frame, ask, problems), at="title")


def _opened(frame: Frame, ask: Ask, *, is_draft: bool) -> int:
    new = NewPull(
        issue_frame.said("title"),
        issue_frame.said("body"),
        is_draft,
        ReviewersForm.parse(flask.request.form).names,
        _sorted(frame),
    )
    return doors.open_pull(frame.repository.path, ask.head, ask.base, new)


def _sorted(frame: Frame) -> Sorted:
    """How a triager sorts it; others sort nothing."""
    if not issue_frame.may_triage(frame):
        return UNSORTED
    said = SortForm.parse(flask.request.form)
    return Sorted(tuple(said.labels) or None, said.names or None, said.milestone or None)


def _page(frame: Frame, ask: Ask, problems: Problems, preview: str | None = None) -> str:
    path = frame.repository.path
    base = ask.base or frame.repository.default_branch
    brought, problem = _brought(frame, Ask(base, ask.head)) if ask.head else (None, "")
    with requests.reading() as work:
        texts = issue_frame.texts(work, frame, [preview or ""])
        choices = {
            "labels": labels.choices(work, path),
            "milestones": milestones.choices(work, path),
        }
    return show(
        "pulls/new.html",
        frame,
        base=base,
        head=ask.head,
        brought=brought,
        problem_of_branches=problem,
        template=pull_templates.text(frame.repository),
        branches=frame.names.branches[:SELECTABLE],
        texts=texts,
        preview=preview,
        choices=choices,
        problems=problems,
        filled=flask.request.form,
        **issue_frame.about(frame),
    )


def _brought(frame: Frame, ask: Ask) -> tuple[Brought | None, str]:
    """What it would bring; or why that cannot be said."""
    try:
        path, name = split_head(ask.head)
        place = Place(_frame_of(frame, path), _branch(_frame_of(frame, path).repository, name), b"")
        base = _branch(frame.repository, ask.base).commit
        is_here = place.frame is frame
        wanted = Wanted(without=base) if is_here else Wanted()
        steps = history.page(
            place.frame.repository, place.commit, wanted, limit=COMMITS, seconds=SECONDS
        ).steps
    except ApplianceError as error:
        return None, str(error)
    shown = steps if is_here else steps[:1]  # What a fork has more is known when it is brought.
    first = shown[0].commit if len(shown) == 1 else None
    href = frame.links.compare(ask.base.encode(), ask.head.encode()) if is_here else ""
    return (
        Brought(
            list(days(rows(place, shown))),
            len(shown),
            first.subject.decode("utf-8", "replace") if first else name,
            first.body.decode("utf-8", "replace").strip() if first else "",
            href,
        ),
        "",
    )


def _frame_of(frame: Frame, path: str | None) -> Frame:
    """The repository that the source is in."""
    if path is None or path == frame.repository.path:
        return frame
    repositories = requests.wiring().repositories
    with requests.reading() as work:
        other = files.opened(work, path, repositories=repositories)
    return Frame(other, type(frame.links)(f"/{other.path}"))


def _branch(repository: OpenRepository, name: str) -> Resolved:
    return history.resolve(repository, BRANCHES + check_branch(name))
