"""A pull request in a merge queue: it is put there, moved in line, taken out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import fetch_pulls, gate
from appliance.db import merge_queue_rows
from appliance.db.merge_queue import MergeQueue, QueueEntry
from appliance.domain import events
from appliance.domain.conversations import Happening
from appliance.domain.merge_queue import Priority, Reason
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    InvalidError,
    PreconditionError,
    RefusedError,
    UnauthenticatedError,
    sentence,
    together,
)
from appliance.services import (
    conversation_steps,
    merge_queue_entries,
    merge_rules,
    merge_settings,
    pull_completion,
    pull_rules,
)
from appliance.services.pull_merging import ObstructedError
from appliance.services.push_names import show as shown

if TYPE_CHECKING:
    from appliance.access.fetch_pulls import SeenPull
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.conversations import Which
    from appliance.domain.git_operations import MergeMethod
    from appliance.git.storage import RepositoryStore
    from appliance.services.merge_settings import MergeSettings
    from appliance.services.pull_merging import Merging
    from appliance.services.pull_rules import Looked

QUEUED = "queued"


def enter(
    work: UnitOfWork,
    which: Which,
    wanted: Merging,
    priority: Priority = Priority.NORMAL,
    *,
    looked: Looked | None = None,
    promised: bool = False,
    now: datetime,
) -> None:
    """Let a pull request be tested and merged when it is its turn. Said again, it comes anew.

    `looked`: what git says, for rulesets; without it they are not asked here, but when it lands.
    `promised`: that it be merged by itself was promised, and is so again when it leaves the queue.

    Errors:
        HiddenError, NotFoundError, RefusedError, UnauthenticatedError: the actor may not.
        InvalidError: the method is not used here. PreconditionError: there are new commits.
        ConflictError: its branch has no queue; it is merged, or closed.
        ObstructedError: something stands in the way.
    """
    seen = fetch_pulls.to_merge(work, which)
    gate.insist_on_oneself(work)
    fetch_pulls.insist_on_open(seen)
    _insist_on_priority(seen, priority)
    settings = merge_settings.of(work, seen.repository)
    method = _method(settings, wanted)
    if wanted.head is not None and wanted.head != seen.pull.head_oid:
        raise PreconditionError(sentence("There are new commits. Review them, then try again."))
    if work.actor.id is None:
        raise UnauthenticatedError(sentence("Sign in first."))
    _insist_on_way(work, seen, looked)
    queue = _locked(work, seen)
    merge_queue_entries.forget(work, seen)
    queue.places_numbered += 1
    origin = work.actor.origin
    work.session.add(
        QueueEntry(
            queue_id=queue.id,
            pull_id=seen.pull.id,
            place=queue.places_numbered,
            priority=int(priority),
            head_oid=seen.pull.head_oid,
            method=method,
            title=wanted.title or "",
            message=wanted.message or "",
            deletes_branch=(
                settings.deletes_branches
                if wanted.deletes_branch is None
                else wanted.deletes_branch
            ),
            user_id=work.actor.id,
            sign_in=str(origin.method),
            credential_id=origin.credential_id,
            since=now,
            promised=promised,
        )
    )
    work.session.flush()  # The job is promised for what stands in line.
    pull_completion.end_promises(work, seen, reason=QUEUED)
    conversation_steps.happened(work, seen.conversation, Happening.QUEUED, now=now)
    work.record(
        events.MergeQueued(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            into=shown(queue.target_branch),
            head=seen.pull.head_oid,
            priority=priority.name.lower(),
        )
    )
    merge_queue_entries.promise(work, seen.repository.id)


def look(
    reads: Callable[[], AbstractContextManager[UnitOfWork]],
    which: Which,
    *,
    repositories: RepositoryStore,
) -> Looked | None:
    """What rules must know of a pull request; None where none asks. Git works in between.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
    """
    with reads() as work:
        seen = fetch_pulls.to_read(work, which)
        home, wanted = seen.repository.id, pull_rules.wanted(work, seen)
    return None if wanted is None else pull_rules.look(repositories.folder(home), wanted)


def leave(work: UnitOfWork, which: Which, *, now: datetime) -> None:
    """Let a pull request stand in line no more. Safe to repeat.

    Errors:
        HiddenError, NotFoundError, RefusedError: the actor may not. ConflictError: archived.
    """
    seen = fetch_pulls.to_edit(work, which)
    merge_queue_entries.leave(work, seen, Reason.BY_HAND, now=now)


def prioritise(work: UnitOfWork, which: Which, priority: Priority) -> None:
    """Let a pull request in line come sooner or later.

    Errors:
        HiddenError, NotFoundError, RefusedError: the actor may not.
        ConflictError: it stands in no queue, or the repository is archived.
    """
    seen = fetch_pulls.to_merge(work, which)
    _insist_on_priority(seen, priority)
    _locked(work, seen)
    entry = merge_queue_rows.entry_of(work.session, seen.pull.id)
    if entry is None:
        raise ConflictError(
            sentence("#%(number)s is not in a merge queue.", number=seen.conversation.number)
        )
    if entry.priority == priority:
        return
    entry.priority = int(priority)
    work.record(
        events.MergePrioritised(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            priority=priority.name.lower(),
        )
    )
    merge_queue_entries.promise(work, seen.repository.id)


def _insist_on_way(work: UnitOfWork, seen: SeenPull, looked: Looked | None) -> None:
    """What the queue sees to is in nobody's way: its rule, and checks of what will land."""
    found = merge_rules.obstacles(work, seen, looked=looked)
    others = [each for each in found if each.rule not in merge_rules.OF_QUEUES]
    if others:
        raise ObstructedError(together([each.text for each in others]), others)


def _insist_on_priority(seen: SeenPull, priority: Priority) -> None:
    """Others are tested anew behind who jumps the line: maintainers answer for that."""
    if priority is Priority.HIGH and Permission.REPOSITORY_MAINTAIN not in seen.standing.allowed:
        raise RefusedError(sentence("Only maintainers can move a pull request ahead of others."))


def _locked(work: UnitOfWork, seen: SeenPull) -> MergeQueue:
    pull = seen.pull
    queue = merge_queue_rows.of_branch(
        work.session, pull.repository_id, pull.target_branch, locks=True
    )
    if queue is None:
        raise ConflictError(
            sentence(
                "%(branch)s has no merge queue. Merge it, or ask a maintainer for a queue.",
                branch=shown(pull.target_branch),
            )
        )
    return queue


def _method(settings: MergeSettings, wanted: Merging) -> MergeMethod:
    method = wanted.method or settings.usual
    if method not in settings.methods:
        raise InvalidError.of(
            "method", sentence("The merge method “%(method)s” is not allowed here.", method=method)
        )
    return method
