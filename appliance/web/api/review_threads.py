"""`/pulls/{number}/threads`, `/review-comments`, `/drafts`: what is said of lines."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.conversations import Reaction
from appliance.domain.pull_requests import Side
from appliance.services import review_drafts, review_threads
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text
from appliance.web.api.issues import Text
from appliance.web.api.pulls import ONE, PullPath
from appliance.web.api.reviews import RemarkBody, ReviewPath, latest

if TYPE_CHECKING:
    from appliance.domain.pull_requests import Anchor
    from appliance.services.review_facts import CommentFacts, DraftFacts, ThreadFacts

api = frame.area("review comments", "What is said of lines of a pull request.")

THREADS, DRAFTS = f"{ONE}/threads", f"{ONE}/drafts"
REMARK = f"{ONE}/review-comments/<uuid:id>"
REACTION = f"{REMARK}/reactions/<reaction>"


class RemarkText(frame.Body):
    """What is said instead."""

    body: Text


class RemarkReactionPath(ReviewPath):
    """Which reaction to which comment on lines."""

    reaction: Reaction


class ResolvedBody(frame.Body):
    """Whether nothing is left to say of the lines."""

    resolved: bool


class LinesAnswer(frame.Answer):
    """Lines of a file, as it was in a patch set."""

    patch_set: int
    path: str
    path_base64: str | None
    side: Side
    start_line: int | None
    line: int | None


class RemarkAnswer(frame.Answer):
    """What somebody said of lines; of a deleted one, that there was one."""

    id: UUID
    review: UUID | None
    author: str
    body: str
    is_deleted: bool
    applied_as: str = Field(description="The commit that applied what it suggests")
    created_at: datetime
    edited_at: datetime | None
    reactions: dict[str, int]


class ThreadAnswer(frame.Answer):
    """Lines that somebody spoke of, and what was said."""

    id: UUID
    anchor: LinesAnswer
    is_resolved: bool
    resolved_by: str
    comments: list[RemarkAnswer]


class ThreadsAnswer(frame.Answer):
    """All threads, the oldest first."""

    items: list[ThreadAnswer]


class DraftAnswer(frame.Answer):
    """What the caller will say with their review."""

    id: UUID
    thread: UUID | None
    anchor: LinesAnswer
    body: str
    created_at: datetime


class DraftsAnswer(frame.Answer):
    """All of that, the oldest first."""

    items: list[DraftAnswer]


@api.get(THREADS, summary="List review comments", responses={"200": ThreadsAnswer})
def threads(path: PullPath) -> Any:
    """The oldest first, each with its comments."""
    with requests.reading() as work:
        found = [_thread(each) for each in review_threads.listed(work, path.which)]
    return frame.answer(ThreadsAnswer(items=found))


@api.post(THREADS, summary="Comment on lines", responses={"201": ThreadAnswer})
def comment(path: PullPath, body: RemarkBody) -> Any:
    """Or answer in a thread. Everybody reads it at once; drafts wait for the review."""
    last = latest(path)
    with requests.begin() as work:
        made = review_threads.comment(
            work,
            path.which,
            body.anchor(last),
            body.body,
            thread_id=body.thread,
            now=requests.now(),
        )
        shown = _thread(made)
    return frame.answer(shown, 201)


@api.patch(f"{THREADS}/<uuid:id>", summary="Resolve a thread", responses={"204": None})
def resolve(path: ReviewPath, body: ResolvedBody) -> Any:
    """Or open it again. For its author, the pull request's, and triagers. Safe to repeat."""
    with requests.begin() as work:
        review_threads.resolve(
            work, path.which, path.id, resolved=body.resolved, now=requests.now()
        )
    return frame.nothing()


@api.patch(REMARK, summary="Change a comment on lines", responses={"200": RemarkAnswer})
def change_comment(path: ReviewPath, body: RemarkText) -> Any:
    """One's own, or anybody's for triagers; what it was before is kept."""
    with requests.begin() as work:
        found = review_threads.edit(work, path.which, path.id, body.body, now=requests.now())
        return frame.answer(_remark(found))


@api.delete(REMARK, summary="Delete a comment on lines", responses={"204": None})
def delete_comment(path: ReviewPath) -> Any:
    """Its text is gone; that there was a comment stays."""
    with requests.begin() as work:
        review_threads.delete(work, path.which, path.id, now=requests.now())
    return frame.nothing()


@api.put(REACTION, summary="React to a comment on lines", responses={"204": None})
def react(path: RemarkReactionPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        review_threads.react(work, path.which, path.id, path.reaction)
    return frame.nothing()


@api.delete(REACTION, summary="Remove a reaction from a comment on lines", responses={"204": None})
def unreact(path: RemarkReactionPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        review_threads.react(work, path.which, path.id, path.reaction, given=False)
    return frame.nothing()


@api.get(DRAFTS, summary="List your pending comments", responses={"200": DraftsAnswer})
def drafts(path: PullPath) -> Any:
    """Nobody else sees it until one's review is submitted."""
    with requests.reading() as work:
        found = [_draft(each) for each in review_drafts.listed(work, path.which)]
    return frame.answer(DraftsAnswer(items=found))


@api.post(DRAFTS, summary="Add a comment to your pending review", responses={"201": DraftAnswer})
def note(path: PullPath, body: RemarkBody) -> Any:
    """Of lines, or as an answer in a thread."""
    last = latest(path)
    with requests.begin() as work:
        made = review_drafts.add(
            work,
            path.which,
            body.anchor(last),
            body.body,
            thread_id=body.thread,
            now=requests.now(),
        )
        shown = _draft(made)
    return frame.answer(shown, 201)


@api.patch(
    f"{DRAFTS}/<uuid:id>", summary="Change a pending comment", responses={"200": DraftAnswer}
)
def change_draft(path: ReviewPath, body: RemarkText) -> Any:
    """One's own only."""
    with requests.begin() as work:
        found = review_drafts.change(work, path.which, path.id, body.body)
        return frame.answer(_draft(found))


@api.delete(f"{DRAFTS}/<uuid:id>", summary="Discard your pending review", responses={"204": None})
def discard(path: ReviewPath) -> Any:
    """One's own only."""
    with requests.begin() as work:
        review_drafts.discard(work, path.which, path.id)
    return frame.nothing()


def _anchor(found: Anchor) -> LinesAnswer:
    return LinesAnswer(
        patch_set=found.patch_set,
        path=text(found.path),
        path_base64=exact(found.path),
        side=found.side,
        start_line=found.start_line,
        line=found.end_line,
    )


def _remark(found: CommentFacts) -> RemarkAnswer:
    return RemarkAnswer(
        id=found.id,
        review=found.review_id,
        author=found.author,
        body=found.body,
        is_deleted=found.is_deleted,
        applied_as=found.applied_as,
        created_at=found.at,
        edited_at=found.edited_at,
        reactions={str(kind): count for kind, count, _ in found.reactions},
    )


def _thread(found: ThreadFacts) -> ThreadAnswer:
    return ThreadAnswer(
        id=found.id,
        anchor=_anchor(found.anchor),
        is_resolved=found.is_resolved,
        resolved_by=found.resolved_by,
        comments=[_remark(each) for each in found.comments],
    )


def _draft(found: DraftFacts) -> DraftAnswer:
    return DraftAnswer(
        id=found.id,
        thread=found.thread_id,
        anchor=_anchor(found.anchor),
        body=found.body,
        created_at=found.at,
    )
