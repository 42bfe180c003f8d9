"""From what happened to inboxes: whoever follows a conversation, or is named in it or in what is
said of a commit, is told once.

The audit logs are the buffer, as for webhooks: the place up to which people were told moves on in
the same transaction as what they are told is written, so that a process that is killed in the
middle leaves nobody out and tells nothing twice. Whether somebody may read the repository is asked
here, once more, and again when they look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations, gate
from appliance.db.conversations import Conversation, Subscription
from appliance.db.notifications import Mention, Notification, NotificationCursor, Watch
from appliance.db.organisations import TeamMembership
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.merge_queue import FAILURES
from appliance.domain.notifications import (
    TALES,
    Audience,
    Reason,
    Tale,
    WatchLevel,
    reason_to_keep,
    to_tell,
)
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError
from appliance.services import mail_queue, notification_choices, repository_facts, said_texts
from appliance.services.mail_queue import Occasion
from appliance.services.repository_facts import Fact

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer

ONLY = 1
"""The key of the one cursor."""
TEAM = "team"
OF_A_TEXT = ("comment_id", "review_id")


@dataclass(frozen=True)
class News:
    """One thing that happened in one conversation, or was said of one commit."""

    conversation: Conversation | None
    commit: str
    """Empty where it is about a conversation."""
    repository: Repository
    tale: Tale
    actor_id: UUID | None
    text_id: UUID | None
    happened_at: datetime
    event_id: UUID
    said: Mapping[str, Any]

    @property
    def told_as(self) -> Tale:
        """What they read: of a queue that could not merge it, that it left the queue."""
        is_of_queue = self.tale is Tale.MERGE_FAILED and self.said["reason"] in FAILURES
        return Tale.DEQUEUED if is_of_queue else self.tale

    @property
    def thing(self) -> dict[str, Any]:
        """What inboxes and letters file it under."""
        if self.conversation is not None:
            return {"conversation_id": self.conversation.id}
        return {"repository_id": self.repository.id, "commit_oid": self.commit}


def is_behind(work: UnitOfWork) -> bool:
    """Whether there may be something to tell: asked without writing, because it is asked often."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return _place(work) < repository_facts.newest(work)


def take(work: UnitOfWork, *, sealer: Sealer, now: datetime) -> int:
    """Tell people of the next things that happened; gives how many were told something.

    Errors:
        ConflictError: somebody else did the same; nothing was done.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    place = _place(work)
    facts, until = repository_facts.recorded_after(work, place, list(TALES), sealer=sealer)
    _move(work, place, until)
    readers = _Readers(work)
    told = 0
    for fact in facts:
        news = _news(work, fact)
        if news is not None:
            told += _tell(work, news, readers, now)
    return told


class _Readers:
    """Who may read what. Its state: what was asked already."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._known: dict[tuple[UUID, UUID], bool] = {}

    def may_see(self, user_id: UUID, news: News) -> bool:
        """Whether somebody may read a conversation."""
        key = user_id, news.repository.id
        if key not in self._known:
            self._known[key] = self._ask(user_id, news.repository)
        return self._known[key]

    def _ask(self, user_id: UUID, repository: Repository) -> bool:
        user = self._work.session.get(User, user_id)
        return (
            user is not None
            and not user.is_machine
            and repository.deleted_at is None
            and fetch_conversations.may_read(self._work, repository, user)
        )


def _news(work: UnitOfWork, fact: Fact) -> News | None:
    """What a recorded action says of a conversation that is there still, or of a commit."""
    said = fact.entry.body
    commit = said["commit"] if "number" not in said else ""
    found = None if commit else _conversation(work, fact)
    if found is None and not commit:
        return None
    actor = sa.select(User.id).where(User.pseudonym == fact.header["actor"]["ref"])
    texts = [said[name] for name in OF_A_TEXT if said.get(name)]
    return News(
        conversation=found,
        commit=commit,
        repository=fact.repository,
        tale=TALES[fact.header["action"]],
        actor_id=work.session.scalar(actor),
        text_id=UUID(texts[0]) if texts else None,
        happened_at=fact.happened_at,
        event_id=UUID(fact.header["id"]),
        said=said,
    )


def _conversation(work: UnitOfWork, fact: Fact) -> Conversation | None:
    query = sa.select(Conversation).where(
        Conversation.repository_id == fact.repository.id,
        Conversation.number == fact.entry.body["number"],
    )
    return work.session.scalar(query)


def _tell(work: UnitOfWork, news: News, readers: _Readers, now: datetime) -> int:
    _note_own_part(work, news, now)
    people = to_tell(news.tale, _audience(work, news))
    told = {user: why for user, why in people.items() if readers.may_see(user, news)}
    for user_id, reason in sorted(told.items()):
        _put_into_inbox(work, news, user_id, reason)
    mail_queue.promise(work, _occasion(news), told, now=now)
    return len(told)


def _audience(work: UnitOfWork, news: News) -> Audience:
    session = work.session
    watches = session.execute(
        sa.select(Watch.user_id, Watch.level).where(Watch.repository_id == news.repository.id)
    ).all()
    ignoring = frozenset(user for user, level in watches if level is WatchLevel.IGNORED)
    named, own = _named(work, news), _wanting_own(work, news)
    if news.conversation is None:
        return Audience(news.actor_id, named, ignoring=ignoring, wanting_own=own)
    rows = session.scalars(
        sa.select(Subscription).where(Subscription.conversation_id == news.conversation.id)
    ).all()
    return Audience(
        actor=news.actor_id,
        named=named,
        following={row.user_id: row.because for row in rows if row.left_at is None},
        left=frozenset(row.user_id for row in rows if row.left_at is not None),
        watching=frozenset(user for user, level in watches if level is WatchLevel.ALL),
        ignoring=ignoring,
        wanting_own=own,
    )


def _wanting_own(work: UnitOfWork, news: News) -> frozenset[UUID]:
    """Who did it, if they want to be told of that."""
    ids = [news.actor_id] if news.actor_id else []
    chosen = notification_choices.of(work, ids)
    return frozenset(user for user, choices in chosen.items() if choices.tells_own)


def _named(work: UnitOfWork, news: News) -> dict[UUID, Reason]:
    """Who is mentioned by what was written just now, assigned, or asked for a review."""
    found = _mentioned(work, news)
    if news.tale is Tale.ASSIGNED:
        found |= {UUID(each): Reason.ASSIGNED for each in news.said.get("added", ())}
    if news.tale is Tale.REVIEW_REQUESTED:
        found |= dict.fromkeys(_reviewers(work, news), Reason.REVIEW_REQUESTED)
    return found


def _reviewers(work: UnitOfWork, news: News) -> Iterable[UUID]:
    """Who was asked for a review: a user, or the members of a team."""
    reviewer_id = UUID(news.said["reviewer_id"])
    if news.said.get("reviewer_type") != TEAM:
        return [reviewer_id]
    members = sa.select(TeamMembership.user_id).where(TeamMembership.team_id == reviewer_id)
    return list(work.session.scalars(members))


def _mentioned(work: UnitOfWork, news: News) -> dict[UUID, Reason]:
    """Whom the text speaks of that this is about, and nobody was told of yet."""
    own = news.conversation.id if news.conversation else None
    texts = [each for each in [news.text_id or own] if each]
    if news.tale is Tale.REVIEWED:
        texts += said_texts.of_review(work, texts[0])
    query = sa.select(Mention).where(Mention.text_id.in_(texts), Mention.is_told.is_(False))
    rows = work.session.scalars(query).all()
    for row in rows:
        row.is_told = True
    return {row.user_id: Reason.TEAM_MENTION if row.by_team else Reason.MENTION for row in rows}


def _note_own_part(work: UnitOfWork, news: News, now: datetime) -> None:
    """Who takes part in a conversation has read it."""
    if news.actor_id is None:
        return
    own = sa.update(Notification).where(
        Notification.user_id == news.actor_id,
        *_of(news),
        Notification.happened_at <= news.happened_at,
        Notification.read_at.is_(None),
    )
    work.session.execute(own.values(read_at=now).execution_options(synchronize_session=False))


def _put_into_inbox(work: UnitOfWork, news: News, user_id: UUID, reason: Reason) -> None:
    query = sa.select(Notification).where(Notification.user_id == user_id, *_of(news))
    row = work.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        row = Notification(user_id=user_id, reason=reason, tale=news.told_as, **news.thing)
        work.session.add(row)
    else:
        row.reason = reason_to_keep(row.reason, reason, is_unread=row.is_unread)
    row.tale, row.actor_id, row.text_id = news.told_as, news.actor_id, news.text_id
    row.happened_at, row.read_at, row.done_at = news.happened_at, None, None
    work.session.flush()  # Of the same conversation more may be told in the same transaction.


def _of(news: News) -> list[sa.ColumnElement[bool]]:
    return [getattr(Notification, name) == value for name, value in news.thing.items()]


def _occasion(news: News) -> Occasion:
    return Occasion(
        thing=news.thing,
        event_id=news.event_id,
        tale=news.told_as,
        actor_id=news.actor_id,
        text_id=news.text_id,
        happened_at=news.happened_at,
    )


def _place(work: UnitOfWork) -> int:
    return work.session.scalar(sa.select(NotificationCursor.place)) or 0


def _move(work: UnitOfWork, before: int, until: int) -> None:
    """From where it was read, so that no two processes tell the same."""
    moved = work.session.connection().execute(
        sa.update(NotificationCursor)
        .where(NotificationCursor.id == ONLY, NotificationCursor.place == before)
        .values(place=max(before, until))
    )
    if moved.rowcount != 1:
        raise ConflictError("Somebody else does the same at the same moment.")
