"""Lists of a repository's issues: filtered, searched in what they say, sorted, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations
from appliance.access.gate import open_to_everyone
from appliance.db import paging, pull_conditions, said_words_index
from appliance.db.conversation_rows import assignees_of, labels_of, milestones_of, user_names
from appliance.db.conversations import Assignee, Comment, Conversation, Subscription
from appliance.db.labels import Label, LabelLink, Milestone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner
from appliance.domain.conversations import (
    ClosedAs,
    ConversationKind,
    ConversationState,
    name_key,
)
from appliance.domain.issue_query import ME, NONE, OPEN, Key, Query, Sort
from appliance.domain.names import fold
from appliance.errors import InvalidError, sentence
from appliance.services import rule_facts

ORDERS: dict[Sort, tuple[Any, ...]] = {
    Sort.CREATED: (Conversation.number,),
    Sort.UPDATED: (Conversation.updated_at, Conversation.number),
    Sort.COMMENTS: (Conversation.comment_count, Conversation.number),
}
ASKED = "the caller has asked for the repository, or for those that can be read"
STATES = {each.value: each for each in ConversationState}


@dataclass(frozen=True)
class Listed:
    """An issue or a pull request in a list."""

    conversation: Conversation
    author: str
    labels: list[Label]
    assignees: list[str]
    milestone: Milestone | None


@dataclass(frozen=True)
class Counts:
    """How many a search finds, open and closed."""

    open: int
    closed: int


def listed(
    work: UnitOfWork,
    path: str,
    query: Query = OPEN,
    *,
    kind: ConversationKind = ConversationKind.ISSUE,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Listed]:
    """The issues or pull requests of a repository that a search finds, in its order.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
        NotFoundError: it has no issues.
        InvalidError: the place in the list is none.
    """
    repository = fetch_conversations.home_of(work, path, kind)
    found = paging.page(
        work.session,
        _found(work, repository, query, kind),
        *ORDERS[query.sort],
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=not query.is_rising,
    )
    return paging.Page(presented(work, found.items), found.next)


def pinned(work: UnitOfWork, path: str) -> list[Listed]:
    """The issues that stand above the list.

    Errors:
        HiddenError, MovedError, NotFoundError: as for `listed`.
    """
    repository = fetch_conversations.home(work, path)
    query = sa.select(Conversation).where(
        Conversation.repository_id == repository.id, Conversation.pinned_at.is_not(None)
    )
    return presented(work, list(work.session.scalars(query.order_by(Conversation.pinned_at))))


def counted(
    work: UnitOfWork,
    path: str,
    query: Query = OPEN,
    *,
    kind: ConversationKind = ConversationKind.ISSUE,
) -> Counts:
    """How many of them a search finds, whatever state it asks for.

    Errors:
        HiddenError, MovedError, NotFoundError: as for `listed`.
    """
    repository = fetch_conversations.home_of(work, path, kind)
    terms = tuple(
        each for each in query.terms if each.key is not Key.IS or each.value not in STATES
    )
    everything = _found(work, repository, replace(query, terms=terms), kind)
    rows = work.session.execute(
        everything.with_only_columns(Conversation.state, sa.func.count()).group_by(
            Conversation.state
        )
    )
    found = {row[0]: row[1] for row in rows}
    return Counts(found.get(ConversationState.OPEN, 0), found.get(ConversationState.CLOSED, 0))


def _found(
    work: UnitOfWork, repository: Repository, query: Query, kind: ConversationKind
) -> sa.Select[Conversation]:
    found = sa.select(Conversation).where(
        Conversation.repository_id == repository.id, Conversation.kind == kind
    )
    return narrowed(work, found, query, repository)


@open_to_everyone(because=ASKED)
def narrowed(
    work: UnitOfWork,
    found: sa.Select[Conversation],
    query: Query,
    repository: Repository | None = None,
) -> sa.Select[Conversation]:
    """Those conversations that a search finds: in one repository, or wherever they are.

    Errors:
        InvalidError: that can be asked in one repository only.
    """
    for term in query.terms:
        condition = CONDITIONS[term.key](work, repository, term.value)
        found = found.where(sa.not_(condition) if term.is_not else condition)
    for words in query.words:
        condition = said_words_index.says(work.session.connection(), words.parts)
        found = found.where(sa.not_(condition) if words.is_not else condition)
    return found


Condition = sa.ColumnElement[bool]


def _id(repository: Repository | None) -> UUID | None:
    return repository.id if repository is not None else None


def _within(column: Any, repository: Repository | None) -> Condition:
    return column == repository.id if repository is not None else sa.true()


def _is(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del work
    if value in STATES:
        return Conversation.state == STATES[value]
    if value in pull_conditions.STATES:
        return pull_conditions.state(_id(repository), value)
    column = Conversation.locked_at if value == "locked" else Conversation.pinned_at
    return column.is_not(None)


def _as(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del work, repository
    return sa.func.coalesce(Conversation.closed_as == ClosedAs(value), sa.false())


def _label(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del work
    return Conversation.id.in_(
        sa.select(LabelLink.conversation_id)
        .join(Label, Label.id == LabelLink.label_id)
        .where(_within(Label.repository_id, repository), Label.name_key == name_key(value))
    )


def _user(work: UnitOfWork, value: str) -> sa.Select[Any]:
    """The id of who is meant; of nobody where there is none."""
    if value.lower() == ME:
        return sa.select(Owner.id).where(Owner.id == work.actor.id)
    return sa.select(Owner.id).where(Owner.name_key == fold(value.removeprefix("@")))


def _author(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del repository
    return sa.func.coalesce(Conversation.author_id.in_(_user(work, value)), sa.false())


def _assignee(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del repository
    if value.lower() == NONE:
        return Conversation.id.not_in(sa.select(Assignee.conversation_id))
    return Conversation.id.in_(
        sa.select(Assignee.conversation_id).where(Assignee.user_id.in_(_user(work, value)))
    )


def _commenter(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del repository
    return Conversation.id.in_(
        sa.select(Comment.conversation_id).where(
            Comment.author_id.in_(_user(work, value)), Comment.deleted_at.is_(None)
        )
    )


def _follows(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    """What one follows oneself; of others nobody is told."""
    del repository
    me = work.actor.id if value.lower() == ME else None
    return Conversation.id.in_(
        sa.select(Subscription.conversation_id).where(
            Subscription.user_id == me, Subscription.left_at.is_(None)
        )
    )


def _milestone(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del work
    if value.lower() == NONE:
        return Conversation.milestone_id.is_(None)
    named = sa.select(Milestone.id).where(
        _within(Milestone.repository_id, repository), Milestone.title_key == name_key(value)
    )
    return sa.func.coalesce(Conversation.milestone_id.in_(named), sa.false())


def _no(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    if value == "milestone":
        return _milestone(work, repository, NONE)
    if value == "assignee":
        return _assignee(work, repository, NONE)
    return Conversation.id.not_in(sa.select(LabelLink.conversation_id))


def _into(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del work
    return pull_conditions.into(_id(repository), value)


def _from(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del work
    return pull_conditions.source(_id(repository), value)


def _review(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    if repository is None:
        raise InvalidError.of("q", sentence("review: can be used in one repository only."))
    users = work.session.scalars(pull_conditions.approvers(repository.id)).all()
    counting = {user.id for user in users if rule_facts.may_write(work, repository, user)}
    return pull_conditions.review(repository.id, value, counting)


def _reviewer(work: UnitOfWork, repository: Repository | None, value: str) -> Condition:
    del repository
    return pull_conditions.reviewer(_user(work, value))


CONDITIONS = {
    Key.IS: _is,
    Key.AS: _as,
    Key.LABEL: _label,
    Key.AUTHOR: _author,
    Key.ASSIGNEE: _assignee,
    Key.FOLLOWS: _follows,
    Key.COMMENTER: _commenter,
    Key.MILESTONE: _milestone,
    Key.NO: _no,
    Key.INTO: _into,
    Key.FROM: _from,
    Key.REVIEW: _review,
    Key.REVIEWER: _reviewer,
}


@open_to_everyone(because=ASKED)
def presented(work: UnitOfWork, rows: Sequence[Conversation]) -> list[Listed]:
    """Conversations with what lists show of them."""
    if not rows:
        return []
    ids = [each.id for each in rows]
    names = user_names(work.session, [each.author_id for each in rows])
    labels, assignees = labels_of(work.session, ids), assignees_of(work.session, ids)
    milestones = milestones_of(work.session, rows)
    return [
        Listed(
            each,
            names.get(each.author_id, ""),
            labels.get(each.id, []),
            assignees.get(each.id, []),
            milestones.get(each.milestone_id) if each.milestone_id else None,
        )
        for each in rows
    ]
