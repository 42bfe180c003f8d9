"""Comments of an issue: say one otherwise, take it back, react, and what it was before."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue

from appliance.services import comments, conversation_following, conversations
from appliance.web import requests
from appliance.web.pages import issue_frame
from appliance.web.pages.issue import ReactionForm
from appliance.web.pages.page_forms import Problems, attempt, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

pages = blueprint("issue_comments")

ONE = "/<owner>/<name>/issues/<int:number>/comments/<uuid:comment_id>"
PULL = "/<owner>/<name>/pulls/<int:number>/comments/<uuid:comment_id>"


@pages.get(f"{ONE}/edit")
@pages.get(f"{PULL}/edit")
def edit_form(owner: str, name: str, number: int, comment_id: UUID) -> ResponseReturnValue:
    """A comment to be changed."""
    signed_in()
    return _edit_page(opened(owner, name), number, comment_id, {})


@pages.post(f"{ONE}/edit")
@pages.post(f"{PULL}/edit")
def edit(owner: str, name: str, number: int, comment_id: UUID) -> ResponseReturnValue:
    """Say it otherwise."""
    signed_in()
    frame = opened(owner, name)

    def save() -> ResponseReturnValue:
        which, text = issue_frame.which(frame, number), issue_frame.said("body")
        with requests.begin() as work:
            comments.edit(work, which, comment_id, text, now=requests.now())
        return _back(frame, number, comment_id)

    return attempt(
        save, lambda problems: _edit_page(frame, number, comment_id, problems), at="body"
    )


@pages.post(f"{ONE}/delete")
@pages.post(f"{PULL}/delete")
def delete(owner: str, name: str, number: int, comment_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    signed_in()
    frame = opened(owner, name)
    with requests.begin() as work:
        which = issue_frame.which(frame, number)
        comments.delete(work, which, comment_id, now=requests.now())
    return _back(frame, number, comment_id)


@pages.post(f"{ONE}/react")
@pages.post(f"{PULL}/react")
def react(owner: str, name: str, number: int, comment_id: UUID) -> ResponseReturnValue:
    """React to it, or take that back."""
    signed_in()
    form = ReactionForm.parse(flask.request.form)
    frame = opened(owner, name)
    with requests.begin() as work:
        which, given = issue_frame.which(frame, number), form.given == "yes"
        conversation_following.react(work, which, form.reaction, comment_id=comment_id, given=given)
    return _back(frame, number, comment_id)


@pages.get(f"{ONE}/edits")
@pages.get(f"{PULL}/edits")
def edits(owner: str, name: str, number: int, comment_id: UUID) -> ResponseReturnValue:
    """What it was before."""
    frame = opened(owner, name)
    which = issue_frame.which(frame, number)
    with requests.reading() as work:
        found = conversations.show(work, which)
        said = comments.show(work, which, comment_id)
        previous = comments.previous(work, which, comment_id)
    return show("issues/edits.html", frame, found=found, issue=found.conversation,
                previous=previous, now_text=said.comment.body,
                **issue_frame.about(frame))  # fmt: skip


def _edit_page(frame: Frame, number: int, comment_id: UUID, problems: Problems) -> str:
    which = issue_frame.which(frame, number)
    with requests.reading() as work:
        found = conversations.show(work, which)
        said = comments.show(work, which, comment_id)
    return show("issues/edit_comment.html", frame, found=found, issue=found.conversation,
                said=said, problems=problems, filled=flask.request.form,
                **issue_frame.about(frame))  # fmt: skip


def _back(frame: Frame, number: int, comment_id: UUID) -> ResponseReturnValue:
    return flask.redirect(f"{issue_frame.at(frame)}/{number}#comment-{comment_id}", 303)
