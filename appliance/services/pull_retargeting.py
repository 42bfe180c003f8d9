"""Letting a pull request come into another branch.

What it changes is counted anew from there: so it gets a patch set where that is something else, and
what was approved or promised of the branch before says nothing of this one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import fetch_pulls
from appliance.access.fetch_pulls import SeenPull
from appliance.access.gate import open_to_everyone
from appliance.db import pull_rows
from appliance.db.pulls import PatchSet
from appliance.db.reviews import Review
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import Happening
from appliance.domain.merge_queue import Reason
from appliance.domain.pull_requests import MergeState, Shift, Verdict
from appliance.errors import InvalidError, NotFoundError, PreconditionError, sentence
from appliance.git import pull_refs, refs
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    change_scans,
    conversation_steps,
    merge_queue_entries,
    pull_completion,
)
from appliance.services.push_names import show
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

RETARGETED = "retargeted"


@open_to_everyone(because="whoever changes a pull request was asked whether they may")
def retarget(
    work: UnitOfWork,
    seen: SeenPull,
    into: bytes,
    *,
    repositories: RepositoryStore,
    now: datetime,
) -> None:
    """Let a pull request come into another branch.

    Errors:
        InvalidError: there is no such branch, or nothing would change there.
        ConflictError: it was merged or closed. PreconditionError: there are new commits.
    """
    fetch_pulls.insist_on_open(seen)
    _insist_on_latest(work, seen)
    move(work, seen, into, repositories=repositories, now=now)


@open_to_everyone(because="whoever changes a pull request was asked whether they may")
def move(
    work: UnitOfWork,
    seen: SeenPull,
    into: bytes,
    *,
    repositories: RepositoryStore,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Count what an open pull request changes from another branch, for a reason if there is one.

    Errors:
        InvalidError: there is no such branch, or nothing would change there.
    """
    pull = seen.pull
    if (pull.source_repository_id, pull.source_branch) == (pull.repository_id, into):
        raise InvalidError.of("base", sentence("A branch cannot be merged into itself."))
    target, base = _measured(seen, into, repositories)
    before, pull.target_branch, pull.merge_state = pull.target_branch, into, MergeState.UNKNOWN
    conversation_steps.happened(
        work,
        seen.conversation,
        Happening.RETARGETED,
        now=now,
        before=show(before),
        after=show(into),
        reason=reason,
    )
    _count_from(work, seen, target, base, now=now)
    pull_completion.end_promises(work, seen, reason=RETARGETED)
    merge_queue_entries.leave(work, seen, Reason.CHANGED, now=now)
    for review in pull_rows.standing_reviews(work.session, pull.id):
        if review.verdict is Verdict.APPROVE:
            _dismiss(work, seen, review, now=now)


def _insist_on_latest(work: UnitOfWork, seen: SeenPull) -> None:
    """What was pushed becomes a patch set first, so that it is known whose it is."""
    home, ref = seen.pull.source_repository_id, BRANCHES + seen.pull.source_branch
    at = pull_rows.ledger_oid(work.session, home, ref) if home else None
    if at is not None and at != seen.pull.head_oid:
        raise PreconditionError(sentence("There are new commits. Review them, then try again."))


def _measured(seen: SeenPull, into: bytes, repositories: RepositoryStore) -> tuple[str, str]:
    """Where the new target is, and what it has in common with the head."""
    folder, head = ready_folder(seen.repository, repositories), seen.pull.head_oid
    try:
        target = refs.one(folder, BRANCHES + into).target
    except NotFoundError as error:
        raise InvalidError.of(
            "base", sentence("There is no branch %(branch)s.", branch=show(into))
        ) from error
    base = pull_refs.base(folder, target, head)
    if base is None:
        raise InvalidError.of("base", sentence("The two branches have no common history."))
    if base == head:
        raise InvalidError.of(
            "base",
            sentence(
                "%(into)s already has all commits of %(branch)s: there is nothing to merge.",
                into=show(into),
                branch=show(seen.pull.source_branch),
            ),
        )
    return target, base


def _count_from(work: UnitOfWork, seen: SeenPull, target: str, base: str, *, now: datetime) -> None:
    """What it changes is other than before, if it is counted from another commit. Who pushed it is
    who they were: rules ask.
    """
    pull, last = seen.pull, pull_rows.patch_sets(work.session, seen.pull.id)[-1]
    if last.base_oid == base:
        return
    pull.patch_sets_numbered += 1
    work.session.add(
        PatchSet(
            pull_id=pull.id,
            number=pull.patch_sets_numbered,
            head_oid=pull.head_oid,
            base_oid=base,
            target_oid=target,
            shift=Shift.REWRITTEN,
            push_id=last.push_id,
            pushed_by_id=last.pushed_by_id,
            pushed_by_label=last.pushed_by_label,
            created_at=now,
        )
    )
    change_scans.promise(work, pull)


def _dismiss(work: UnitOfWork, seen: SeenPull, review: Review, *, now: datetime) -> None:
    review.dismissed_at, review.dismissed_by_id = now, work.actor.id
    conversation_steps.happened(
        work,
        seen.conversation,
        Happening.REVIEW_DISMISSED,
        now=now,
        user_id=review.author_id,
        review=str(review.id),
    )
    work.record(
        events.ReviewDismissed(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            review_id=str(review.id),
            why=RETARGETED,
        )
    )
