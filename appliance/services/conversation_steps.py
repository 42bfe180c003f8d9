"""What several verbs of conversations do: note what happened, who follows, what texts speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations, visible
from appliance.access.fetch_conversations import Seen
from appliance.access.gate import open_to_everyone
from appliance.db import said_words_index
from appliance.db.conversations import Conversation, Subscription, TimelineEntry
from appliance.db.notifications import Mention
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.conversations import ConversationKind, Following, Happening
from appliance.domain.names import fold, split_path
from appliance.domain.references import Spoken, spoken_of
from appliance.errors import InvalidError

MOST_MENTIONED = 100
OWN_ACTS = frozenset({Following.AUTHOR, Following.COMMENT, Following.CHOSEN})
"""After one of these somebody who had left is told again."""


@open_to_everyone(because="whoever changes a conversation was asked whether they may")
def happened(
    work: UnitOfWork,
    conversation: Conversation,
    kind: Happening,
    *,
    now: datetime,
    user_id: UUID | None = None,
    source_id: UUID | None = None,
    commit: str | None = None,
    **details: Any,
) -> None:
    """Put something into a conversation's timeline."""
    entry = TimelineEntry(
        conversation_id=conversation.id,
        kind=kind,
        actor_id=work.actor.id,
        actor_label="" if work.actor.id else work.actor.label,
        user_id=user_id,
        source_id=source_id,
        commit=commit,
        details={key: value for key, value in details.items() if value is not None},
        happened_at=now,
    )
    work.session.add(entry)
    conversation.updated_at = max(now, conversation.updated_at)


@open_to_everyone(because="whoever takes part in a conversation was asked whether they may")
def follow(
    work: UnitOfWork, conversation: Conversation, user_ids: Iterable[UUID], because: Following
) -> None:
    """Let users be told what happens in a conversation; who left stays away, but for own acts."""
    wanted = set(user_ids)
    rows = work.session.scalars(
        sa.select(Subscription).where(
            Subscription.conversation_id == conversation.id, Subscription.user_id.in_(wanted)
        )
    )
    for row in rows:
        wanted.discard(row.user_id)
        if row.left_at is not None and because in OWN_ACTS:
            row.left_at, row.because = None, because
    for user_id in sorted(wanted):
        work.session.add(
            Subscription(conversation_id=conversation.id, user_id=user_id, because=because)
        )


@open_to_everyone(because="whoever writes a text was asked whether they may")
def note_text(
    work: UnitOfWork,
    seen: Seen,
    text_id: UUID,
    *texts: str,
    now: datetime,
    before: str = "",
) -> None:
    """Let a text be found, and tell those that it speaks of and did not speak of before."""
    said_words_index.note(work.session, seen.conversation.id, text_id, *texts)
    spoken, earlier = spoken_of(*texts), spoken_of(before)
    mentioned = _mentioned(work, seen.repository, spoken, earlier)
    if mentioned:
        work.session.flush()  # A subscription may have been added just now.
        follow(work, seen.conversation, mentioned, Following.MENTION)
        _note_mentions(work, seen.conversation.id, text_id, mentioned)
    for target in _targets(work, seen.repository, spoken, earlier):
        _refer(work, seen.conversation, target, now=now)


@open_to_everyone(because="whoever writes a text was asked whether they may")
def note_mentions(
    work: UnitOfWork, repository: Repository, text_id: UUID, text: str, *, before: str = ""
) -> None:
    """Tell those whom a comment on a commit speaks of, and did not speak of before."""
    mentioned = _mentioned(work, repository, spoken_of(text), spoken_of(before))
    if mentioned:
        _note_mentions(work, None, text_id, mentioned)


def _mentioned(
    work: UnitOfWork, repository: Repository, spoken: Spoken, earlier: Spoken
) -> dict[UUID, bool]:
    """Who may read a text that speaks of them, and whether it does so by a team only."""
    found = {
        user.id: False
        for name in spoken.people
        if name not in earlier.people
        and (user := fetch_conversations.participant(work, repository, name)) is not None
    }
    for path in spoken.teams:
        if path not in earlier.teams:
            for user in fetch_conversations.team_participants(work, repository, path):
                found.setdefault(user.id, True)
    others = [each for each in found.items() if each[0] != work.actor.id]
    return dict(others[:MOST_MENTIONED])


def _note_mentions(
    work: UnitOfWork, conversation_id: UUID | None, text_id: UUID, mentioned: Mapping[UUID, bool]
) -> None:
    known = set(work.session.scalars(sa.select(Mention.user_id).where(Mention.text_id == text_id)))
    for user_id, by_team in sorted(mentioned.items()):
        if user_id not in known:
            values = {"text_id": text_id, "user_id": user_id, "by_team": by_team}
            work.session.add(Mention(conversation_id=conversation_id, **values))


def _targets(
    work: UnitOfWork, repository: Repository, spoken: Spoken, earlier: Spoken
) -> list[Conversation]:
    """The conversations that a text speaks of now, as far as who wrote it may read them."""
    own = [number for number in spoken.numbers if number not in earlier.numbers]
    query = sa.select(Conversation).where(
        Conversation.repository_id == repository.id, Conversation.number.in_(own)
    )
    found = list(work.session.scalars(query)) if own else []
    for path, number in spoken.elsewhere:
        if (path, number) not in earlier.elsewhere:
            found += work.session.scalars(_elsewhere(work, path, number))
    return found


def _elsewhere(work: UnitOfWork, path: str, number: int) -> sa.Select[Conversation]:
    try:
        owner_name, name = split_path(path)
    except InvalidError:
        owner_name = name = ""
    readable = visible.repositories(work).where(
        sa.func.lower(Repository.owner_name) == owner_name.lower(),
        Repository.name_key == fold(name),
        Repository.archived_at.is_(None),
    )
    here = readable.with_only_columns(Repository.id)
    return sa.select(Conversation).where(
        Conversation.repository_id.in_(here), Conversation.number == number
    )


def _refer(work: UnitOfWork, source: Conversation, target: Conversation, *, now: datetime) -> None:
    """Say in a conversation, once, that another speaks of it."""
    known = sa.select(TimelineEntry.id).where(
        TimelineEntry.conversation_id == target.id,
        TimelineEntry.kind == Happening.REFERENCED,
        TimelineEntry.source_id == source.id,
    )
    if target.id == source.id or work.session.scalar(known) is not None:
        return
    updated_at = target.updated_at
    happened(work, target, Happening.REFERENCED, now=now, source_id=source.id)
    target.updated_at = updated_at  # Being spoken of is no news of its own.
    work.session.flush()


def thing(conversation: Conversation) -> str:
    """What a conversation is, as events say it."""
    return str(ConversationKind(conversation.kind))
