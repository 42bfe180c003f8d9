"""Comments on conversations: say something, say it otherwise, take it back; and what it was before.

A deleted comment leaves a mark in its place, with neither its text nor what that was before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations
from appliance.access.gate import open_to_everyone
from appliance.db import paging, said_words_index
from appliance.db.conversation_rows import ReactionCount, reactions_to, user_names
from appliance.db.conversations import Comment, ReactionRow, TextEdit
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import Following, Which, check_text
from appliance.domain.ids import new_id
from appliance.services import conversation_steps
from appliance.services.conversations import keep_previous

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Said:
    """A comment with who wrote it and how others reacted."""

    comment: Comment
    author: str
    deleted_by: str
    reactions: list[ReactionCount]
    is_own: bool


@dataclass(frozen=True)
class Previous:
    """What a text was until somebody changed it."""

    text: str
    editor: str
    edited_at: datetime


def add(work: UnitOfWork, which: Which, text: str, *, now: datetime) -> Said:
    """Say something in a conversation.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        RefusedError: it is locked. ConflictError: the repository is archived.
        InvalidError: there is no text, or too much.
    """
    seen = fetch_conversations.to_take_part(work, which)
    body = check_text(text, is_needed=True)
    found = seen.conversation
    made = Comment(
        id=new_id(),
        conversation_id=found.id,
        author_id=work.actor.id,
        body=body,
        created_at=now,
    )
    work.session.add(made)
    found.comment_count += 1
    found.updated_at = now
    if work.actor.id is not None:
        conversation_steps.follow(work, found, [work.actor.id], Following.COMMENT)
    work.session.flush()  # What belongs to it refers to its id.
    conversation_steps.note_text(work, seen, made.id, body, now=now)
    work.record(
        events.IssueCommented(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            thing=conversation_steps.thing(found),
            comment_id=str(made.id),
        )
    )
    return presented(work, [made])[0]


def listed(
    work: UnitOfWork,
    which: Which,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Said]:
    """The comments of a conversation, the oldest first; deleted ones as marks.

    Errors:
        HiddenError, NotFoundError: there is no such conversation.
        InvalidError: the place in the list is none.
    """
    seen = fetch_conversations.to_read(work, which)
    query = sa.select(Comment).where(Comment.conversation_id == seen.conversation.id)
    found = paging.page(work.session, query, Comment.id, make=paging.only, after=after, limit=limit)
    return paging.Page(presented(work, found.items), found.next)


def show(work: UnitOfWork, which: Which, comment_id: UUID) -> Said:
    """One comment.

    Errors:
        HiddenError, NotFoundError: there is none, or it was deleted.
    """
    _, found = fetch_conversations.comment(work, which, comment_id)
    return presented(work, [found])[0]


def edit(work: UnitOfWork, which: Which, comment_id: UUID, text: str, *, now: datetime) -> Said:
    """Say something otherwise; what it was before is kept.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: there is no text, or too much. ConflictError: the repository is archived.
    """
    seen, found = fetch_conversations.comment_to_edit(work, which, comment_id)
    body = check_text(text, is_needed=True)
    before = found.body
    if body == before:
        return presented(work, [found])[0]
    keep_previous(work, seen.conversation, found.id, before, now=now)
    found.body, found.edited_at = body, now
    seen.conversation.updated_at = now
    conversation_steps.note_text(work, seen, found.id, body, now=now, before=before)
    work.record(
        events.IssueCommentChanged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            thing=conversation_steps.thing(seen.conversation),
            comment_id=str(found.id),
        )
    )
    return presented(work, [found])[0]


def delete(work: UnitOfWork, which: Which, comment_id: UUID, *, now: datetime) -> None:
    """Take a comment back: its text is gone, a mark stays.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        ConflictError: the repository is archived.
    """
    seen, found = fetch_conversations.comment_to_edit(work, which, comment_id)
    found.body, found.deleted_at, found.deleted_by_id = "", now, work.actor.id
    seen.conversation.comment_count -= 1
    seen.conversation.updated_at = now
    work.session.execute(sa.delete(TextEdit).where(TextEdit.text_id == found.id))
    work.session.execute(sa.delete(ReactionRow).where(ReactionRow.text_id == found.id))
    said_words_index.forget(work.session, found.id)
    work.record(
        events.IssueCommentDeleted(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            thing=conversation_steps.thing(seen.conversation),
            comment_id=str(found.id),
        )
    )


def previous(work: UnitOfWork, which: Which, comment_id: UUID | None = None) -> list[Previous]:
    """What a comment, or the text of the conversation itself, was before; the latest first.

    Errors:
        HiddenError, NotFoundError: there is none, or it was deleted.
    """
    seen = fetch_conversations.to_read(work, which)
    text_id = seen.conversation.id
    if comment_id is not None:
        text_id = fetch_conversations.comment(work, which, comment_id)[1].id
    query = sa.select(TextEdit).where(TextEdit.text_id == text_id).order_by(TextEdit.id.desc())
    rows = list(work.session.scalars(query.limit(paging.LARGEST_LIMIT)))
    names = user_names(work.session, [each.editor_id for each in rows])
    return [Previous(each.previous, names.get(each.editor_id, ""), each.edited_at) for each in rows]


@open_to_everyone(because="whoever has comments before them was asked whether they may read them")
def presented(work: UnitOfWork, rows: Sequence[Comment]) -> list[Said]:
    """Comments with the names and reactions that belong to them."""
    ids = {each.author_id for each in rows} | {each.deleted_by_id for each in rows}
    names = user_names(work.session, ids)
    reactions = reactions_to(work.session, [each.id for each in rows])
    return [
        Said(
            each,
            names.get(each.author_id, ""),
            names.get(each.deleted_by_id, ""),
            reactions.get(each.id, []),
            each.author_id is not None and each.author_id == work.actor.id,
        )
        for each in rows
    ]
