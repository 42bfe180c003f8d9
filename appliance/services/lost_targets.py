"""What becomes of an open pull request whose target branch was deleted; a job sees to it.

A branch that was merged before it was deleted has gone to where it was merged, and so does what
was to come into it. Otherwise there is nothing that it could come into, and it is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.fetch_pulls import SeenPull
from appliance.db import pull_rows
from appliance.db.pulls import PullRequest
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT
from appliance.errors import InvalidError, NotFoundError
from appliance.git import pull_refs, refs
from appliance.git.ref_names import BRANCHES
from appliance.services import pull_completion, pull_following, pull_retargeting, push_settlement
from appliance.services.pull_following import Followed
from appliance.services.push_names import show
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.db.pushes import Push
    from appliance.git.storage import RepositoryStore

TARGET_DELETED = "target_deleted"


def is_lost(followed: Followed) -> bool:
    """Whether there is no target branch any more. Needs no transaction.

    Errors:
        DamagedError, TimeoutExceededError: the repository cannot be read.
    """
    try:
        refs.one(followed.folder, BRANCHES + followed.target_branch)
    except NotFoundError:
        return True
    return False


def note(
    work: UnitOfWork, followed: Followed, *, repositories: RepositoryStore, now: datetime
) -> None:
    """Let it come into where its target was merged; close it where that is nowhere.

    In the name of who deleted the branch.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    seen = pull_completion.locked(work, followed.pull_id)
    if seen is None or not _is_as_planned(seen, followed):
        return
    pull, asking = seen.pull, work.actor
    ref = BRANCHES + pull.target_branch
    push = pull_rows.mover(work.session, pull.repository_id, ref, NO_OBJECT)
    if push is not None:
        work.actor = push_settlement.pusher(work, push)
    into = _places(work, seen, push, ref, repositories)
    if not any(_comes_into(work, seen, each, repositories, now) for each in into):
        pull_following.close(work, seen, TARGET_DELETED, now=now)
    work.actor = asking


def _is_as_planned(seen: SeenPull, followed: Followed) -> bool:
    pull, home = seen.pull, seen.repository
    is_open = seen.conversation.is_open and pull.merged_at is None
    is_away = home.archived_at or home.deleted_at
    return is_open and not is_away and pull.target_branch == followed.target_branch


def _places(
    work: UnitOfWork,
    seen: SeenPull,
    push: Push | None,
    ref: bytes,
    repositories: RepositoryStore,
) -> Iterator[bytes]:
    """Where the target was merged: by a pull request, or as the default branch shows."""
    pull = seen.pull
    merged = _merged_into(work, pull.repository_id, pull.target_branch)
    if merged is not None:
        yield merged
    last, usual = pull_rows.onto(work.session, push, ref), seen.repository.default_branch.encode()
    at = pull_rows.ledger_oid(work.session, pull.repository_id, BRANCHES + usual)
    if last is None or at is None or usual == merged:
        return
    if pull_refs.is_in(ready_folder(seen.repository, repositories), last, at):
        yield usual


def _merged_into(work: UnitOfWork, home: UUID, branch: bytes) -> bytes | None:
    """Where a branch went with its last pull request; on from there while that is gone, too."""
    passed: set[bytes] = set()
    found: bytes | None = branch
    while found is not None and found not in passed:
        passed.add(found)
        query = sa.select(PullRequest.target_branch).where(
            PullRequest.repository_id == home,
            PullRequest.source_repository_id == home,
            PullRequest.source_branch == found,
            PullRequest.merged_at.is_not(None),
        )
        found = work.session.scalar(query.order_by(PullRequest.merged_at.desc()).limit(1))
        if found and pull_rows.ledger_oid(work.session, home, BRANCHES + found) is not None:
            return found
    return None


def _comes_into(
    work: UnitOfWork, seen: SeenPull, into: bytes, repositories: RepositoryStore, now: datetime
) -> bool:
    """Whether it could be let come into a branch; what it was there for is so then."""
    if pull_rows.same_as(work.session, seen.pull, into=into) is not None:
        return False
    try:
        pull_retargeting.move(
            work, seen, into, repositories=repositories, now=now, reason=TARGET_DELETED
        )
    except InvalidError:
        return False  # That is gone, too, or has all of it.
    home = seen.repository
    work.record(
        events.PullRequestChanged(
            about=home.id,
            organisation_id=home.organisation_id,
            number=seen.conversation.number,
            changed=["into"],
            draft=seen.pull.is_draft,
            into=show(into),
        )
    )
    work.later(Job.FOLLOW_PULLS, about=home.id, repository_id=str(home.id))
    return True
