"""Leaving a merge queue, and letting its job look when something has happened.

Other verbs call it whose acts end a pull request's turn. It stands below them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import merge_queue_rows
from appliance.db.outbox import JobRecord
from appliance.db.pulls import AutoMerge
from appliance.domain import events
from appliance.domain.conversations import Happening
from appliance.domain.jobs import Job, JobState
from appliance.domain.merge_queue import FAILURES, Reason
from appliance.errors import Sentence, sentence
from appliance.services import conversation_steps

if TYPE_CHECKING:
    from appliance.access.fetch_pulls import SeenPull
    from appliance.db.merge_queue import QueueEntry
    from appliance.db.unit_of_work import UnitOfWork

PROMISED_AGAIN: dict[Reason, Sentence | None] = {
    Reason.CHECKS_FAILED: sentence("Its checks failed in the merge queue. Push what mends them."),
    Reason.TIMED_OUT: sentence("Its checks took too long in the merge queue. Push again."),
    Reason.CONFLICTS: sentence("It is in conflict with what the merge queue has. Resolve that."),
    Reason.OBSTRUCTED: sentence("Rules refused it in the merge queue."),
    Reason.NEW_COMMITS: None,
}
"""After what a promise stands again with which an entry came, and what it waits for."""
NEED_PUSH = frozenset({Reason.CHECKS_FAILED, Reason.TIMED_OUT, Reason.CONFLICTS})
ASKED = "whoever changes a pull request was asked whether they may"


@open_to_everyone(because=ASKED)
def leave(work: UnitOfWork, seen: SeenPull, reason: Reason, *, now: datetime) -> bool:
    """Let a pull request stand in line no more; whether it did."""
    entry = merge_queue_rows.entry_of(work.session, seen.pull.id)
    if not forget(work, seen):
        return False
    conversation_steps.happened(
        work, seen.conversation, Happening.DEQUEUED, now=now, reason=str(reason)
    )
    about: Any = {
        "about": seen.repository.id,
        "organisation_id": seen.repository.organisation_id,
        "number": seen.conversation.number,
        "reason": str(reason),
    }
    work.record(events.MergeDequeued(**about))
    if reason in FAILURES:
        work.record(events.MergeFailed(**about))
    if entry is not None and entry.promised and reason in PROMISED_AGAIN:
        _promise_again(work, seen, entry, reason, now=now)
    return True


@open_to_everyone(because=ASKED)
def forget(work: UnitOfWork, seen: SeenPull) -> bool:
    """The same without a word: something else says what happened to it."""
    entry = merge_queue_rows.entry_of(work.session, seen.pull.id)
    if entry is None:
        return False
    work.session.delete(entry)
    work.session.flush()  # It may come again in the same transaction.
    promise(work, seen.repository.id)
    return True


@open_to_everyone(because=ASKED)
def promise(work: UnitOfWork, repository_id: UUID) -> None:
    """Let a job look at the queues of a repository, if anything is in one of them.

    A job that waits already will see what is so when it begins.
    """
    waiting = sa.select(JobRecord.id).where(
        JobRecord.about == repository_id,
        JobRecord.job == Job.RUN_MERGE_QUEUES,
        JobRecord.state == JobState.QUEUED,
        JobRecord.not_before.is_(None),
    )
    if work.session.scalar(waiting.limit(1)) is not None:
        return
    if merge_queue_rows.has_entries(work.session, repository_id):
        work.later(Job.RUN_MERGE_QUEUES, about=repository_id, repository_id=str(repository_id))


def _promise_again(
    work: UnitOfWork, seen: SeenPull, entry: QueueEntry, reason: Reason, *, now: datetime
) -> None:
    """Let an entry come again by itself as soon as it may; not with what others have pushed."""
    if reason is Reason.NEW_COMMITS and entry.user_id != work.actor.id:
        return
    if work.session.get(AutoMerge, seen.pull.id) is not None:
        return  # It was promised anew meanwhile.
    why, method = PROMISED_AGAIN[reason], str(entry.method)
    work.session.add(
        AutoMerge(
            id=seen.pull.id,
            method=entry.method,
            title=entry.title,
            message=entry.message,
            deletes_branch=entry.deletes_branch,
            user_id=entry.user_id,
            sign_in=entry.sign_in,
            credential_id=entry.credential_id,
            since=now,
            refused_at=now if why else None,
            refused_head=entry.head_oid if why else "",
            refused_because=str(why or ""),
            needs_push=reason in NEED_PUSH,
        )
    )
    kind = Happening.AUTO_MERGE_ON
    conversation_steps.happened(work, seen.conversation, kind, now=now, method=method)
    work.record(
        events.AutoMergeEnabled(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            method=method,
        )
    )
    home = seen.repository.id
    work.later(Job.FOLLOW_PULLS, about=home, repository_id=str(home))


@open_to_everyone(because="whoever reports on a commit was asked whether they may")
def note_report(work: UnitOfWork, repository_id: UUID, commit: str) -> None:
    """Let the queue go on where something was said of a commit that it tests."""
    if merge_queue_rows.tests(work.session, repository_id, commit):
        promise(work, repository_id)
