"""What commit messages that reach the default branch say of issues: `fixes #12`, or `#12` alone.

A job does it when a push has settled, in the name of who pushed: who may push to the default branch
may close issues. Only issues of the same repository are meant. Of a push that brings more than
`MOST_COMMITS` at once nothing is done: it brings history, not work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_conversations, gate, grants
from appliance.access.fetch_conversations import Seen
from appliance.db.conversations import Conversation, TimelineEntry
from appliance.db.pushes import Push, PushedRef
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import ClosedAs, ConversationKind, Happening, Standing
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT
from appliance.domain.references import closed_by, spoken_of
from appliance.git import new_work
from appliance.git.ref_names import BRANCHES
from appliance.services import push_settlement
from appliance.services.conversation_steps import happened, thing
from appliance.services.conversations import settle

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

MOST_COMMITS = 1000
MOST_ENTRIES = 200


@dataclass(frozen=True)
class Plan:
    """What a push did to the default branch."""

    push_id: UUID
    repository_id: UUID
    ref: bytes
    old_oid: str
    new_oid: str


@dataclass(frozen=True)
class Message:
    """A commit that reached the default branch, and what it says."""

    oid: str
    text: str


def plan(work: UnitOfWork, push_id: UUID) -> Plan | None:
    """What is to be looked at; None where the default branch was not moved.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    push = work.session.get(Push, push_id)
    if push is None:
        return None
    repository = fetch.repository_by_id(work, push.repository_id, Permission.REPOSITORY_READ)
    ref = BRANCHES + repository.default_branch.encode()
    query = sa.select(PushedRef).where(
        PushedRef.push_id == push_id, PushedRef.ref == ref, PushedRef.moved.is_(True)
    )
    row = work.session.scalar(query)
    if row is None or row.new_oid == NO_OBJECT or repository.deleted_at is not None:
        return None
    return Plan(push_id, repository.id, ref, row.old_oid, row.new_oid)


def read(planned: Plan, *, repositories: RepositoryStore) -> list[Message]:
    """The new commits on the default branch, the oldest first.

    Errors:
        DamagedError, TimeoutExceededError: they cannot be read, or not in time.
    """
    found = new_work.read(
        repositories.folder(planned.repository_id),
        None,
        planned.ref,
        planned.new_oid,
        known=[each for each in [planned.old_oid] if each != NO_OBJECT],
        most=MOST_COMMITS,
    )
    commits = reversed(found.commits)
    return [Message(each.oid, each.message.decode("utf-8", "replace")) for each in commits]


def follow(work: UnitOfWork, planned: Plan, messages: Sequence[Message], *, now: datetime) -> int:
    """Do what messages say of issues; gives how much that was. Safe to repeat.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    push = work.session.get_one(Push, planned.push_id)
    repository = fetch.repository_by_id(work, push.repository_id, Permission.REPOSITORY_READ)
    if repository.archived_at is not None:
        return 0
    allowed = grants.on_repository(work, repository)
    asking, work.actor = work.actor, push_settlement.pusher(work, push)
    done = 0
    for message in messages:
        for found in _spoken_of(work, repository, message):
            if done == MOST_ENTRIES:
                break
            seen = Seen(repository, found, Standing(allowed, is_author=False, is_locked=False))
            done += _note(work, seen, message, now=now)
    work.actor = asking
    return done


def _spoken_of(work: UnitOfWork, repository: Repository, message: Message) -> list[Conversation]:
    numbers = {*spoken_of(message.text).numbers, *closed_by(message.text)}
    if not numbers:
        return []
    query = sa.select(Conversation).where(
        Conversation.repository_id == repository.id, Conversation.number.in_(numbers)
    )
    if not fetch_conversations.has_issues(work, repository):
        query = query.where(Conversation.kind != ConversationKind.ISSUE)
    locked = query.order_by(Conversation.number).with_for_update()
    return list(work.session.scalars(locked.execution_options(populate_existing=True)))


def _note(work: UnitOfWork, seen: Seen, message: Message, *, now: datetime) -> bool:
    found, home = seen.conversation, seen.repository
    known = sa.select(TimelineEntry.id).where(
        TimelineEntry.conversation_id == found.id, TimelineEntry.commit == message.oid
    )
    work.session.flush()
    if work.session.scalar(known.limit(1)) is not None:
        return False
    is_issue = found.kind is ConversationKind.ISSUE
    if is_issue and found.is_open and found.number in closed_by(message.text):
        reason = ClosedAs.COMPLETED
        settle(work, seen, reason, now=now)
        happened(work, found, Happening.CLOSED, now=now, commit=message.oid, reason=str(reason))
        work.record(
            events.IssueClosed(
                about=home.id,
                organisation_id=home.organisation_id,
                number=found.number,
                reason=reason,
                commit=message.oid,
            )
        )
        return True
    happened(work, found, Happening.COMMITTED, now=now, commit=message.oid)
    work.record(
        events.IssueReferenced(
            about=home.id,
            organisation_id=home.organisation_id,
            number=found.number,
            thing=thing(found),
            commit=message.oid,
        )
    )
    return True
