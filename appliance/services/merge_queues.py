"""Merge queues: whether a branch has one, how it works, and what stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import fetch, fetch_pulls
from appliance.access.gate import open_to_everyone
from appliance.db import merge_queue_rows
from appliance.db.conversation_rows import user_names
from appliance.db.conversations import Conversation
from appliance.db.merge_queue import MergeQueue, QueueEntry, QueueGroup
from appliance.domain import events
from appliance.domain.checks import check_name
from appliance.domain.merge_queue import (
    MOST_AT_ONCE,
    MOST_CHECKS,
    MOST_MINUTES,
    MOST_TOGETHER,
    Priority,
    Reason,
    Rules,
    Verdict,
)
from appliance.domain.permissions import Permission
from appliance.domain.pull_requests import check_branch
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.git import refs
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    merge_queue_checks,
    merge_queue_entries,
    merge_queue_state,
    pull_completion,
)
from appliance.services.push_names import show as shown
from appliance.services.pushes import insist_on_writable
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.checks import Required
    from appliance.domain.conversations import Which
    from appliance.domain.git_operations import MergeMethod
    from appliance.git.storage import RepositoryStore
    from appliance.services.merge_queue_checks import Demands

USUAL = Rules()
USUAL_MINUTES = 60
TOP = {"together": MOST_TOGETHER, "at_once": MOST_AT_ONCE, "minutes": MOST_MINUTES}


@dataclass(frozen=True)
class Wanted:
    """How a queue is to work; None leaves a thing as it is, or as usual."""

    checks: Sequence[str] | None = None
    together: int | None = None
    at_once: int | None = None
    minutes: int | None = None
    is_paused: bool | None = None


@dataclass(frozen=True)
class Waiting:
    """A pull request in line."""

    number: int
    title: str
    priority: Priority
    method: MergeMethod
    head: str
    by: str
    """Empty where they are gone."""
    since: datetime
    group: int | None
    """Which group it is tested in, the first being 1; None where it waits."""


@dataclass(frozen=True)
class Tested:
    """A commit that is being tested: what the branch would be."""

    commit: str
    base: str
    ref: str
    numbers: tuple[int, ...]
    verdict: Verdict
    checks: tuple[Required, ...]
    """Of the queue itself."""
    rule_checks: tuple[Required, ...]
    """That rulesets demand."""
    built_at: datetime


@dataclass(frozen=True)
class QueueFacts:
    """A queue, and all that stands in it."""

    branch: str
    checks: tuple[str, ...]
    together: int
    at_once: int
    minutes: int
    is_paused: bool
    rule_checks: tuple[str, ...] = ()
    """Those that rulesets demand."""
    entries: tuple[Waiting, ...] = ()
    groups: tuple[Tested, ...] = ()


def listed(work: UnitOfWork, path: str, *, now: datetime) -> list[QueueFacts]:
    """All queues of a repository.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    rows = merge_queue_rows.of_repository(work.session, repository.id)
    return [facts(work, each, now=now) for each in rows]


def show(work: UnitOfWork, path: str, branch: str, *, now: datetime) -> QueueFacts:
    """The queue into a branch; the default one if none is named.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
        NotFoundError: the branch has no queue.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return facts(work, _queue(work, repository, branch), now=now)


def change(
    work: UnitOfWork,
    path: str,
    branch: str,
    wanted: Wanted,
    *,
    repositories: RepositoryStore,
    now: datetime,
) -> QueueFacts:
    """Give a branch a merge queue, or let it work otherwise.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: a number or a name will not do, or there is no such branch.
        ConflictError: the repository is archived.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_MAINTAIN)
    insist_on_writable(repository)
    name = check_branch(branch or repository.default_branch)
    row = merge_queue_rows.of_branch(work.session, repository.id, name, locks=True)
    new = _checked(wanted)
    if row is None:
        _insist_on_branch(repository, name, repositories)
        row = MergeQueue(
            repository_id=repository.id,
            target_branch=name,
            checks=[],
            together=USUAL.together,
            at_once=USUAL.at_once,
            minutes=USUAL_MINUTES,
            is_paused=False,
            places_numbered=0,
        )
        work.session.add(row)
        changed = {key: getattr(row, key) for key in ("checks", *TOP, "is_paused")} | new
    else:
        changed = {key: value for key, value in new.items() if getattr(row, key) != value}
    for key, value in changed.items():
        setattr(row, key, value)
    if changed:
        work.session.flush()  # What is shown is asked for by its id.
        work.record(
            events.MergeQueueChanged(
                about=repository.id,
                organisation_id=repository.organisation_id,
                into=shown(name),
                changed=changed,
            )
        )
        merge_queue_entries.promise(work, repository.id)
    return facts(work, row, now=now)


def close(work: UnitOfWork, path: str, branch: str, *, now: datetime) -> None:
    """Let a branch have no queue. Whoever stands in it leaves, without a merge.

    Errors:
        HiddenError, RefusedError: the actor may not. NotFoundError: it has none.
        ConflictError: the repository is archived, or somebody has just come.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_MAINTAIN)
    insist_on_writable(repository)
    row, session, numbers = _queue(work, repository, branch), work.session, []
    ids = {each.pull_id for each in merge_queue_rows.entries(session, row.id)}
    seen_of = {each: pull_completion.locked(work, each) for each in sorted(ids)}
    is_there = merge_queue_rows.locked(session, row.id) is not None
    if not is_there or not {e.pull_id for e in merge_queue_rows.entries(session, row.id)} <= ids:
        raise ConflictError(sentence("The queue has changed meanwhile. Close it again."))
    for seen in filter(None, seen_of.values()):
        merge_queue_entries.leave(work, seen, Reason.BY_HAND, now=now)
        numbers.append(seen.conversation.number)
    session.execute(sa.delete(QueueGroup).where(QueueGroup.queue_id == row.id))
    session.delete(row)
    work.record(
        events.MergeQueueClosed(
            about=repository.id,
            organisation_id=repository.organisation_id,
            into=shown(row.target_branch),
            numbers=sorted(numbers),
        )
    )


@open_to_everyone(because="whoever has a queue before them was asked whether they may read it")
def facts(work: UnitOfWork, row: MergeQueue, *, now: datetime) -> QueueFacts:
    """A queue as plain values."""
    found = merge_queue_rows.numbered(work.session, row.id)
    groups = merge_queue_rows.groups(work.session, row.id)
    names = user_names(work.session, [entry.user_id for entry, _ in found])
    demands = merge_queue_checks.demanded(work, row)
    group_of = {
        entry: place
        for place, group in enumerate(groups, start=1)
        for entry in merge_queue_state.members(group)
    }
    return QueueFacts(
        shown(row.target_branch),
        tuple(row.checks),
        row.together,
        row.at_once,
        row.minutes,
        row.is_paused,
        demands.by_rules,
        tuple(
            _waiting(entry, about, names.get(entry.user_id, ""), group_of.get(entry.id))
            for entry, about in found
        ),
        tuple(_tested(work, row, each, demands, now) for each in groups),
    )


def of_pull(work: UnitOfWork, which: Which, *, now: datetime) -> QueueFacts | None:
    """The queue that a pull request could stand in, or stands in; None where there is none.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
    """
    pull = fetch_pulls.to_read(work, which).pull
    row = merge_queue_rows.of_branch(work.session, pull.repository_id, pull.target_branch)
    return None if row is None else facts(work, row, now=now)


def _waiting(entry: QueueEntry, about: Conversation, by: str, group: int | None) -> Waiting:
    return Waiting(
        about.number,
        about.title,
        Priority(entry.priority),
        entry.method,
        entry.head_oid,
        by,
        entry.since,
        group,
    )


def _tested(
    work: UnitOfWork, row: MergeQueue, group: QueueGroup, demands: Demands, now: datetime
) -> Tested:
    standings = merge_queue_checks.standings(work, row, group.commit_oid, demands)
    return Tested(
        group.commit_oid,
        group.base_oid,
        shown(merge_queue_state.ref_of(row.target_branch, group.id)),
        tuple(each["number"] for each in group.members),
        merge_queue_state.verdict(row, group, standings, now=now),
        standings.own,
        standings.by_rules,
        group.built_at,
    )


def _queue(work: UnitOfWork, repository: Repository, branch: str) -> MergeQueue:
    name = check_branch(branch or repository.default_branch)
    found = merge_queue_rows.of_branch(work.session, repository.id, name)
    if found is None:
        raise NotFoundError(sentence("%(branch)s has no merge queue.", branch=shown(name)))
    return found


def _checked(wanted: Wanted) -> dict[str, Any]:
    new: dict[str, Any] = {}
    if wanted.checks is not None:
        names = list(dict.fromkeys(check_name(each, field="checks") for each in wanted.checks))
        if len(names) > MOST_CHECKS:
            raise InvalidError.of("checks", sentence("At most %(most)s checks.", most=MOST_CHECKS))
        new["checks"] = names
    for key, most in TOP.items():
        value = getattr(wanted, key)
        if value is None:
            continue
        if not 1 <= value <= most:
            raise InvalidError.of(key, sentence("Enter a number from 1 to %(most)s.", most=most))
        new[key] = value
    if wanted.is_paused is not None:
        new["is_paused"] = wanted.is_paused
    return new


def _insist_on_branch(repository: Repository, name: bytes, repositories: RepositoryStore) -> None:
    try:
        refs.one(ready_folder(repository, repositories), BRANCHES + name)
    except NotFoundError as error:
        raise InvalidError.of("branch", sentence("There is no such branch.")) from error
