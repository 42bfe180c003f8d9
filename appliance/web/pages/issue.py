"""One issue: what was said, what happened, and everything one does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.conversations import ClosedAs, ConversationKind, Reaction, Which
from appliance.services import (
    comments,
    conversation_following,
    conversation_sorting,
    conversation_timeline,
    conversation_transfers,
    conversations,
    labels,
    milestones,
    pulls,
)
from appliance.services.conversation_sorting import Sorted
from appliance.services.conversations import Edit
from appliance.web import forms, requests
from appliance.web.pages import issue_frame, pull_conversation
from appliance.web.pages.page_forms import Problems, after, attempt, listed, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = blueprint("issue")

ONE = "/<owner>/<name>/issues/<int:number>"
PULL = "/<owner>/<name>/pulls/<int:number>"
ENTRIES = 100


class StateForm(forms.Form):
    """Why an issue is closed."""

    reason: ClosedAs = ClosedAs.COMPLETED
    duplicate_of: int | None = Field(None, ge=1, le=2**31 - 1)


class SortForm(forms.Form):
    """What an issue is to have."""

    labels: list[str] = Field(default_factory=list, max_length=500)
    assignees: str = Field("", max_length=500)
    milestone: int = Field(0, ge=0, le=2**31 - 1)

    @property
    def names(self) -> tuple[str, ...]:
        """Who is named, with or without a sign before it."""
        return tuple(self.assignees.replace(",", " ").replace("@", " ").split())


class ReactionForm(forms.Form):
    """Which reaction, and whether it is given or taken back."""

    reaction: Reaction
    given: str = ""


@pages.get(ONE)
def show_issue(owner: str, name: str, number: int) -> ResponseReturnValue:
    """The issue."""
    return _page(opened(owner, name), number, {})


@pages.post(f"{ONE}/comment")
@pages.post(f"{PULL}/comment")
def comment(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Say something, look at how it will look, or close or reopen with it."""
    signed_in()
    frame = opened(owner, name)
    which, act = issue_frame.which(frame, number), flask.request.form.get("act", "")
    text = issue_frame.said("body")
    if act == "preview":
        return _page(frame, number, {}, preview=text)

    def say() -> ResponseReturnValue:
        now = requests.now()
        with requests.begin() as work:
            if act not in {"close", "reopen"} or text.strip():
                comments.add(work, which, text, now=now)
            if act in {"close", "reopen"}:
                _set_open(work, which, is_open=act == "reopen")
        return _back(frame, number, "#end")

    return attempt(say, lambda problems: _page(frame, number, problems), at="body")


@pages.post(f"{ONE}/edit")
@pages.post(f"{PULL}/edit")
def edit(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Give it another title or text."""
    signed_in()
    frame = opened(owner, name)
    wanted = Edit(issue_frame.said("title"), issue_frame.said("body"))

    def save() -> ResponseReturnValue:
        with requests.begin() as work:
            conversations.edit(work, issue_frame.which(frame, number), wanted, now=requests.now())
        return _back(frame, number)

    return attempt(save, lambda problems: _edit_page(frame, number, problems), at="title")


@pages.get(f"{ONE}/edit")
@pages.get(f"{PULL}/edit")
def edit_form(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Its title and text to be changed."""
    signed_in()
    return _edit_page(opened(owner, name), number, {})


@pages.post(f"{ONE}/state")
def set_state(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Close it for a reason, or open it again."""

    def change(work: UnitOfWork, which: Which) -> object:
        form, now = StateForm.parse(flask.request.form), requests.now()
        if flask.request.form.get("act") == "reopen":
            return conversations.reopen(work, which, now=now)
        return conversations.close(
            work, which, form.reason, duplicate_of=form.duplicate_of, now=now
        )

    return _done(owner, name, number, change)


@pages.post(f"{ONE}/sort")
@pages.post(f"{PULL}/sort")
def sort(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Give it labels, people and a milestone."""

    def change(work: UnitOfWork, which: Which) -> object:
        form = SortForm.parse(flask.request.form)
        wanted = Sorted(tuple(form.labels), form.names, form.milestone)
        return conversation_sorting.sort(work, which, wanted, now=requests.now())

    return _done(owner, name, number, change)


@pages.post(f"{ONE}/<any(lock, unlock, pin, unpin, follow, leave):verb>")
@pages.post(f"{PULL}/<any(lock, unlock, pin, unpin, follow, leave):verb>")
def act(owner: str, name: str, number: int, verb: str) -> ResponseReturnValue:
    """Lock, pin or follow it, or no longer."""

    def change(work: UnitOfWork, which: Which) -> object:
        now = requests.now()
        if verb in {"lock", "unlock"}:
            return conversation_sorting.lock(work, which, locked=verb == "lock", now=now)
        if verb in {"pin", "unpin"}:
            return conversation_sorting.pin(work, which, pinned=verb == "pin", now=now)
        conversation_following.set_following(work, which, follows=verb == "follow", now=now)
        return None

    return _done(owner, name, number, change)


@pages.post(f"{ONE}/react")
@pages.post(f"{PULL}/react")
def react(owner: str, name: str, number: int) -> ResponseReturnValue:
    """React to the issue's own text, or take that back."""

    def change(work: UnitOfWork, which: Which) -> object:
        form = ReactionForm.parse(flask.request.form)
        conversation_following.react(work, which, form.reaction, given=form.given == "yes")
        return None

    return _done(owner, name, number, change)


@pages.post(f"{ONE}/transfer")
def transfer(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Move it to another repository."""
    signed_in()
    frame, target = opened(owner, name), flask.request.form.get("to", "").strip()

    def move() -> ResponseReturnValue:
        with requests.begin() as work:
            which = issue_frame.which(frame, number)
            made = conversation_transfers.transfer(work, which, target, now=requests.now())
            there = f"/{target.strip('/')}/issues/{made.number}"
        flask.flash(_("Moved here."), "good")
        return flask.redirect(there, 303)

    return attempt(move, lambda problems: _page(frame, number, problems), at="to")


@pages.get(f"{ONE}/edits")
@pages.get(f"{PULL}/edits")
def edits(owner: str, name: str, number: int) -> ResponseReturnValue:
    """What its text was before."""
    frame = opened(owner, name)
    with requests.reading() as work:
        found = conversations.show(work, issue_frame.which(frame, number))
        previous = comments.previous(work, issue_frame.which(frame, number))
    return show("issues/edits.html", frame, found=found, issue=found.conversation,
                previous=previous, now_text=found.conversation.body,
                **issue_frame.about(frame))  # fmt: skip


def _set_open(work: UnitOfWork, which: Which, *, is_open: bool) -> None:
    """Close it, or open it again."""
    now = requests.now()
    if which.kind is ConversationKind.PULL_REQUEST:
        (pulls.reopen if is_open else pulls.close)(work, which, now=now)
    elif is_open:
        conversations.reopen(work, which, now=now)
    else:
        conversations.close(work, which, now=now)


def _page(frame: Frame, number: int, problems: Problems, preview: str | None = None) -> str:
    which = issue_frame.which(frame, number)
    if which.kind is ConversationKind.PULL_REQUEST:
        return pull_conversation.page(frame, number, problems, preview)
    with requests.reading() as work:
        found = conversations.show(work, which)
        page = conversation_timeline.timeline(work, which, after=after(), limit=ENTRIES)
        said = [each.said.comment.body for each in page.items if each.said]
        texts = issue_frame.texts(work, frame, [found.conversation.body, preview or "", *said])
        people = conversation_timeline.participants(work, found.conversation)
        choices = {
            "labels": labels.choices(work, which.path),
            "milestones": milestones.choices(work, which.path),
        }
    return show(
        "issues/show.html",
        frame,
        found=found,
        issue=found.conversation,
        entries=listed(page),
        texts=texts,
        people=people,
        choices=choices,
        problems=problems,
        filled=flask.request.form,
        preview=preview,
        me=requests.actor().id,
        here=f"{frame.links.home}/issues/{number}",
        **issue_frame.about(frame),
    )


def _edit_page(frame: Frame, number: int, problems: Problems) -> str:
    with requests.reading() as work:
        found = conversations.show(work, issue_frame.which(frame, number))
    return show("issues/edit.html", frame, found=found, issue=found.conversation,
                problems=problems, filled=flask.request.form,
                **issue_frame.about(frame))  # fmt: skip


def _done(
    owner: str, name: str, number: int, change: Callable[[UnitOfWork, Which], object]
) -> ResponseReturnValue:
    """Do something with the issue and show it again; where that is not possible, with why."""
    signed_in()
    frame = opened(owner, name)

    def do() -> ResponseReturnValue:
        with requests.begin() as work:
            change(work, issue_frame.which(frame, number))
        return _back(frame, number)

    return attempt(do, lambda problems: _page(frame, number, problems))


def _back(frame: Frame, number: int, end: str = "") -> ResponseReturnValue:
    return flask.redirect(f"{issue_frame.at(frame)}/{number}{end}", 303)
