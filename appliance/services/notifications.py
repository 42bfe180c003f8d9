"""The conversations and commits in somebody's inbox: what happened last in each, and whether they
saw it.

Of what somebody may not read any more nothing is shown, not even that it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, visible_conversations
from appliance.db import paging
from appliance.db.conversation_rows import user_names
from appliance.db.conversations import Conversation
from appliance.db.notifications import Notification
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.conversations import ConversationKind
from appliance.domain.names import fold
from appliance.domain.notifications import Reason
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.services import said_texts

MOST_AT_ONCE = 200
PAGES = {ConversationKind.ISSUE: "issues", ConversationKind.PULL_REQUEST: "pulls"}
SHORT_OID = 10
Row = tuple[Notification, Conversation | None, Repository]


class Subject(StrEnum):
    """What a notification is about."""

    ISSUE = "issue"
    PULL_REQUEST = "pull_request"
    COMMIT = "commit"


class Part(StrEnum):
    """Which part of the inbox."""

    UNREAD = "unread"
    INBOX = "inbox"
    """Whether they have read it or not."""
    DONE = "done"


class Mark(StrEnum):
    """What one does with a notification."""

    READ = "read"
    UNREAD = "unread"
    DONE = "done"
    """It goes away until something more happens."""
    INBOX = "inbox"
    """It comes back."""


@dataclass(frozen=True)
class Wanted:
    """Which notifications; what is empty asks nothing."""

    part: Part = Part.INBOX
    reason: Reason | None = None
    path: str = ""
    """`OWNER/NAME`."""


@dataclass(frozen=True)
class Told:
    """A notification with the conversation that it is about, if it is not about a commit."""

    row: Notification
    conversation: Conversation | None
    path: str
    actor: str
    """Who did what happened last; empty where they are gone."""
    anchor: str
    """Where on the page what was said stands, if something was."""

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.conversation.kind) if self.conversation else Subject.COMMIT

    @property
    def commit(self) -> str:
        """The commit that it is about, if it is about one."""
        return self.row.commit_oid or ""

    @property
    def name(self) -> str:
        """What it is about, as one writes it."""
        if self.conversation is not None:
            return f"{self.path}#{self.conversation.number}"
        return f"{self.path}@{self.commit[:SHORT_OID]}"

    @property
    def place(self) -> str:
        """Where in the portal that is."""
        at = f"/{self.path}/{place_of(self.conversation, self.commit)}"
        return f"{at}#{self.anchor}" if self.anchor else at


def place_of(conversation: Conversation | None, commit: str) -> str:
    """Where in its repository a conversation is, or else the commit."""
    if conversation is None:
        return f"commit/{commit}"
    return f"{PAGES[conversation.kind]}/{conversation.number}"


@dataclass(frozen=True)
class Counts:
    """How many there are."""

    unread: int
    inbox: int


def listed(
    work: UnitOfWork,
    wanted: Wanted = Wanted(),
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Told]:
    """The actor's notifications, what happened last first.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking.
        InvalidError: the place in the list is none.
    """
    gate.require_sight_of_own(work)
    query = _narrowed(visible_conversations.notifications(work), wanted)
    found = paging.page(
        work.session,
        query.add_columns(Conversation, Repository),
        Notification.happened_at,
        Notification.id,
        make=lambda row: (row[0], row[1], row[2]),
        after=after,
        limit=limit,
        newest_first=True,
    )
    return paging.Page(_presented(work, found.items), found.next)


def show(work: UnitOfWork, notification_id: UUID) -> Told:
    """One of the actor's notifications.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking.
        NotFoundError: there is none, or none for this actor.
    """
    gate.require_sight_of_own(work)
    query = visible_conversations.notifications(work).where(Notification.id == notification_id)
    row = work.session.execute(query.add_columns(Conversation, Repository)).one_or_none()
    if row is None:
        raise _none()
    return _presented(work, [(row[0], row[1], row[2])])[0]


def counted(work: UnitOfWork) -> Counts:
    """How many wait, and how many of them were not looked at."""
    gate.require_sight_of_own(work)
    unread = sa.func.count(sa.case((Notification.read_at.is_(None), 1)))
    query = _narrowed(visible_conversations.notifications(work), Wanted()).with_only_columns(
        unread, sa.func.count()
    )
    row = work.session.execute(query).one()
    return Counts(row[0], row[1])


def unread(work: UnitOfWork) -> int:
    """How many were not looked at."""
    gate.require_sight_of_own(work)
    query = _narrowed(
        visible_conversations.notifications(work), Wanted(Part.UNREAD)
    ).with_only_columns(sa.func.count())
    return work.session.scalar(query) or 0


def of_conversation(work: UnitOfWork, conversation_id: UUID) -> Notification | None:
    """The actor's notification of a conversation that they have not looked at since; else None."""
    if not gate.is_allowed(work, Permission.OWN_ACCOUNT):
        return None
    query = _narrowed(visible_conversations.notifications(work), Wanted(Part.UNREAD))
    return work.session.scalar(query.where(Notification.conversation_id == conversation_id))


def of_commit(work: UnitOfWork, repository_id: UUID, commit: str) -> Notification | None:
    """The same of a commit."""
    if not gate.is_allowed(work, Permission.OWN_ACCOUNT):
        return None
    query = _narrowed(visible_conversations.notifications(work), Wanted(Part.UNREAD))
    is_it = Notification.repository_id == repository_id, Notification.commit_oid == commit
    return work.session.scalar(query.where(*is_it))


def mark(work: UnitOfWork, ids: Sequence[UUID], mark: Mark, *, now: datetime) -> int:
    """Mark some of the actor's notifications; gives how many there were. Safe to repeat.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking.
        InvalidError: there are too many at once.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    if len(ids) > MOST_AT_ONCE:
        raise InvalidError.of(
            "ids", sentence("At most %(most)s are marked at once.", most=MOST_AT_ONCE)
        )
    return _mark(work, ids, mark, now)


def mark_all(
    work: UnitOfWork, mark: Mark, wanted: Wanted = Wanted(), *, until: datetime, now: datetime
) -> int:
    """The same of all in a part of the inbox in which nothing happened after `until`."""
    gate.require(work, Permission.OWN_ACCOUNT)
    rows = _narrowed(visible_conversations.notifications(work), wanted).where(
        Notification.happened_at <= until
    )
    ids = list(work.session.scalars(rows.with_only_columns(Notification.id)))
    parts = [ids[at : at + MOST_AT_ONCE] for at in range(0, len(ids), MOST_AT_ONCE)]
    return sum(_mark(work, part, mark, now) for part in parts)


def _values_of(mark: Mark, now: datetime) -> dict[str, datetime | None]:
    """What a mark changes."""
    values: dict[Mark, dict[str, datetime | None]] = {
        Mark.READ: {"read_at": now},
        Mark.UNREAD: {"read_at": None, "done_at": None},
        Mark.DONE: {"read_at": now, "done_at": now},
        Mark.INBOX: {"done_at": None},
    }
    return values[mark]


def _mark(work: UnitOfWork, ids: Sequence[UUID], mark: Mark, now: datetime) -> int:
    work.session.flush()  # What is expired below would be lost.
    changed = work.session.connection().execute(
        sa.update(Notification)
        .where(Notification.user_id == work.actor.id, Notification.id.in_(list(ids)))
        .values(_values_of(mark, now))
    )
    work.session.expire_all()
    return changed.rowcount


def _narrowed(query: sa.Select[Notification], wanted: Wanted) -> sa.Select[Notification]:
    done_at = Notification.done_at
    query = query.where(done_at.is_not(None) if wanted.part is Part.DONE else done_at.is_(None))
    if wanted.part is Part.UNREAD:
        query = query.where(Notification.read_at.is_(None))
    if wanted.reason is not None:
        query = query.where(Notification.reason == wanted.reason)
    if wanted.path:
        owner, _, name = wanted.path.partition("/")
        query = query.where(
            sa.func.lower(Repository.owner_name) == owner.lower(),
            Repository.name_key == fold(name),
        )
    return query


def _presented(work: UnitOfWork, rows: Sequence[Row]) -> list[Told]:
    names = user_names(work.session, [row.actor_id for row, _, _ in rows])
    places = said_texts.anchors(work, [row.text_id for row, _, _ in rows])
    return [
        Told(
            row,
            conversation,
            repository.path,
            names.get(row.actor_id, ""),
            places.get(row.text_id, "") if row.text_id else "",
        )
        for row, conversation, repository in rows
    ]


def _none() -> NotFoundError:
    return NotFoundError(sentence("There is no such notification."))
