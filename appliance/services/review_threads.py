"""What is said of lines of a pull request: begin a thread, answer, settle it, say it otherwise.

A deleted comment leaves a mark in its place, with neither its text nor what that was before.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_pulls
from appliance.access.fetch_conversations import FOR_AUTHORS
from appliance.access.fetch_pulls import SeenPull
from appliance.access.gate import open_to_everyone
from appliance.db import said_words_index
from appliance.db.conversations import ReactionRow, TextEdit
from appliance.db.pulls import PatchSet
from appliance.db.reviews import ReviewComment, ReviewThread
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import Following, Reaction, Which, check_text
from appliance.domain.ids import new_id
from appliance.domain.pull_requests import Anchor, check_anchor
from appliance.errors import ConflictError, InvalidError, NotFoundError, RefusedError, sentence
from appliance.services import conversation_following, conversation_steps, review_facts
from appliance.services.conversations import keep_previous
from appliance.services.review_facts import CommentFacts, ThreadFacts

MOST_IN_A_THREAD = 200


def listed(work: UnitOfWork, which: Which) -> list[ThreadFacts]:
    """All threads with what was said in them, the oldest first.

    Errors:
        HiddenError, MovedError, NotFoundError: there is no such pull request, or none for them.
    """
    seen = fetch_pulls.to_read(work, which)
    query = sa.select(ReviewThread).where(ReviewThread.pull_id == seen.pull.id)
    rows = list(work.session.scalars(query.order_by(ReviewThread.id)))
    return review_facts.of_threads(work, rows)


def comment(
    work: UnitOfWork,
    which: Which,
    anchor: Anchor | None,
    text: str,
    *,
    thread_id: UUID | None = None,
    now: datetime,
) -> ThreadFacts:
    """Say something of lines, or answer in a thread; everybody reads it at once.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        RefusedError: it is locked. InvalidError: the lines or the text are not possible.
        ConflictError: the thread is too long, or the repository is archived.
    """
    seen = fetch_pulls.to_take_part(work, which)
    body = check_text(text, is_needed=True)
    at = place(work, seen, anchor, thread_id)
    thread, made = say(work, seen, thread_id, at, body, review_id=None, now=now)
    work.record(
        events.ReviewCommentAdded(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            thread_id=str(thread.id),
            comment_id=str(made.id),
        )
    )
    return review_facts.of_threads(work, [thread])[0]


def edit(
    work: UnitOfWork, which: Which, comment_id: UUID, text: str, *, now: datetime
) -> CommentFacts:
    """Say something otherwise; what it was before is kept.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: there is no text, or too much. ConflictError: the repository is archived.
    """
    seen = fetch_pulls.to_take_part(work, which)
    found = _own_comment(work, seen, comment_id)
    body, before = check_text(text, is_needed=True), found.body
    if body != before:
        keep_previous(work, seen.conversation, found.id, before, now=now)
        found.body, found.edited_at = body, now
        conversation_steps.note_text(work, seen, found.id, body, now=now, before=before)
        _record_change(work, seen, found)
    return review_facts.of_comment(work, found)


def delete(work: UnitOfWork, which: Which, comment_id: UUID, *, now: datetime) -> None:
    """Take a comment back: its text is gone, a mark stays.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        ConflictError: the repository is archived.
    """
    seen = fetch_pulls.to_take_part(work, which)
    found = _own_comment(work, seen, comment_id)
    found.body, found.deleted_at = "", now
    for rows in (TextEdit, ReactionRow):
        work.session.execute(sa.delete(rows).where(rows.text_id == found.id))
    said_words_index.forget(work.session, found.id)
    work.record(
        events.ReviewCommentDeleted(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            comment_id=str(found.id),
        )
    )


def react(
    work: UnitOfWork, which: Which, comment_id: UUID, reaction: Reaction, *, given: bool = True
) -> None:
    """React to what was said of lines, or take that back. Safe to repeat.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        RefusedError: it is locked. ConflictError: the repository is archived.
    """
    seen = fetch_pulls.to_take_part(work, which)
    text_id = _comment(work, seen, comment_id).id
    conversation_following.set_reaction(work, seen, text_id, reaction, given=given)


def resolve(
    work: UnitOfWork, which: Which, thread_id: UUID, *, resolved: bool = True, now: datetime
) -> None:
    """Say that nothing is left to say of a thread's lines, or that there is. Safe to repeat.

    For the author of the pull request, who began the thread, and triagers.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not for the actor.
        ConflictError: the repository is archived.
    """
    seen = fetch_pulls.to_take_part(work, which)
    thread = _thread(work, seen, thread_id)
    if not (seen.standing.is_author or seen.standing.may_triage or _began(work, thread)):
        raise RefusedError(FOR_AUTHORS)
    _settle(work, seen, thread, resolved=resolved, now=now)


def _settle(
    work: UnitOfWork, seen: SeenPull, thread: ReviewThread, *, resolved: bool, now: datetime
) -> None:
    if (thread.resolved_at is not None) is resolved:
        return
    thread.resolved_at = now if resolved else None
    thread.resolved_by_id = work.actor.id if resolved else None
    kind = events.ReviewThreadResolved if resolved else events.ReviewThreadReopened
    work.record(
        kind(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            thread_id=str(thread.id),
        )
    )


def note_applied(
    work: UnitOfWork, which: Which, comment_ids: list[UUID], commit: str, *, now: datetime
) -> None:
    """Write down that what comments suggest was applied by a commit: nothing is left to say then.

    Whoever may write to the source branch, and has applied it, resolves their threads.

    Errors:
        HiddenError, NotFoundError, RefusedError, ConflictError: as for `comment`.
    """
    seen = fetch_pulls.to_take_part(work, which)
    for comment_id in comment_ids:
        found = _comment(work, seen, comment_id)
        found.applied_as = commit
        _record_change(work, seen, found)
        _settle(work, seen, _thread(work, seen, found.thread_id), resolved=True, now=now)


@open_to_everyone(because="whoever speaks of a pull request was asked whether they may")
def place(
    work: UnitOfWork, seen: SeenPull, anchor: Anchor | None, thread_id: UUID | None
) -> Anchor:
    """The lines that are meant: of a thread that is answered, or those named.

    Errors:
        NotFoundError: there is no such thread. InvalidError: no lines are named, or none such.
    """
    if thread_id is not None:
        return review_facts.anchor_of(_thread(work, seen, thread_id))
    if anchor is None:
        raise InvalidError.of("path", sentence("Enter a path, and lines from first to last."))
    known = sa.select(PatchSet.id).where(
        PatchSet.pull_id == seen.pull.id, PatchSet.number == anchor.patch_set
    )
    if work.session.scalar(known) is None:
        raise InvalidError.of("patch_set", sentence("There is no such patch set."))
    return check_anchor(anchor)


@open_to_everyone(because="whoever speaks of a pull request was asked whether they may")
def say(
    work: UnitOfWork,
    seen: SeenPull,
    thread_id: UUID | None,
    at: Anchor,
    body: str,
    *,
    review_id: UUID | None,
    now: datetime,
) -> tuple[ReviewThread, ReviewComment]:
    """Write down what is said in a thread, or begins one.

    Errors:
        ConflictError: the thread is too long.
    """
    thread = _thread(work, seen, thread_id) if thread_id else _begun(work, seen, at)
    _insist_on_room(work, thread)
    made = ReviewComment(
        id=new_id(),
        thread_id=thread.id,
        review_id=review_id,
        author_id=work.actor.id,
        body=body,
        created_at=now,
    )
    work.session.add(made)
    work.session.flush()  # Its words refer to it.
    seen.conversation.updated_at = now
    if work.actor.id is not None:
        conversation_steps.follow(work, seen.conversation, [work.actor.id], Following.COMMENT)
    conversation_steps.note_text(work, seen, made.id, body, now=now)
    return thread, made


def _begun(work: UnitOfWork, seen: SeenPull, at: Anchor) -> ReviewThread:
    thread = ReviewThread(
        id=new_id(),
        pull_id=seen.pull.id,
        patch_set=at.patch_set,
        path=at.path,
        side=at.side,
        start_line=at.start_line,
        end_line=at.end_line,
    )
    work.session.add(thread)
    work.session.flush()  # What is said in it refers to it.
    return thread


def _insist_on_room(work: UnitOfWork, thread: ReviewThread) -> None:
    count = sa.select(sa.func.count()).where(ReviewComment.thread_id == thread.id)
    if (work.session.scalar(count) or 0) >= MOST_IN_A_THREAD:
        raise ConflictError(
            sentence(
                "A thread takes at most %(most)s comments. Start another one.",
                most=MOST_IN_A_THREAD,
            )
        )


def _began(work: UnitOfWork, thread: ReviewThread) -> bool:
    query = sa.select(ReviewComment.author_id).where(ReviewComment.thread_id == thread.id)
    first = work.session.scalar(query.order_by(ReviewComment.id).limit(1))
    return first is not None and first == work.actor.id


def _thread(work: UnitOfWork, seen: SeenPull, thread_id: UUID) -> ReviewThread:
    found = work.session.get(ReviewThread, thread_id)
    if found is None or found.pull_id != seen.pull.id:
        raise NotFoundError(sentence("There is no such thread."))
    return found


def _comment(work: UnitOfWork, seen: SeenPull, comment_id: UUID) -> ReviewComment:
    found = work.session.get(ReviewComment, comment_id)
    if found is None or found.deleted_at is not None:
        raise NotFoundError(sentence("There is no such comment."))
    _thread(work, seen, found.thread_id)
    return found


def _own_comment(work: UnitOfWork, seen: SeenPull, comment_id: UUID) -> ReviewComment:
    found = _comment(work, seen, comment_id)
    if found.author_id != work.actor.id and not seen.standing.may_triage:
        raise RefusedError(FOR_AUTHORS)
    return found


def _record_change(work: UnitOfWork, seen: SeenPull, found: ReviewComment) -> None:
    work.record(
        events.ReviewCommentChanged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            comment_id=str(found.id),
            applied_as=found.applied_as,
        )
    )
