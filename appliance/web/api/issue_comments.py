"""`/issues/{number}/comments`, `/timeline`, `/edits`: what was said and what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.domain.conversations import ConversationKind, Reaction
from appliance.services import comments, conversation_following, conversation_timeline
from appliance.services.comments import Previous, Said
from appliance.services.conversation_timeline import Entry
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.issues import ONE, IssuePath, Text

api = frame.area("issue comments", "What was said in an issue, and what happened.")

COMMENTS = f"{ONE}/comments"
COMMENT = f"{COMMENTS}/<uuid:id>"
REACTION = f"{COMMENT}/reactions/<reaction>"


class CommentPath(IssuePath):
    """Which comment of which issue."""

    id: UUID


class CommentReactionPath(CommentPath):
    """Which reaction to which comment."""

    reaction: Reaction


class CommentBody(frame.Body):
    """What is said."""

    body: Text


class CommentAnswer(frame.Answer):
    """A comment; of a deleted one, that there was one."""

    id: UUID
    author: str
    body: str
    is_deleted: bool
    deleted_by: str
    reactions: dict[str, int]
    created_at: datetime
    edited_at: datetime | None


class CommentPage(frame.Answer):
    """Some comments."""

    items: list[CommentAnswer]
    next: str | None


class ReferenceAnswer(frame.Answer):
    """A conversation that speaks of this one."""

    repository: str
    number: int
    kind: ConversationKind
    title: str


class TimelineAnswer(frame.Answer):
    """A comment, or something that happened."""

    id: UUID
    kind: str
    at: datetime
    actor: str
    comment: CommentAnswer | None
    user: str
    source: ReferenceAnswer | None
    commit: str
    details: dict[str, Any]


class TimelinePage(frame.Answer):
    """Some of what was said and happened."""

    items: list[TimelineAnswer]
    next: str | None


class PreviousText(frame.Answer):
    """What a text was until somebody changed it."""

    text: str
    editor: str
    edited_at: datetime


class PreviousTexts(frame.Answer):
    """What a text was, the latest first."""

    items: list[PreviousText]


@api.get(COMMENTS, summary="List comments", responses={"200": CommentPage})
def list_comments(path: IssuePath, query: frame.PageQuery) -> Any:
    """The oldest first."""
    with requests.reading() as work:
        page = comments.listed(
            work, path.which, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([present(each) for each in page.items], page.next)


@api.post(COMMENTS, summary="Comment on an issue", responses={"201": CommentAnswer})
def add(path: IssuePath, body: CommentBody) -> Any:
    """For who may read the repository, unless the issue is locked."""
    with requests.begin() as work:
        said = present(comments.add(work, path.which, body.body, now=requests.now()))
    where = f"{frame.PREFIX}/repos/{path.path}/issues/{path.number}/comments/{said.id}"
    return frame.answer(said, 201, where)


@api.get(COMMENT, summary="Show a comment", responses={"200": CommentAnswer})
def show(path: CommentPath) -> Any:
    """One that was not deleted."""
    with requests.reading() as work:
        return frame.answer(present(comments.show(work, path.which, path.id)))


@api.patch(COMMENT, summary="Change a comment", responses={"200": CommentAnswer})
def change(path: CommentPath, body: CommentBody) -> Any:
    """One's own, or anybody's for triagers; what it was before is kept."""
    with requests.begin() as work:
        frame.insist_on_match(present(comments.show(work, path.which, path.id)))
        said = comments.edit(work, path.which, path.id, body.body, now=requests.now())
        return frame.answer(present(said))


@api.delete(COMMENT, summary="Delete a comment", responses={"204": None})
def delete(path: CommentPath) -> Any:
    """Its text is gone; that there was a comment stays."""
    with requests.begin() as work:
        comments.delete(work, path.which, path.id, now=requests.now())
    return frame.nothing()


@api.put(REACTION, summary="React to a comment", responses={"204": None})
def react(path: CommentReactionPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        conversation_following.react(work, path.which, path.reaction, comment_id=path.id)
    return frame.nothing()


@api.delete(REACTION, summary="Remove a reaction from a comment", responses={"204": None})
def unreact(path: CommentReactionPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        conversation_following.react(
            work, path.which, path.reaction, comment_id=path.id, given=False
        )
    return frame.nothing()


@api.get(
    f"{ONE}/timeline", summary="Show the timeline of an issue", responses={"200": TimelinePage}
)
def timeline(path: IssuePath, query: frame.PageQuery) -> Any:
    """Comments among it, the oldest first, as far as the caller may know of it."""
    with requests.reading() as work:
        page = conversation_timeline.timeline(
            work, path.which, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([present_entry(each) for each in page.items], page.next)


@api.get(
    f"{ONE}/edits", summary="List edits of an issue's description", responses={"200": PreviousTexts}
)
def edits(path: IssuePath) -> Any:
    """The latest first."""
    with requests.reading() as work:
        return present_previous(comments.previous(work, path.which))


@api.get(f"{COMMENT}/edits", summary="List edits of a comment", responses={"200": PreviousTexts})
def comment_edits(path: CommentPath) -> Any:
    """The latest first."""
    with requests.reading() as work:
        return present_previous(comments.previous(work, path.which, path.id))


def present_previous(found: list[Previous]) -> Any:
    """What a text was, as the API shows it."""
    return frame.answer(PreviousTexts(items=[PreviousText.model_validate(each) for each in found]))


def present(said: Said) -> CommentAnswer:
    """A comment as the API shows it."""
    return CommentAnswer(
        id=said.comment.id,
        author=said.author,
        body=said.comment.body,
        is_deleted=said.comment.deleted_at is not None,
        deleted_by=said.deleted_by,
        reactions={str(kind): count for kind, count, _ in said.reactions},
        created_at=said.comment.created_at,
        edited_at=said.comment.edited_at,
    )


def present_entry(entry: Entry) -> TimelineAnswer:
    """An entry of a timeline as the API shows it."""
    source = entry.source
    return TimelineAnswer(
        id=entry.id,
        kind=str(entry.kind or "comment"),
        at=entry.at,
        actor=entry.actor,
        comment=present(entry.said) if entry.said else None,
        user=entry.user,
        source=source
        and ReferenceAnswer(
            repository=source.path, number=source.number, kind=source.kind, title=source.title
        ),
        commit=entry.commit,
        details=entry.details or {},
    )
