"""Moving an issue to another repository, where it gets the next number.

What was said goes along, with its authors and times. The old one stays where it was, closed and
locked, and says where it is now: to who may read that.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations
from appliance.access.fetch_conversations import Seen
from appliance.db import said_words_index
from appliance.db.conversation_rows import assignees_of, labels_of, milestones_of, next_number
from appliance.db.conversations import (
    Assignee,
    Comment,
    Conversation,
    ReactionRow,
    Subscription,
)
from appliance.db.labels import Label, LabelLink, Milestone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.conversations import ClosedAs, ConversationKind, Happening, Which
from appliance.domain.ids import new_id
from appliance.domain.permissions import Visibility
from appliance.errors import ConflictError, sentence
from appliance.services import (
    comments,
    conversation_sorting,
    conversation_steps,
    conversations,
)


def transfer(work: UnitOfWork, which: Which, target: str, *, now: datetime) -> Conversation:
    """Move an issue to the repository of that path.

    Errors:
        HiddenError, NotFoundError: there is no such issue or repository, or none for this actor.
        RefusedError: they are no triager in both.
        ConflictError: it is there already, has issues switched off, or one of both is archived.
    """
    seen = fetch_conversations.to_triage(work, which)
    home = fetch_conversations.to_sort(work, target)
    fetch_conversations.home_of(work, target, ConversationKind.ISSUE)
    if home.id == seen.repository.id:
        raise ConflictError(sentence("It is already in %(path)s.", path=home.path))
    made = _copy(work, seen, home, now=now)
    work.record(
        events.IssueOpened(
            about=home.id,
            organisation_id=home.organisation_id,
            number=made.number,
            title=made.title,
        )
    )
    work.record(
        events.IssueTransferred(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=which.number,
            to_repository_id=str(home.id),
            to_number=made.number,
        )
    )
    comments.add(work, which, _where(seen.repository, home, made), now=now)
    conversation_steps.happened(
        work, seen.conversation, Happening.REFERENCED, now=now, source_id=made.id
    )
    if seen.conversation.is_open:
        conversations.close(work, which, ClosedAs.NOT_PLANNED, now=now)
    if seen.conversation.locked_at is None:
        conversation_sorting.lock(work, which, locked=True, now=now)
    return made


def _where(old: Repository, home: Repository, made: Conversation) -> str:
    """Where it is now, if all who read the old one may know; else the timeline tells who may."""
    is_known = home.visibility is Visibility.PUBLIC or (
        home.visibility is Visibility.INTERNAL and old.visibility is not Visibility.PUBLIC
    )
    if is_known:
        return f"Moved to {home.path}#{made.number}."
    return "Moved to another repository."


def _copy(work: UnitOfWork, seen: Seen, home: Repository, *, now: datetime) -> Conversation:
    session, old = work.session, seen.conversation
    made = Conversation(
        id=new_id(),
        repository_id=home.id,
        number=next_number(session, home.id),
        kind=ConversationKind.ISSUE,
        title=old.title,
        body=old.body,
        author_id=old.author_id,
        state=old.state,
        closed_as=None if old.closed_as is ClosedAs.DUPLICATE else old.closed_as,
        closed_at=old.closed_at,
        milestone_id=_milestone(work, old, home),
        created_at=old.created_at,
        updated_at=now,
        body_edited_at=old.body_edited_at,
        locked_at=old.locked_at,
        comment_count=0,
    )
    session.add(made)
    session.flush()  # What belongs to it refers to its id.
    said_words_index.note(session, made.id, made.id, made.title, made.body)
    texts = {old.id: made.id, **_copy_comments(work, old, made)}
    _copy_reactions(work, texts, made)
    _copy_people(work, old, made, home)
    names = [each.name_key for each in labels_of(session, [old.id]).get(old.id, [])]
    known = session.scalars(
        sa.select(Label.id).where(Label.repository_id == home.id, Label.name_key.in_(names))
    ).all()
    session.add_all(LabelLink(conversation_id=made.id, label_id=each) for each in known)
    return made


def _copy_comments(work: UnitOfWork, old: Conversation, made: Conversation) -> dict[UUID, UUID]:
    """What was said, without what was deleted; gives the new ids by the old ones."""
    found: dict[UUID, UUID] = {}
    rows = work.session.scalars(
        sa.select(Comment)
        .where(Comment.conversation_id == old.id, Comment.deleted_at.is_(None))
        .order_by(Comment.id)
    )
    for row in rows:
        copy = Comment(
            id=new_id(),
            conversation_id=made.id,
            author_id=row.author_id,
            body=row.body,
            created_at=row.created_at,
            edited_at=row.edited_at,
        )
        work.session.add(copy)
        said_words_index.note(work.session, made.id, copy.id, row.body)
        made.comment_count += 1
        found[row.id] = copy.id
    return found


def _copy_reactions(work: UnitOfWork, texts: dict[UUID, UUID], made: Conversation) -> None:
    rows = work.session.scalars(sa.select(ReactionRow).where(ReactionRow.text_id.in_(texts)))
    for row in rows.all():
        values = {"text_id": texts[row.text_id], "user_id": row.user_id, "reaction": row.reaction}
        work.session.add(ReactionRow(conversation_id=made.id, **values))


def _copy_people(work: UnitOfWork, old: Conversation, made: Conversation, home: Repository) -> None:
    """Who deals with it and who follows it, as far as they may read the other repository."""
    session = work.session
    for name in assignees_of(session, [old.id]).get(old.id, []):
        user = fetch_conversations.participant(work, home, name)
        if user is not None:
            session.add(Assignee(conversation_id=made.id, user_id=user.id))
    query = (
        sa.select(Subscription, User)
        .join(User, User.id == Subscription.user_id)
        .where(Subscription.conversation_id == old.id)
    )
    for row, user in session.execute(query).all():
        if fetch_conversations.may_read(work, home, user):
            values = {"user_id": user.id, "because": row.because, "left_at": row.left_at}
            session.add(Subscription(conversation_id=made.id, **values))


def _milestone(work: UnitOfWork, old: Conversation, home: Repository) -> UUID | None:
    """That of the same name, if there is one."""
    named: Iterable[Milestone] = milestones_of(work.session, [old]).values()
    titles = [each.title_key for each in named]
    return work.session.scalar(
        sa.select(Milestone.id).where(
            Milestone.repository_id == home.id, Milestone.title_key.in_(titles)
        )
    )
