"""Reviewing a pull request: what one says of lines, noting it, and saying it all with a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.pull_requests import LARGEST_LINE, Anchor, Side, Verdict
from appliance.errors import InvalidError, NotFoundError
from appliance.services import review_drafts, review_threads, reviews
from appliance.services.reviews import NewReview
from appliance.web import forms, links, requests
from appliance.web.pages import issue_frame, pull_conversation, pull_frame, pull_threads
from appliance.web.pages.issue import ReactionForm
from appliance.web.pages.page_forms import attempt, signed_in
from appliance.web.pages.pull import back
from appliance.web.pages.pull_frame import ONE, Opened
from appliance.web.pages.repository_frame import blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.conversations import Which

pages = blueprint("pull_review")


class PlaceForm(forms.Form):
    """Which lines are meant; without any, the file as a whole."""

    path: str = Field("", max_length=20_000)
    side: Side = Side.NEW
    start: int | None = Field(None, ge=1, le=LARGEST_LINE)
    line: int | None = Field(None, ge=1, le=LARGEST_LINE)
    patch_set: int = Field(1, ge=1, le=LARGEST_LINE)

    @property
    def anchor(self) -> Anchor:
        """The lines, from the first to the last."""
        first, last = self.start or self.line, self.line or self.start
        return Anchor(self.patch_set, links.from_field(self.path), self.side, first, last)


class ReviewForm(forms.Form):
    """A verdict, of what was looked at."""

    verdict: Verdict = Verdict.COMMENT
    head: str = Field("", max_length=64)


@dataclass(frozen=True)
class Place:
    """What a form for a comment is about."""

    anchor: Anchor
    spelled: str

    @property
    def path(self) -> bytes:
        """The file."""
        return self.anchor.path

    @property
    def side(self) -> str:
        """Which side of the change."""
        return self.anchor.side.value

    @property
    def start(self) -> int | None:
        """The first line."""
        return self.anchor.start_line

    @property
    def line(self) -> int | None:
        """The last line."""
        return self.anchor.end_line

    @property
    def patch_set(self) -> int:
        """What was looked at."""
        return self.anchor.patch_set

    @property
    def where(self) -> str:
        """Which lines, in words."""
        return pull_threads.where(self.anchor)

    @property
    def key(self) -> str:
        """Tells it from other forms on a page."""
        return f"{self.patch_set}-{self.side}-{self.start}-{self.line}-{len(self.spelled)}"


@pages.get(f"{ONE}/threads/new")
def comment_form(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Say something of lines."""
    signed_in()
    pull = pull_frame.read(owner, name, number)
    place = _place(PlaceForm.parse(flask.request.args))
    if not place.path:
        raise InvalidError.of("path", _("Enter a path, and lines from first to last."))
    lines = _text(pull, place)
    if flask.request.args.get("part") == "form":
        return _piece("pulls/comment_form.html", pull, place=place, lines=lines)
    return pull_frame.show_page("pulls/comment.html", pull, "files", place=place, lines=lines,
                                problems={}, filled={})  # fmt: skip


@pages.post(f"{ONE}/threads")
def begin(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Begin a thread, or note what it will begin with."""
    signed_in()
    frame = opened(owner, name)
    which, text = pull_frame.which(frame, number), issue_frame.said("body")

    def say() -> ResponseReturnValue:
        anchor, now = PlaceForm.parse(flask.request.form).anchor, requests.now()
        with requests.begin() as work:
            if flask.request.form.get("act") == "draft":
                made = review_drafts.add(work, which, anchor, text, now=now).id
            else:
                made = review_threads.comment(work, which, anchor, text, now=now).id
        return _shown(pull_frame.of(frame, number), made)

    def again(problems: dict[str, str]) -> str:
        pull = pull_frame.of(frame, number)
        anchor = Anchor(1, links.from_field(issue_frame.said("path")))
        place = Place(anchor, issue_frame.said("path"))
        return pull_frame.show_page("pulls/comment.html", pull, "files", place=place, lines=None,
                                    problems=problems, filled=flask.request.form)  # fmt: skip

    return attempt(say, again)


@pages.get(f"{ONE}/threads/<uuid:thread_id>")
def show_thread(owner: str, name: str, number: int, thread_id: UUID) -> ResponseReturnValue:
    """Where a thread stands."""
    pull = pull_frame.read(owner, name, number)
    return flask.redirect(f"{pull.here}/files#thread-{thread_id}", 302)


@pages.post(f"{ONE}/threads/<uuid:thread_id>/reply")
def reply(owner: str, name: str, number: int, thread_id: UUID) -> ResponseReturnValue:
    """Answer in a thread or note an answer; settle it or not, with an answer or without."""
    text, act = issue_frame.said("body"), flask.request.form.get("act", "say")

    def say(work: UnitOfWork, which: Which) -> None:
        now = requests.now()
        if act == "draft":
            review_drafts.add(work, which, None, text, thread_id=thread_id, now=now)
        elif act not in {"resolve", "reopen"} or text.strip():
            review_threads.comment(work, which, None, text, thread_id=thread_id, now=now)
        if act in {"resolve", "reopen"}:
            resolved = act == "resolve"
            review_threads.resolve(work, which, thread_id, resolved=resolved, now=now)

    return _done(owner, name, number, say, lambda pull: _shown(pull, thread_id))


@pages.post(f"{ONE}/reviews")
def submit(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Say all that was noted, with a verdict."""

    def say(work: UnitOfWork, which: Which) -> None:
        form = ReviewForm.parse(flask.request.form)
        new = NewReview(form.verdict, issue_frame.said("body"), head=form.head or None)
        reviews.submit(work, which, new, now=requests.now())

    return _done(owner, name, number, say, lambda pull: back(pull.frame, number, "#end"))


@pages.post(f"{ONE}/reviews/<uuid:review_id>/dismiss")
def dismiss(owner: str, name: str, number: int, review_id: UUID) -> ResponseReturnValue:
    """Let a verdict count no more."""

    def say(work: UnitOfWork, which: Which) -> None:
        reviews.dismiss(work, which, review_id, issue_frame.said("reason"), now=requests.now())

    return _done(owner, name, number, say, lambda pull: back(pull.frame, number))


@pages.post(f"{ONE}/drafts/discard")
def discard_all(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Say nothing of what was noted."""

    def discard(work: UnitOfWork, which: Which) -> None:
        for each in review_drafts.listed(work, which):
            review_drafts.discard(work, which, each.id)

    return _done(owner, name, number, discard, _files)


@pages.get(f"{ONE}/<any(drafts, said):kind>/<uuid:said_id>/edit")
def edit_form(owner: str, name: str, number: int, kind: str, said_id: UUID) -> ResponseReturnValue:
    """What was said or noted, to be changed."""
    signed_in()
    return _edit_page(pull_frame.read(owner, name, number), kind, said_id, {})


@pages.post(f"{ONE}/<any(drafts, said):kind>/<uuid:said_id>/edit")
def edit(owner: str, name: str, number: int, kind: str, said_id: UUID) -> ResponseReturnValue:
    """Say it otherwise."""
    signed_in()
    frame = opened(owner, name)
    which, text = pull_frame.which(frame, number), issue_frame.said("body")

    def save() -> ResponseReturnValue:
        with requests.begin() as work:
            if kind == "drafts":
                review_drafts.change(work, which, said_id, text)
            else:
                review_threads.edit(work, which, said_id, text, now=requests.now())
        return flask.redirect(f"{frame.links.home}/pulls/{number}/files#said-{said_id}", 303)

    def again(problems: dict[str, str]) -> str:
        return _edit_page(pull_frame.of(frame, number), kind, said_id, problems)

    return attempt(save, again, at="body")


@pages.post(f"{ONE}/<any(drafts, said):kind>/<uuid:said_id>/delete")
def delete(owner: str, name: str, number: int, kind: str, said_id: UUID) -> ResponseReturnValue:
    """Take it back."""

    def take_back(work: UnitOfWork, which: Which) -> None:
        if kind == "drafts":
            review_drafts.discard(work, which, said_id)
        else:
            review_threads.delete(work, which, said_id, now=requests.now())

    return _done(owner, name, number, take_back, _files)


@pages.post(f"{ONE}/said/<uuid:said_id>/react")
def react(owner: str, name: str, number: int, said_id: UUID) -> ResponseReturnValue:
    """React to it, or take that back."""

    def change(work: UnitOfWork, which: Which) -> None:
        form = ReactionForm.parse(flask.request.form)
        review_threads.react(work, which, said_id, form.reaction, given=form.given == "yes")

    def after(pull: Opened) -> ResponseReturnValue:
        return flask.redirect(f"{pull.here}/files#said-{said_id}", 303)

    return _done(owner, name, number, change, after)


def _place(form: PlaceForm) -> Place:
    return Place(form.anchor, form.path)


def _text(pull: Opened, place: Place) -> str | None:
    """The lines that are meant, so that others can be suggested; None where that is impossible."""
    anchor = place.anchor
    if anchor.side is Side.OLD or anchor.start_line is None or anchor.end_line is None:
        return None
    content = pull_threads.content_of(pull, anchor)
    if content is None:
        return None
    lines = content.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return "".join(f"{line}\n" for line in lines[anchor.start_line - 1 : anchor.end_line])


def _shown(pull: Opened, said_id: UUID) -> ResponseReturnValue:
    """What was said, in its place: as a piece where a script asked, else on its page."""
    said = pull_threads.read(pull)
    thread = next((each for each in said.threads if each.id == said_id), None)
    draft = next((each for each in said.drafts if each.id == said_id), None)
    if flask.request.form.get("part") != "thread":
        kind = "thread" if thread else "draft"
        return flask.redirect(f"{pull.here}/files#{kind}-{said_id}", 303)
    if thread is not None:
        view = said.thread(thread, is_outdated=False)
    elif draft is not None:
        view = said.note(draft)
    else:
        raise NotFoundError("There is no such thread.")
    return _piece("pulls/thread.html", pull, thread=view)


def _piece(template: str, pull: Opened, **context: object) -> str:
    return show(template, pull.frame, **pull_frame.context_of(pull), **context)


def _edit_page(pull: Opened, kind: str, said_id: UUID, problems: dict[str, str]) -> str:
    said = pull_threads.read(pull)
    texts = {each.id: each.body for each in said.drafts} if kind == "drafts" else {
        each.id: each.body for thread in said.threads for each in thread.comments
    }  # fmt: skip
    if said_id not in texts:
        raise NotFoundError("There is no such comment.")
    text = flask.request.form.get("body", texts[said_id])
    action = f"{pull.here}/{kind}/{said_id}/edit"
    return pull_frame.show_page("pulls/edit_said.html", pull, "files", text=text, action=action,
                                problems=problems)  # fmt: skip


def _files(pull: Opened) -> ResponseReturnValue:
    return flask.redirect(f"{pull.here}/files", 303)


def _done(
    owner: str,
    name: str,
    number: int,
    change: Callable[[UnitOfWork, Which], None],
    after: Callable[[Opened], ResponseReturnValue],
) -> ResponseReturnValue:
    """Do something and go on; where that is not possible, the conversation says why."""
    signed_in()
    frame = opened(owner, name)

    def do() -> ResponseReturnValue:
        with requests.begin() as work:
            change(work, pull_frame.which(frame, number))
        return after(pull_frame.of(frame, number))

    return attempt(do, lambda problems: pull_conversation.page(frame, number, _told(problems)))


def _told(problems: dict[str, str]) -> dict[str, str]:
    """All problems where the page shows them: it has no field of these names."""
    return {"": " ".join(problems.values())} if problems else {}
