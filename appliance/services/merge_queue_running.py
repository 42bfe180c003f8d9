"""The steps of a merge queue, but for landing; a job does them, as the appliance.

    promise_all look at all queues again
    plan        what is to be done now
    do          drop groups, halve one, let an entry leave
    asked       in whose name an entry is merged, and how
    note_built  what came of merging entries one on top of the other
    refuse      rules let a group not land

Each that writes looks first whether the step is still the next one, with the queue locked. Pull
requests are locked before their queue, here as elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_pulls, gate
from appliance.db import merge_queue_rows
from appliance.db.conversations import Conversation
from appliance.db.merge_queue import MergeQueue, QueueEntry, QueueGroup
from appliance.db.repositories import Repository
from appliance.domain import events
from appliance.domain.identity import Actor, Method, Origin
from appliance.domain.jobs import Job
from appliance.domain.merge_queue import (
    Build,
    Drop,
    Halve,
    Leave,
    Reason,
    Step,
    Wait,
    next_step,
)
from appliance.domain.permissions import Permission
from appliance.services import (
    identify,
    merge_queue_entries,
    merge_queue_state,
    pull_completion,
)
from appliance.services.pull_merging import Merging
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.conversations import Which
    from appliance.git.storage import RepositoryStore


@dataclass(frozen=True)
class Next:
    """What is to be done in a queue."""

    queue_id: UUID
    folder: Path
    path: str
    branch: bytes
    step: Step


@dataclass(frozen=True)
class Asked:
    """An entry: in whose name it is merged, which pull request it is, and how."""

    entry_id: UUID
    pull_id: UUID
    actor: Actor
    which: Which
    wanted: Merging


@dataclass(frozen=True)
class Member:
    """An entry that was merged: from one commit it came to the next."""

    entry_id: UUID
    pull_id: UUID
    number: int
    head: str
    onto: str
    commit: str

    @property
    def as_row(self) -> dict[str, Any]:
        """The same, as a group remembers it."""
        return {
            "entry": str(self.entry_id),
            "pull": str(self.pull_id),
            "number": self.number,
            "head": self.head,
            "onto": self.onto,
            "as": self.commit,
        }


def active(work: UnitOfWork, repository_id: UUID) -> list[UUID]:
    """The queues of a repository.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return [each.id for each in merge_queue_rows.of_repository(work.session, repository_id)]


def promise_all(work: UnitOfWork) -> None:
    """Let all queues be looked at again: a freeze has ended, a rule is another one.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(MergeQueue.repository_id).join(
        QueueEntry, QueueEntry.queue_id == MergeQueue.id
    )
    for home in work.session.scalars(query.distinct()):
        work.later(Job.RUN_MERGE_QUEUES, about=home, repository_id=str(home))


def plan(
    work: UnitOfWork, queue_id: UUID, *, repositories: RepositoryStore, now: datetime
) -> Next | None:
    """What is to be done now; None where there is no queue any more.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get(MergeQueue, queue_id)
    if row is None:
        return None
    repository = work.session.get_one(Repository, row.repository_id)
    folder = repositories.folder(repository.id)
    return Next(
        queue_id, folder, repository.path, row.target_branch, _next(work, row, now) or Wait()
    )


def do(work: UnitOfWork, planned: Next, *, now: datetime) -> list[bytes]:
    """Drop groups, halve one, or let an entry leave; gives the refs that nobody needs any more.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    step = planned.step
    seen = _seen(work, step.entry) if isinstance(step, Leave) else None
    row = merge_queue_rows.locked(work.session, planned.queue_id)
    if row is None or _next(work, row, now) != step:
        return []
    match step:
        case Drop():
            gone = sa.delete(QueueGroup).where(QueueGroup.id.in_(step.groups))
            work.session.execute(gone)
            return [merge_queue_state.ref_of(row.target_branch, each) for each in step.groups]
        case Halve():
            _limit(work, row, step.entries, step.most)
        case Leave() if seen is not None:
            merge_queue_entries.leave(work, seen, step.reason, now=now)
            _limit(work, row, None, None)
    return []


def asked(work: UnitOfWork, entry_id: UUID, *, now: datetime) -> Asked | None:
    """Who put an entry in line, and how it is to be merged; None where it has left.

    Errors:
        RefusedError: only the appliance and administrators may.
        UnauthenticatedError: they may not enter any more, or what they showed does not stand.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get(QueueEntry, entry_id)
    if row is None:
        return None
    queue = work.session.get_one(MergeQueue, row.queue_id)
    repository = work.session.get_one(Repository, queue.repository_id)
    conversation = work.session.get_one(Conversation, row.pull_id)
    origin = Origin(method=Method(row.sign_in), credential_id=row.credential_id)
    actor = identify.again(work, row.user_id, row.credential_id, origin=origin, now=now)
    wanted = Merging(
        row.method,
        row.title or None,
        row.message or None,
        row.head_oid,
        row.deletes_branch,
        by_queue=True,
    )
    which = fetch_pulls.which(repository.path, conversation.number)
    return Asked(entry_id, row.pull_id, actor, which, wanted)


def note_built(
    work: UnitOfWork,
    planned: Next,
    group_id: UUID,
    members: tuple[Member, ...],
    *,
    now: datetime,
) -> bool:
    """Write down a group, or that not even its first entry goes on the base; whether it was time.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    step = planned.step
    row = merge_queue_rows.locked(work.session, planned.queue_id)
    if row is None or not isinstance(step, Build) or _next(work, row, now) != step:
        return False
    if not members:
        work.session.get_one(QueueEntry, step.entries[0]).blocked_on = step.base
        return True
    standing = merge_queue_rows.groups(work.session, row.id)
    work.session.add(
        QueueGroup(
            id=group_id,
            queue_id=row.id,
            position=standing[-1].position + 1 if standing else 1,
            base_oid=step.base,
            commit_oid=members[-1].commit,
            members=[each.as_row for each in members],
            built_at=now,
            refused=False,
        )
    )
    repository = work.session.get_one(Repository, row.repository_id)
    work.record(
        events.MergeGroupBuilt(
            about=repository.id,
            organisation_id=repository.organisation_id,
            into=show(row.target_branch),
            base=step.base,
            commit=members[-1].commit,
            ref=show(merge_queue_state.ref_of(row.target_branch, group_id)),
            numbers=[each.number for each in members],
        )
    )
    work.later(
        Job.RUN_MERGE_QUEUES,
        about=repository.id,
        not_before=now + timedelta(minutes=row.minutes),
        repository_id=str(repository.id),
    )
    return True


def refuse(work: UnitOfWork, planned: Next, group_id: UUID) -> None:
    """Remember that rules for pushes let a group not land, though its checks are good.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    merge_queue_rows.locked(work.session, planned.queue_id)
    group = work.session.get(QueueGroup, group_id)
    if group is not None:
        group.refused = True


def dismiss(work: UnitOfWork, entry_id: UUID, reason: Reason, *, now: datetime) -> None:
    """Let an entry leave that cannot be merged by whoever put it there, or not any more.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    seen = _seen(work, entry_id)
    if seen is not None:
        merge_queue_entries.leave(work, seen, reason, now=now)


def is_empty(work: UnitOfWork, queue_id: UUID) -> bool:
    """Whether nothing stands in a queue, and nothing is tested.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    session = work.session
    return not (
        merge_queue_rows.entries(session, queue_id) or merge_queue_rows.groups(session, queue_id)
    )


def _next(work: UnitOfWork, row: MergeQueue, now: datetime) -> Step | None:
    queue = merge_queue_state.of_row(work, row, now=now)
    return None if queue is None else next_step(queue)


def _seen(work: UnitOfWork, entry_id: UUID) -> fetch_pulls.SeenPull | None:
    entry = work.session.get(QueueEntry, entry_id)
    return None if entry is None else pull_completion.locked(work, entry.pull_id)


def _limit(
    work: UnitOfWork, row: MergeQueue, entries: tuple[UUID, ...] | None, most: int | None
) -> None:
    for each in merge_queue_rows.entries(work.session, row.id):
        if entries is None or each.id in entries:
            each.most_together = most
