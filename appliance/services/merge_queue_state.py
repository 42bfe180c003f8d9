"""A merge queue as the rules for its next step see it, from its rows and what was said of commits.

What is asked here twice, before a step is done and while it is written down, must be the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db import merge_queue_rows, pull_rows
from appliance.db.merge_queue import MergeQueue, QueueEntry, QueueGroup
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import merge_queue
from appliance.domain.merge_queue import Entry, Group, Priority, Queue, Rules, Verdict
from appliance.domain.protection import NO_OBJECT
from appliance.git.queue_refs import QUEUES
from appliance.git.ref_names import BRANCHES
from appliance.services import merge_queue_checks
from appliance.services.merge_queue_checks import Demands, Standings

ASKED = "the appliance asks it for itself, and pages for who may read the repository"


@open_to_everyone(because=ASKED)
def of_row(work: UnitOfWork, row: MergeQueue, *, now: datetime) -> Queue | None:
    """All that counts; None where nothing can be done: the branch or the repository is gone."""
    repository = work.session.get_one(Repository, row.repository_id)
    ref = BRANCHES + row.target_branch
    target = pull_rows.ledger_oid(work.session, row.repository_id, ref)
    is_still = repository.archived_at is not None or repository.deleted_at is not None
    if target is None or target == NO_OBJECT or is_still:
        return None
    groups = merge_queue_rows.groups(work.session, row.id)
    demands = merge_queue_checks.demanded(work, row)
    return Queue(
        target,
        tuple(map(_entry, merge_queue_rows.entries(work.session, row.id))),
        tuple(_group(work, row, each, demands, now) for each in groups),
        Rules(row.together, row.at_once, row.is_paused),
        is_landing=merge_queue_rows.is_landing(work.session, row),
    )


@open_to_everyone(because=ASKED)
def verdict(row: MergeQueue, group: QueueGroup, standings: Standings, *, now: datetime) -> Verdict:
    """What the checks of a group come to."""
    is_late = now >= group.built_at + timedelta(minutes=row.minutes)
    said = merge_queue.verdict((*standings.own, *standings.by_rules), is_late=is_late)
    return Verdict.REFUSED if said is Verdict.PASSED and group.refused else said


def members(group: QueueGroup) -> list[UUID]:
    """The entries of a group, in order."""
    return [UUID(each["entry"]) for each in group.members]


def ref_of(branch: bytes, group_id: UUID) -> bytes:
    """What keeps the commit of a group, for who tests it to fetch."""
    return QUEUES + branch + b"/" + group_id.hex.encode()


def found(rows: Sequence[QueueGroup], group_id: UUID) -> QueueGroup | None:
    """One of some groups."""
    return next((each for each in rows if each.id == group_id), None)


def _entry(row: QueueEntry) -> Entry:
    return Entry(row.id, row.place, Priority(row.priority), row.most_together, row.blocked_on)


def _group(
    work: UnitOfWork, row: MergeQueue, group: QueueGroup, demands: Demands, now: datetime
) -> Group:
    standings = merge_queue_checks.standings(work, row, group.commit_oid, demands)
    return Group(
        group.id,
        group.base_oid,
        group.commit_oid,
        tuple(members(group)),
        verdict(row, group, standings, now=now),
    )
