"""Issues as things one opens, edits, closes and opens again; how one stands to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations
from appliance.access.fetch_conversations import Seen
from appliance.access.gate import open_to_everyone
from appliance.db.conversation_rows import (
    ReactionCount,
    assignees_of,
    labels_of,
    milestones_of,
    next_number,
    reactions_to,
    user_names,
)
from appliance.db.conversations import Conversation, Subscription, TextEdit
from appliance.db.labels import Label, Milestone
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import (
    ClosedAs,
    ConversationKind,
    ConversationState,
    Following,
    Happening,
    Standing,
    Which,
    check_text,
    check_title,
)
from appliance.domain.ids import new_id
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services import conversation_sorting, conversation_steps
from appliance.services.conversation_sorting import UNSORTED, Sorted


@dataclass(frozen=True)
class NewIssue:
    """An issue to open. `asked` is what its author asks for, `given` what a template gives."""

    title: str
    body: str = ""
    asked: Sorted = UNSORTED
    given: Sorted = UNSORTED


@dataclass(frozen=True)
class Edit:
    """What is to be different about a conversation; None leaves a thing as it is."""

    title: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class Described:
    """A conversation with what belongs to it."""

    conversation: Conversation
    path: str
    author: str
    labels: list[Label]
    assignees: list[str]
    milestone: Milestone | None
    reactions: list[ReactionCount]
    duplicate_of: int | None
    follows: bool
    standing: Standing


def open_issue(work: UnitOfWork, path: str, new: NewIssue, *, now: datetime) -> Conversation:
    """Open an issue.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: the actor may not; or not sort it.
        NotFoundError: the repository has no issues. ConflictError: it is archived.
        InvalidError: its title or text is not possible, or there is no such label.
    """
    repository = fetch_conversations.to_open(work, path)
    title, body = check_title(new.title), check_text(new.body)
    made = Conversation(
        id=new_id(),
        repository_id=repository.id,
        number=next_number(work.session, repository.id),
        kind=ConversationKind.ISSUE,
        title=title,
        body=body,
        author_id=work.actor.id,
        created_at=now,
        updated_at=now,
    )
    work.session.add(made)
    work.session.flush()  # What belongs to it refers to its id.
    work.record(
        events.IssueOpened(
            about=repository.id,
            organisation_id=repository.organisation_id,
            number=made.number,
            title=title,
        )
    )
    which = Which(path, made.number)
    seen = fetch_conversations.to_read(work, which)
    if work.actor.id is not None:
        conversation_steps.follow(work, made, [work.actor.id], Following.AUTHOR)
    conversation_steps.note_text(work, seen, made.id, title, body, now=now)
    if new.asked != UNSORTED:
        conversation_sorting.sort(work, which, new.asked, now=now)
    conversation_sorting.sort_as_given(work, seen, new.given, now=now)
    return made


def show(work: UnitOfWork, which: Which) -> Described:
    """A conversation with what belongs to it.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
    """
    seen = fetch_conversations.to_read(work, which)
    return described(work, seen)


@open_to_everyone(because="whoever has a conversation before them was asked whether they may")
def described(work: UnitOfWork, seen: Seen) -> Described:
    """What belongs to a conversation."""
    session, found = work.session, seen.conversation
    session.flush()
    other = session.get(Conversation, found.duplicate_of_id) if found.duplicate_of_id else None
    follows = sa.select(Subscription.id).where(
        Subscription.conversation_id == found.id,
        Subscription.user_id == work.actor.id,
        Subscription.left_at.is_(None),
    )
    milestones = milestones_of(session, [found])
    return Described(
        conversation=found,
        path=seen.repository.path,
        author=user_names(session, [found.author_id]).get(found.author_id, ""),
        labels=labels_of(session, [found.id]).get(found.id, []),
        assignees=assignees_of(session, [found.id]).get(found.id, []),
        milestone=milestones.get(found.milestone_id) if found.milestone_id else None,
        reactions=reactions_to(session, [found.id]).get(found.id, []),
        duplicate_of=other.number if other else None,
        follows=work.actor.id is not None and session.scalar(follows) is not None,
        standing=seen.standing,
    )


def edit(work: UnitOfWork, which: Which, wanted: Edit, *, now: datetime) -> Conversation:
    """Give a conversation another title or text; what it said before is kept.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: nothing can be called so, or the text is too long.
        ConflictError: the repository is archived.
    """
    seen = fetch_conversations.to_edit(work, which)
    found, changed, before = seen.conversation, [], seen.conversation.body
    if wanted.title is not None and (title := check_title(wanted.title)) != found.title:
        conversation_steps.happened(
            work, found, Happening.RENAMED, now=now, before=found.title, after=title
        )
        found.title = title
        changed.append("title")
    if wanted.body is not None and (body := check_text(wanted.body)) != found.body:
        keep_previous(work, found, found.id, found.body, now=now)
        found.body, found.body_edited_at = body, now
        changed.append("body")
    if not changed:
        return found
    found.updated_at = now
    work.record(
        events.IssueChanged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            thing=conversation_steps.thing(found),
            changed=changed,
            title=found.title if "title" in changed else None,
        )
    )
    texts = (found.title, found.body)
    conversation_steps.note_text(work, seen, found.id, *texts, now=now, before=before)
    return found


def close(
    work: UnitOfWork,
    which: Which,
    reason: ClosedAs = ClosedAs.COMPLETED,
    *,
    duplicate_of: int | None = None,
    now: datetime,
) -> Conversation:
    """Close an issue: done, not planned, or a duplicate of another one here.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: it is a duplicate of nothing, or of itself.
        ConflictError: it is closed already, or the repository is archived.
    """
    seen = fetch_conversations.to_edit(work, which)
    found = seen.conversation
    if not found.is_open:
        raise ConflictError(sentence("#%(number)s is already closed.", number=found.number))
    other = _original(work, seen, reason, duplicate_of)
    settle(work, seen, reason, now=now)
    found.duplicate_of_id = other.id if other else None
    conversation_steps.happened(
        work,
        found,
        Happening.CLOSED,
        now=now,
        reason=str(reason),
        duplicate_of=other.number if other else None,
    )
    work.record(
        events.IssueClosed(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            reason=reason,
            duplicate_of=other.number if other else None,
        )
    )
    return found


@open_to_everyone(because="whoever closes a conversation was asked whether they may")
def settle(work: UnitOfWork, seen: Seen, reason: ClosedAs, *, now: datetime) -> None:
    """Let a conversation be closed from now on."""
    found = seen.conversation
    found.state, found.closed_as, found.closed_at = ConversationState.CLOSED, reason, now
    found.updated_at = now
    if work.actor.id is not None:
        conversation_steps.follow(work, found, [work.actor.id], Following.COMMENT)


def reopen(work: UnitOfWork, which: Which, *, now: datetime) -> Conversation:
    """Open a closed issue again.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        ConflictError: it is open, or the repository is archived.
    """
    seen = fetch_conversations.to_edit(work, which)
    found = seen.conversation
    if found.is_open:
        raise ConflictError(sentence("#%(number)s is already open.", number=found.number))
    found.state, found.closed_as, found.closed_at = ConversationState.OPEN, None, None
    found.duplicate_of_id = None
    conversation_steps.happened(work, found, Happening.REOPENED, now=now)
    work.record(
        events.IssueReopened(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
        )
    )
    return found


@open_to_everyone(because="whoever changes a text was asked whether they may")
def keep_previous(
    work: UnitOfWork, conversation: Conversation, text_id: UUID, previous: str, *, now: datetime
) -> None:
    """Keep what a text was until now."""
    work.session.add(
        TextEdit(
            conversation_id=conversation.id,
            text_id=text_id,
            previous=previous,
            editor_id=work.actor.id,
            edited_at=now,
        )
    )


def _original(
    work: UnitOfWork, seen: Seen, reason: ClosedAs, number: int | None
) -> Conversation | None:
    if reason is not ClosedAs.DUPLICATE:
        return None
    query = sa.select(Conversation).where(
        Conversation.repository_id == seen.repository.id, Conversation.number == number
    )
    found = work.session.scalar(query)
    if found is None or found.id == seen.conversation.id:
        raise InvalidError.of(
            "duplicate_of", sentence("Enter the number of another issue of this repository.")
        )
    return found
