"""Merging as soon as nothing stands in the way, in the name of who said so.

They must still be allowed to when it is done, by what they showed then: a token that was revoked
merges nothing, and nobody who was suspended. A browser session may end meanwhile: people sign out
every evening, and promise so that they need not wait. What others push afterwards ends the promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_pulls, gate
from appliance.access.fetch_pulls import SeenPull
from appliance.db.conversations import Conversation
from appliance.db.pulls import AutoMerge, PullRequest
from appliance.db.repositories import Repository
from appliance.db.reviews import Review
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import Happening, Which
from appliance.domain.git_operations import MergeMethod
from appliance.domain.identity import Actor, Method, Origin
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, UnauthenticatedError, sentence
from appliance.services import conversation_steps, identify, merge_settings, pull_completion
from appliance.services.pull_merging import Merging

if TYPE_CHECKING:
    from appliance.services.merge_settings import MergeSettings

BY_HAND = "by_hand"
NOT_ALLOWED = "not_allowed"
MAY_NOT_ENTER = sentence(
    "Who enabled auto-merge may not sign in any more, or the token or key they used is gone."
)
TRIED_AGAIN = timedelta(hours=1)
"""After it was refused, as long as nobody pushes or reviews."""


def enable(work: UnitOfWork, which: Which, wanted: Merging, *, now: datetime) -> None:
    """Let a pull request be merged as soon as nothing stands in the way. Said again, it replaces.

    Errors:
        HiddenError, NotFoundError, RefusedError, UnauthenticatedError: the actor may not.
        InvalidError: the method is not used here. PreconditionError: there are new commits.
        ConflictError: it is merged, closed, or that is not used here.
    """
    seen = fetch_pulls.to_merge(work, which)
    gate.insist_on_oneself(work)
    fetch_pulls.insist_on_open(seen)
    settings = merge_settings.of(work, seen.repository)
    method = _insist_on_rules(settings, wanted)
    if work.actor.id is None:
        raise UnauthenticatedError(sentence("Sign in first."))
    before = work.session.get(AutoMerge, seen.pull.id)
    if before is not None:
        work.session.delete(before)
        work.session.flush()  # One row for each.
    origin = work.actor.origin
    row = AutoMerge(
        id=seen.pull.id,
        method=method,
        title=wanted.title or "",
        message=wanted.message or "",
        deletes_branch=(
            settings.deletes_branches if wanted.deletes_branch is None else wanted.deletes_branch
        ),
        user_id=work.actor.id,
        sign_in=str(origin.method),
        credential_id=origin.credential_id,
        since=now,
    )
    work.session.add(row)
    conversation_steps.happened(
        work, seen.conversation, Happening.AUTO_MERGE_ON, now=now, method=str(method)
    )
    work.record(
        events.AutoMergeEnabled(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            method=str(method),
        )
    )
    home = seen.repository.id
    work.later(Job.FOLLOW_PULLS, about=home, repository_id=str(home))


def disable(work: UnitOfWork, which: Which, *, now: datetime) -> None:
    """Let it be merged by hand only. Safe to repeat. For who may merge, and who asks for it.

    Errors:
        HiddenError, NotFoundError, RefusedError: the actor may not. ConflictError: archived.
    """
    seen = fetch_pulls.to_edit(work, which)
    if work.session.get(AutoMerge, seen.pull.id) is None:
        return
    conversation_steps.happened(work, seen.conversation, Happening.AUTO_MERGE_OFF, now=now)
    pull_completion.end_promises(work, seen, reason=BY_HAND)


@dataclass(frozen=True)
class Waiting:
    """A merge that was promised: in whose name, of what, and how."""

    actor: Actor
    which: Which
    wanted: Merging


def waiting(work: UnitOfWork, pull_id: UUID, *, now: datetime) -> Waiting | None:
    """Who promised to merge a pull request, and how; None where nobody did, or where it
    was refused a short while ago.

    Errors:
        RefusedError: only the appliance and administrators may.
        UnauthenticatedError: they may not enter any more, or what they showed does not stand.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get(AutoMerge, pull_id)
    if row is None:
        return None
    pull = work.session.get_one(PullRequest, pull_id)
    if row.refused_head == pull.head_oid and _is_held(work, row, now):
        return None
    repository = work.session.get_one(Repository, pull.repository_id)
    conversation = work.session.get_one(Conversation, pull_id)
    origin = Origin(method=Method(row.sign_in), credential_id=row.credential_id)
    actor = identify.again(work, row.user_id, row.credential_id, origin=origin, now=now)
    wanted = Merging(
        row.method,
        row.title or None,
        row.message or None,
        pull.head_oid,
        row.deletes_branch,
    )
    return Waiting(actor, fetch_pulls.which(repository.path, conversation.number), wanted)


def promise_all(work: UnitOfWork) -> None:
    """Let all that was promised be tried again: a check has passed, a freeze has ended, a rule is
    another one.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(PullRequest.repository_id).join(AutoMerge, AutoMerge.id == PullRequest.id)
    for home in work.session.scalars(query.distinct()):
        work.later(Job.FOLLOW_PULLS, about=home, repository_id=str(home))


def wait(work: UnitOfWork, pull_id: UUID, reason: str, *, now: datetime) -> None:
    """Say that rules for pushes refuse a promised merge as all is now, and try it again later.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get(AutoMerge, pull_id)
    seen = None if row is None else pull_completion.locked(work, pull_id)
    if row is None or seen is None:
        return
    row.refused_at, row.refused_head, row.refused_because = now, seen.pull.head_oid, reason
    row.needs_push = False
    _record_failure(work, seen, reason)


def give_up(work: UnitOfWork, pull_id: UUID, reason: str, *, now: datetime) -> None:
    """Say that a promised merge cannot be done, and promise it no more.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = work.session.get(AutoMerge, pull_id)
    if row is None:
        return
    seen = pull_completion.locked(work, pull_id)
    if seen is None:
        return
    _note_failure(work, seen, reason, now=now)
    pull_completion.end_promises(work, seen, reason=NOT_ALLOWED)


def _is_held(work: UnitOfWork, row: AutoMerge, now: datetime) -> bool:
    """Whether what was refused a while ago would only be refused again."""
    if row.needs_push or row.refused_at is None:
        return row.needs_push
    reviewed = sa.select(Review.id).where(
        Review.pull_id == row.id, Review.submitted_at > row.refused_at
    )
    is_reviewed = work.session.scalar(reviewed.limit(1)) is not None
    return now < row.refused_at + TRIED_AGAIN and not is_reviewed


def _insist_on_rules(settings: MergeSettings, wanted: Merging) -> MergeMethod:
    if not settings.allows_auto_merge:
        raise ConflictError(sentence("Auto-merge is not allowed in this repository."))
    method = wanted.method or settings.usual
    if method not in settings.methods:
        raise InvalidError.of(
            "method", sentence("The merge method “%(method)s” is not allowed here.", method=method)
        )
    return method


def _note_failure(work: UnitOfWork, seen: SeenPull, reason: str, *, now: datetime) -> None:
    conversation_steps.happened(
        work, seen.conversation, Happening.AUTO_MERGE_OFF, now=now, reason=reason
    )
    _record_failure(work, seen, reason)


def _record_failure(work: UnitOfWork, seen: SeenPull, reason: str) -> None:
    work.record(
        events.MergeFailed(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            reason=reason,
        )
    )
