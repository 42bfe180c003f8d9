"""Questions about conversations' rows that several verbs ask: the next number, who has what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.conversations import Assignee, Conversation, ReactionRow
from appliance.db.labels import Label, LabelLink, Milestone
from appliance.db.repositories import Repository
from appliance.db.users import User
from appliance.domain.conversations import ConversationKind, ConversationState, Reaction

ReactionCount = tuple[Reaction, int, frozenset[UUID]]
"""Which reaction, how often, and by whom."""


def next_number(session: Session, repository_id: UUID) -> int:
    """The next number of a repository. Who asks next waits until this transaction has ended, and
    gets the same one if it is undone: so there are no gaps.
    """
    return _counted(session, repository_id, Repository.conversations_numbered.key)


def next_milestone(session: Session, repository_id: UUID) -> int:
    """The next number of a milestone, in the same way."""
    return _counted(session, repository_id, Repository.milestones_numbered.key)


def label_ids(session: Session, conversation_id: UUID) -> set[UUID]:
    """The labels of a conversation."""
    query = sa.select(LabelLink.label_id).where(LabelLink.conversation_id == conversation_id)
    return set(session.scalars(query))


def assignee_ids(session: Session, conversation_id: UUID) -> set[UUID]:
    """Who is to deal with a conversation."""
    query = sa.select(Assignee.user_id).where(Assignee.conversation_id == conversation_id)
    return set(session.scalars(query))


def labels_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[Label]]:
    """The labels of conversations, by their names."""
    rows = session.execute(
        sa.select(LabelLink.conversation_id, Label)
        .join(Label, Label.id == LabelLink.label_id)
        .where(LabelLink.conversation_id.in_(list(ids)))
        .order_by(Label.name_key)
    )
    found: dict[UUID, list[Label]] = {}
    for conversation_id, label in rows:
        found.setdefault(conversation_id, []).append(label)
    return found


def assignees_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The names of who is to deal with conversations."""
    rows = session.execute(
        sa.select(Assignee.conversation_id, User.name)
        .join(User, User.id == Assignee.user_id)
        .where(Assignee.conversation_id.in_(list(ids)))
        .order_by(User.name)
    )
    found: dict[UUID, list[str]] = {}
    for conversation_id, name in rows:
        found.setdefault(conversation_id, []).append(name)
    return found


def milestones_of(session: Session, conversations: Sequence[Conversation]) -> dict[UUID, Milestone]:
    """The milestones of conversations, by their ids."""
    ids = {each.milestone_id for each in conversations if each.milestone_id}
    found = session.scalars(sa.select(Milestone).where(Milestone.id.in_(ids)))
    return {each.id: each for each in found}


def user_names(session: Session, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """What users are called now."""
    wanted = {each for each in ids if each is not None}
    rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def reactions_to(session: Session, text_ids: Iterable[UUID]) -> dict[UUID, list[ReactionCount]]:
    """How often each reaction was given to texts; the reactions in their own order."""
    rows = session.execute(
        sa.select(ReactionRow.text_id, ReactionRow.reaction, ReactionRow.user_id).where(
            ReactionRow.text_id.in_(list(text_ids))
        )
    )
    given: dict[tuple[UUID, Reaction], set[UUID]] = {}
    for text_id, reaction, user_id in rows:
        given.setdefault((text_id, reaction), set()).add(user_id)
    found: dict[UUID, list[ReactionCount]] = {}
    for reaction in Reaction:
        for (text_id, kind), users in given.items():
            if kind is reaction:
                found.setdefault(text_id, []).append((reaction, len(users), frozenset(users)))
    return found


def open_issues(session: Session, repository_id: UUID) -> int:
    """How many issues of a repository are open."""
    return _open(session, repository_id, ConversationKind.ISSUE)


def open_pulls(session: Session, repository_id: UUID) -> int:
    """How many pull requests of a repository are open."""
    return _open(session, repository_id, ConversationKind.PULL_REQUEST)


def _open(session: Session, repository_id: UUID, kind: ConversationKind) -> int:
    query = sa.select(sa.func.count()).where(
        Conversation.repository_id == repository_id,
        Conversation.kind == kind,
        Conversation.state == ConversationState.OPEN,
    )
    return session.scalar(query) or 0


def _counted(session: Session, repository_id: UUID, column: str) -> int:
    counter = getattr(Repository, column)
    statement = (
        sa.update(Repository)
        .where(Repository.id == repository_id)
        .values({column: counter + 1})
        .returning(counter)
        .execution_options(synchronize_session=False)
    )
    return int(session.scalars(statement).one())
