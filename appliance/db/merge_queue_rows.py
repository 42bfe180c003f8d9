"""Questions about the rows of merge queues that several verbs ask."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.conversations import Conversation
from appliance.db.merge_queue import MergeQueue, QueueEntry, QueueGroup
from appliance.db.pulls import PullMerge, PullRequest
from appliance.db.pushes import Push, PushState

FIRST = (QueueEntry.priority.desc(), QueueEntry.place)
"""In line: who has priority, then who came first."""


def of_branch(
    session: Session, repository_id: UUID, branch: bytes, *, locks: bool = False
) -> MergeQueue | None:
    """The queue into a branch."""
    query = sa.select(MergeQueue).where(
        MergeQueue.repository_id == repository_id, MergeQueue.target_branch == branch
    )
    if locks:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def locked(session: Session, queue_id: UUID) -> MergeQueue | None:
    """A queue, locked until all is done, with those in line: nobody leaves meanwhile."""
    query = sa.select(MergeQueue).where(MergeQueue.id == queue_id).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    line = sa.select(QueueEntry.id).where(QueueEntry.queue_id == queue_id)
    session.execute(line.order_by(QueueEntry.id).with_for_update())
    return found


def of_repository(session: Session, repository_id: UUID) -> list[MergeQueue]:
    """All queues of a repository."""
    query = sa.select(MergeQueue).where(MergeQueue.repository_id == repository_id)
    return list(session.scalars(query.order_by(MergeQueue.target_branch)))


def entry_of(session: Session, pull_id: UUID) -> QueueEntry | None:
    """Where a pull request stands in line."""
    return session.scalar(sa.select(QueueEntry).where(QueueEntry.pull_id == pull_id))


def entries(session: Session, queue_id: UUID) -> list[QueueEntry]:
    """Who stands in line, the first one first."""
    query = sa.select(QueueEntry).where(QueueEntry.queue_id == queue_id).order_by(*FIRST)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def numbered(session: Session, queue_id: UUID) -> list[tuple[QueueEntry, Conversation]]:
    """The same, with the conversations."""
    query = (
        sa.select(QueueEntry, Conversation)
        .join(Conversation, Conversation.id == QueueEntry.pull_id)
        .where(QueueEntry.queue_id == queue_id)
        .order_by(*FIRST)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def groups(session: Session, queue_id: UUID) -> list[QueueGroup]:
    """What is being tested, the first one first."""
    query = sa.select(QueueGroup).where(QueueGroup.queue_id == queue_id)
    query = query.order_by(QueueGroup.position)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def has_entries(session: Session, repository_id: UUID) -> bool:
    """Whether anything stands in line in a repository, or is being tested there."""
    query = (
        sa.select(MergeQueue.id)
        .where(
            MergeQueue.repository_id == repository_id,
            sa.or_(
                sa.exists().where(QueueEntry.queue_id == MergeQueue.id),
                sa.exists().where(QueueGroup.queue_id == MergeQueue.id),
            ),
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def tests(session: Session, repository_id: UUID, commit: str) -> bool:
    """Whether a commit is what a queue of a repository tests."""
    query = (
        sa.select(QueueGroup.id)
        .join(MergeQueue, MergeQueue.id == QueueGroup.queue_id)
        .where(MergeQueue.repository_id == repository_id, QueueGroup.commit_oid == commit)
    )
    return session.scalar(query.limit(1)) is not None


def is_landing(session: Session, queue: MergeQueue) -> bool:
    """Whether a merge into a queue's branch has begun and is not settled yet."""
    query = (
        sa.select(PullMerge.id)
        .join(Push, Push.id == PullMerge.push_id)
        .join(PullRequest, PullRequest.id == PullMerge.pull_id)
        .where(
            PullRequest.repository_id == queue.repository_id,
            PullRequest.target_branch == queue.target_branch,
            Push.state == PushState.ACCEPTED,
        )
    )
    return session.scalar(query.limit(1)) is not None
