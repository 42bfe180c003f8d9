"""Conversations that the actor may read, wherever they are, filtered in SQL."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.access import visible
from appliance.db.conversations import Conversation
from appliance.db.notifications import Notification
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.conversations import ConversationKind


def conversations(work: UnitOfWork) -> sa.Select[Conversation]:
    """All of them; an issue only where there still are issues."""
    return sa.select(Conversation).where(is_readable(work))


def is_readable(work: UnitOfWork) -> sa.ColumnElement[bool]:
    """The same of the conversation in a row: who has few rows looks at those, not at all."""
    readable = visible.repositories(work).with_only_columns(Repository.id)
    return sa.and_(Conversation.repository_id.in_(readable), _is_switched_on())


def notifications(work: UnitOfWork) -> sa.Select[Notification]:
    """The actor's, of such conversations, and of commits where they may read the repository."""
    readable = visible.repositories(work).with_only_columns(Repository.id)
    home = sa.func.coalesce(Conversation.repository_id, Notification.repository_id)
    return (
        sa.select(Notification)
        .outerjoin(Conversation, Conversation.id == Notification.conversation_id)
        .join(Repository, Repository.id == home)
        .where(
            Notification.user_id == work.actor.id,
            Repository.id.in_(readable),
            sa.or_(Notification.conversation_id.is_(None), _is_switched_on()),
        )
    )


def _is_switched_on() -> sa.ColumnElement[bool]:
    """Whether a conversation is no issue, or one where there still are issues."""
    without = sa.select(Organisation.id).where(Organisation.has_issues.is_(False))
    with_issues = sa.select(Repository.id).where(
        Repository.has_issues.is_(True),
        sa.or_(Repository.organisation_id.is_(None), Repository.organisation_id.not_in(without)),
    )
    return sa.or_(
        Conversation.kind != ConversationKind.ISSUE,
        Conversation.repository_id.in_(with_issues),
    )
