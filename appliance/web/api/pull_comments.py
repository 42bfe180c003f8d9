"""`/pulls/{number}/comments`, `/timeline`, `/edits`: what pull requests share with issues."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from appliance.domain.conversations import Reaction
from appliance.services import comments, conversation_following, conversation_timeline
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.issue_comments import (
    CommentAnswer,
    CommentBody,
    CommentPage,
    PreviousTexts,
    TimelinePage,
    present,
    present_entry,
    present_previous,
)
from appliance.web.api.pulls import ONE, PullPath

api = frame.area("pull request comments", "What was said of a pull request, and what happened.")

COMMENTS = f"{ONE}/comments"
COMMENT = f"{COMMENTS}/<uuid:id>"
REACTION = f"{COMMENT}/reactions/<reaction>"


class PullReactionPath(PullPath):
    """Which reaction to which pull request."""

    reaction: Reaction


class PullCommentPath(PullPath):
    """Which comment of which pull request."""

    id: UUID


class PullCommentReactionPath(PullCommentPath):
    """Which reaction to which comment."""

    reaction: Reaction


@api.get(COMMENTS, summary="List comments on a pull request", responses={"200": CommentPage})
def list_comments(path: PullPath, query: frame.PageQuery) -> Any:
    """The oldest first; those on lines are in its threads."""
    with requests.reading() as work:
        page = comments.listed(
            work, path.which, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([present(each) for each in page.items], page.next)


@api.post(COMMENTS, summary="Comment on a pull request", responses={"201": CommentAnswer})
def add(path: PullPath, body: CommentBody) -> Any:
    """For who may read the repository, unless the conversation is locked."""
    with requests.begin() as work:
        said = present(comments.add(work, path.which, body.body, now=requests.now()))
    where = f"{frame.PREFIX}/repos/{path.path}/pulls/{path.number}/comments/{said.id}"
    return frame.answer(said, 201, where)


@api.get(COMMENT, summary="Show a comment on a pull request", responses={"200": CommentAnswer})
def show(path: PullCommentPath) -> Any:
    """One that was not deleted."""
    with requests.reading() as work:
        return frame.answer(present(comments.show(work, path.which, path.id)))


@api.patch(COMMENT, summary="Change a comment on a pull request", responses={"200": CommentAnswer})
def change(path: PullCommentPath, body: CommentBody) -> Any:
    """One's own, or anybody's for triagers; what it was before is kept."""
    with requests.begin() as work:
        frame.insist_on_match(present(comments.show(work, path.which, path.id)))
        said = comments.edit(work, path.which, path.id, body.body, now=requests.now())
        return frame.answer(present(said))


@api.delete(COMMENT, summary="Delete a comment on a pull request", responses={"204": None})
def delete(path: PullCommentPath) -> Any:
    """Its text is gone; that there was a comment stays."""
    with requests.begin() as work:
        comments.delete(work, path.which, path.id, now=requests.now())
    return frame.nothing()


@api.put(REACTION, summary="React to a pull request's comment", responses={"204": None})
def react_to_comment(path: PullCommentReactionPath) -> Any:
    """Safe to repeat."""
    return _react(path, path.reaction, comment_id=path.id)


@api.delete(REACTION, summary="Remove a reaction from a comment", responses={"204": None})
def unreact_to_comment(path: PullCommentReactionPath) -> Any:
    """Safe to repeat."""
    return _react(path, path.reaction, comment_id=path.id, given=False)


@api.put(f"{ONE}/reactions/<reaction>", summary="React to a pull request", responses={"204": None})
def react(path: PullReactionPath) -> Any:
    """Safe to repeat."""
    return _react(path, path.reaction)


@api.delete(
    f"{ONE}/reactions/<reaction>",
    summary="Remove a reaction from a pull request",
    responses={"204": None},
)
def unreact(path: PullReactionPath) -> Any:
    """Safe to repeat."""
    return _react(path, path.reaction, given=False)


@api.put(f"{ONE}/subscription", summary="Subscribe to a pull request", responses={"204": None})
def follow(path: PullPath) -> Any:
    """Be told what happens in it. Safe to repeat."""
    return _set_following(path, follows=True)


@api.delete(
    f"{ONE}/subscription", summary="Unsubscribe from a pull request", responses={"204": None}
)
def leave(path: PullPath) -> Any:
    """Until one takes part in it again. Safe to repeat."""
    return _set_following(path, follows=False)


@api.get(
    f"{ONE}/timeline",
    summary="Show the timeline of a pull request",
    responses={"200": TimelinePage},
)
def timeline(path: PullPath, query: frame.PageQuery) -> Any:
    """Comments among it, the oldest first, as far as the caller may know of it."""
    with requests.reading() as work:
        page = conversation_timeline.timeline(
            work, path.which, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([present_entry(each) for each in page.items], page.next)


@api.get(
    f"{ONE}/edits",
    summary="List edits of a pull request's description",
    responses={"200": PreviousTexts},
)
def edits(path: PullPath) -> Any:
    """The latest first."""
    with requests.reading() as work:
        return present_previous(comments.previous(work, path.which))


@api.get(
    f"{COMMENT}/edits",
    summary="List edits of a comment on a pull request",
    responses={"200": PreviousTexts},
)
def comment_edits(path: PullCommentPath) -> Any:
    """The latest first."""
    with requests.reading() as work:
        return present_previous(comments.previous(work, path.which, path.id))


def _react(
    path: PullPath, reaction: Reaction, *, comment_id: UUID | None = None, given: bool = True
) -> Any:
    with requests.begin() as work:
        conversation_following.react(work, path.which, reaction, comment_id=comment_id, given=given)
    return frame.nothing()


def _set_following(path: PullPath, *, follows: bool) -> Any:
    with requests.begin() as work:
        conversation_following.set_following(work, path.which, follows=follows, now=requests.now())
    return frame.nothing()
