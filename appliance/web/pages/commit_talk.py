"""Speaking of a commit: comments on the whole or on lines, reactions, and labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.commit_talk import Spot
from appliance.domain.pull_requests import LARGEST_LINE, Side
from appliance.services import commit_labels, commit_talk, history
from appliance.web import forms, links, requests
from appliance.web.pages import commit_said, issue_frame
from appliance.web.pages.commit_said import Place
from appliance.web.pages.issue import ReactionForm
from appliance.web.pages.page_forms import Problems, attempt, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = blueprint("commit_talk")

ONE = "/<owner>/<name>/commit/<oid>"
COMMENT = f"{ONE}/comments/<uuid:remark_id>"


class SpotForm(forms.Form):
    """Which lines are meant; without any, the file; without a file, the commit."""

    path: str = Field("", max_length=20_000)
    side: Side = Side.NEW
    start: int | None = Field(None, ge=1, le=LARGEST_LINE)
    line: int | None = Field(None, ge=1, le=LARGEST_LINE)

    @property
    def spot(self) -> Spot:
        """The lines, from the first to the last."""
        first, last = self.start or self.line, self.line or self.start
        return Spot(links.from_field(self.path), self.side, first, last)


class LabelsForm(forms.Form):
    """Which labels the commit is to have."""

    labels: list[str] = Field(default_factory=list, max_length=500)


@pages.get(f"{ONE}/comments/new")
def comment_form(owner: str, name: str, oid: str) -> ResponseReturnValue:
    """Say something of a file or of lines."""
    signed_in()
    frame, commit = _found(owner, name, oid)
    asked = SpotForm.parse(flask.request.args)
    place = Place(asked.spot, asked.path)
    if flask.request.args.get("part") == "form":
        context = commit_said.read(frame, commit).context
        return show("commits/comment_form.html", frame, **context, place=place)
    return _form_page(frame, commit, place, {})


@pages.post(f"{ONE}/comments")
def comment(owner: str, name: str, oid: str) -> ResponseReturnValue:
    """Say something."""
    signed_in()
    frame, commit = _found(owner, name, oid)
    text, spelled = issue_frame.said("body"), issue_frame.said("path")

    def say() -> ResponseReturnValue:
        spot = SpotForm.parse(flask.request.form).spot
        with requests.begin() as work:
            path = frame.repository.path
            made = commit_talk.add(work, path, commit, text, spot, now=requests.now())
            comment_id = made.comment.id
        return _back(frame, commit, comment_id)

    place = Place(Spot(links.from_field(spelled)), spelled)
    return attempt(say, lambda problems: _form_page(frame, commit, place, problems))


@pages.get(f"{COMMENT}/edit")
def edit_form(owner: str, name: str, oid: str, remark_id: UUID) -> ResponseReturnValue:
    """A comment to be changed."""
    signed_in()
    frame, commit = _found(owner, name, oid)
    return _edit_page(frame, commit, remark_id, {})


@pages.post(f"{COMMENT}/edit")
def edit(owner: str, name: str, oid: str, remark_id: UUID) -> ResponseReturnValue:
    """Say it otherwise."""
    signed_in()
    frame, commit = _found(owner, name, oid)

    def save() -> ResponseReturnValue:
        path, text = frame.repository.path, issue_frame.said("body")
        with requests.begin() as work:
            commit_talk.edit(work, path, commit, remark_id, text, now=requests.now())
        return _back(frame, commit, remark_id)

    def again(problems: Problems) -> str:
        return _edit_page(frame, commit, remark_id, problems)

    return attempt(save, again, at="body")


@pages.post(f"{COMMENT}/delete")
def delete(owner: str, name: str, oid: str, remark_id: UUID) -> ResponseReturnValue:
    """Take it back."""

    def take_back(work: UnitOfWork, path: str, commit: str) -> None:
        commit_talk.delete(work, path, commit, remark_id, now=requests.now())

    return _done(owner, name, oid, take_back, remark_id)


@pages.post(f"{COMMENT}/react")
def react(owner: str, name: str, oid: str, remark_id: UUID) -> ResponseReturnValue:
    """React to it, or take that back."""

    def give(work: UnitOfWork, path: str, commit: str) -> None:
        form = ReactionForm.parse(flask.request.form)
        given = form.given == "yes"
        commit_talk.react(work, path, commit, remark_id, form.reaction, given=given)

    return _done(owner, name, oid, give, remark_id)


@pages.post(f"{ONE}/labels")
def label(owner: str, name: str, oid: str) -> ResponseReturnValue:
    """Give it these labels."""

    def give(work: UnitOfWork, path: str, commit: str) -> None:
        form = LabelsForm.parse(flask.request.form)
        commit_labels.set_all(work, path, commit, form.labels, now=requests.now())

    return _done(owner, name, oid, give)


def _found(owner: str, name: str, oid: str) -> tuple[Frame, str]:
    """The repository, and the whole id of a commit that is there."""
    frame = opened(owner, name)
    return frame, history.resolve(frame.repository, oid.encode()).commit


def _done(
    owner: str,
    name: str,
    oid: str,
    change: Callable[[UnitOfWork, str, str], None],
    comment_id: UUID | None = None,
) -> ResponseReturnValue:
    """Do something and show the commit again."""
    signed_in()
    frame, commit = _found(owner, name, oid)
    with requests.begin() as work:
        change(work, frame.repository.path, commit)
    return _back(frame, commit, comment_id)


def _back(frame: Frame, commit: str, comment_id: UUID | None = None) -> ResponseReturnValue:
    place = f"#comment-{comment_id}" if comment_id else ""
    return flask.redirect(f"{frame.links.commit(commit)}{place}", 303)


def _form_page(frame: Frame, commit: str, place: Place, problems: Problems) -> str:
    context = commit_said.read(frame, commit).context
    return show("commits/comment.html", frame, **context, tab_name="commits", commit=commit,
                place=place, problems=problems, filled=flask.request.form)  # fmt: skip


def _edit_page(frame: Frame, commit: str, comment_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        said = commit_talk.show(work, frame.repository.path, commit, comment_id)
    filled = flask.request.form.get("body", said.comment.body)
    return show("commits/edit_comment.html", frame, tab_name="commits", commit=commit,
                here=frame.links.commit(commit), comment_id=comment_id, text=filled,
                title=_("Edit a comment"), problems=problems)  # fmt: skip
