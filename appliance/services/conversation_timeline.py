"""What was said and what happened in a conversation, in one line; each reader sees their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations, visible_conversations
from appliance.access.gate import open_to_everyone
from appliance.db import paging
from appliance.db.conversation_rows import user_names
from appliance.db.conversations import Comment, Conversation, TimelineEntry
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.conversations import ConversationKind, ConversationState, Happening, Which
from appliance.domain.identity import appliance
from appliance.errors import InvalidError
from appliance.services import comments
from appliance.services.comments import Said

ITSELF = appliance().label


@dataclass(frozen=True)
class Source:
    """A conversation that speaks of this one."""

    path: str
    number: int
    kind: ConversationKind
    title: str
    state: ConversationState


@dataclass(frozen=True)
class Entry:
    """A comment, or something that happened."""

    id: UUID
    at: datetime
    actor: str
    said: Said | None = None
    kind: Happening | None = None
    user: str = ""
    """Who was assigned, or no longer is."""
    source: Source | None = None
    commit: str = ""
    details: dict[str, Any] | None = None
    is_by_itself: bool = False
    """Whether nobody did it but the appliance."""


def timeline(
    work: UnitOfWork,
    which: Which,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Entry]:
    """What was said and what happened, the oldest first, as far as the reader may know of it.

    Errors:
        HiddenError, MovedError, NotFoundError: there is no such conversation, or none for them.
        InvalidError: the place in the list is none.
    """
    seen = fetch_conversations.to_read(work, which)
    place = _place(after)
    said = sa.select(Comment).where(Comment.conversation_id == seen.conversation.id)
    happenings = _visible(work, seen.conversation)
    if place is not None:
        said = said.where(Comment.id > place)
        happenings = happenings.where(TimelineEntry.id > place)
    rows: list[Comment | TimelineEntry] = [
        *work.session.scalars(said.order_by(Comment.id).limit(limit + 1)),
        *work.session.scalars(happenings.order_by(TimelineEntry.id).limit(limit + 1)),
    ]
    rows.sort(key=lambda row: row.id)
    shown = rows[:limit]
    last = str(shown[-1].id) if len(rows) > limit else None
    return paging.Page(_entries(work, shown), last)


@open_to_everyone(because="whoever reads a conversation was asked whether they may")
def participants(work: UnitOfWork, conversation: Conversation) -> list[str]:
    """Who said something in a conversation, by name."""
    query = sa.select(Comment.author_id).where(
        Comment.conversation_id == conversation.id, Comment.deleted_at.is_(None)
    )
    ids = {conversation.author_id, *work.session.scalars(query.distinct())}
    return sorted(user_names(work.session, ids).values(), key=str.lower)


def _visible(work: UnitOfWork, conversation: Conversation) -> sa.Select[TimelineEntry]:
    source = sa.exists().where(
        Conversation.id == TimelineEntry.source_id, visible_conversations.is_readable(work)
    )
    return sa.select(TimelineEntry).where(
        TimelineEntry.conversation_id == conversation.id,
        sa.or_(TimelineEntry.source_id.is_(None), source),
    )


def _entries(work: UnitOfWork, rows: Sequence[Comment | TimelineEntry]) -> list[Entry]:
    happened = [row for row in rows if isinstance(row, TimelineEntry)]
    said = comments.presented(work, [row for row in rows if isinstance(row, Comment)])
    by_id = {each.comment.id: each for each in said}
    sources = _sources(work, [row.source_id for row in happened])
    ids = {row.actor_id for row in happened} | {row.user_id for row in happened}
    names = user_names(work.session, ids)
    return [
        _said(by_id[row.id]) if isinstance(row, Comment) else _happening(row, names, sources)
        for row in rows
    ]


def _said(said: Said) -> Entry:
    return Entry(said.comment.id, said.comment.created_at, said.author, said=said)


def _happening(
    row: TimelineEntry, names: dict[UUID | None, str], sources: dict[UUID, Source]
) -> Entry:
    return Entry(
        row.id,
        row.happened_at,
        names.get(row.actor_id) or row.actor_label,
        kind=row.kind,
        user=names.get(row.user_id, ""),
        source=sources.get(row.source_id) if row.source_id else None,
        commit=row.commit or "",
        details=row.details,
        is_by_itself=row.actor_id is None and row.actor_label == ITSELF,
    )


def _sources(work: UnitOfWork, ids: Sequence[UUID | None]) -> dict[UUID, Source]:
    wanted = {each for each in ids if each is not None}
    rows = work.session.execute(
        sa.select(Conversation, Repository)
        .join(Repository, Repository.id == Conversation.repository_id)
        .where(Conversation.id.in_(wanted))
    )
    return {
        found.id: Source(home.path, found.number, found.kind, found.title, found.state)
        for found, home in rows
    }


def _place(after: str | None) -> UUID | None:
    try:
        return None if after is None else UUID(after)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidError.of("cursor", "This cursor does not belong to this list.") from error
