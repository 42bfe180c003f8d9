"""Bringing pull requests up to date after branches have moved; a job does it, as the appliance.

    plan        which pull requests there are, and how their sources moved
    note_moves  patch sets, whose commits were brought and measured in between; and what keeps them
    note_merge  what a push has merged
    note_look   whether they go together with their targets

Each looks anew at what is so, and may be repeated. In the name of who pushed it says what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_pulls, gate
from appliance.access.fetch_pulls import SeenPull
from appliance.access.gate import open_to_everyone
from appliance.db import pull_rows
from appliance.db.conversations import Conversation
from appliance.db.pulls import PatchSet, PullMerge, PullRequest
from appliance.db.pushes import Push, PushState
from appliance.db.quotas import shortage
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import ClosedAs, ConversationState, Happening
from appliance.domain.identity import Actor
from appliance.domain.merge_queue import Reason
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT
from appliance.domain.pull_requests import MOST_CONFLICTS_KEPT, MergeState, Shift
from appliance.git import pull_refs, refs
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    change_scans,
    conversation_steps,
    merge_queue_entries,
    pull_completion,
    push_settlement,
)
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.git.pull_refs import Look
    from appliance.git.storage import RepositoryStore

MOST_LOOKS = 50
"""Of so many, those that changed last, a job finds out whether they go together with their target;
of the others who looks at them."""
MOST_MOVES = 100
SOURCE_DELETED = "source_deleted"


@dataclass(frozen=True)
class Move:
    """How a source branch moved: by which push, if one is known."""

    push_id: UUID | None
    new_oid: str


@dataclass(frozen=True)
class Followed:
    """An open pull request, and how its source moved on."""

    pull_id: UUID
    number: int
    folder: Path
    source_folder: Path | None
    target_branch: bytes
    head: str
    base: str
    patch_set: int
    kept: dict[int, str]
    """The heads of all patch sets."""
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class NewSet:
    """A patch set to be."""

    push_id: UUID | None
    head: str
    base: str
    target: str
    shift: Shift


@dataclass(frozen=True)
class Looked:
    """Whether two commits go together."""

    target: str
    head: str
    look: Look
    base: str | None = None


def plan(work: UnitOfWork, repository_id: UUID, *, repositories: RepositoryStore) -> list[Followed]:
    """The open pull requests from and into a repository of which something is to be found out, the
    one that changed last first.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    due = pull_rows.due_of(work.session, repository_id)
    return [_followed(work, each, repositories) for each in due]


def plan_one(work: UnitOfWork, pull_id: UUID, *, repositories: RepositoryStore) -> Followed:
    """The same of one pull request, for who has just moved its source.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return _followed(work, work.session.get_one(PullRequest, pull_id), repositories)


def measure(followed: Followed) -> list[NewSet]:
    """The patch sets that moves of the source make. Brings a fork's commits. Needs no transaction.

    Errors:
        DamagedError, TimeoutExceededError, NotFoundError: they cannot be read, or are gone.
        TooLargeError: it is more than may come along.
    """
    made = []
    before = followed.head
    for move in followed.moves:
        if move.new_oid == NO_OBJECT or followed.source_folder is None:
            break
        pull_refs.bring(followed.folder, followed.source_folder, move.new_oid)
        target = refs.one(followed.folder, BRANCHES + followed.target_branch).target
        base = pull_refs.base(followed.folder, target, move.new_oid) or target
        is_forward = pull_refs.is_in(followed.folder, before, move.new_oid)
        shift = Shift.FORWARD if is_forward else Shift.REWRITTEN
        made.append(NewSet(move.push_id, move.new_oid, base, target, shift))
        before = move.new_oid
    return made


def note_moves(
    work: UnitOfWork, followed: Followed, sets: Sequence[NewSet], *, now: datetime
) -> bool:
    """Write down new patch sets, or that the source is gone; whether it still was as planned.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    seen = _locked(work, followed.pull_id)
    if seen is None or seen.pull.head_oid != followed.head:
        return False
    asking = work.actor
    for each in sets:
        work.actor = _pusher(work, each.push_id)
        add_patch_set(work, seen, each, now=now)
    last = followed.moves[-1] if followed.moves else None
    if last is not None and last.new_oid == NO_OBJECT:
        work.actor = _pusher(work, last.push_id)
        conversation_steps.happened(work, seen.conversation, Happening.SOURCE_DELETED, now=now)
        close(work, seen, SOURCE_DELETED, now=now)
    work.actor = asking
    return True


@open_to_everyone(because="whoever moves a pull request's source was asked whether they may")
def add_patch_set(work: UnitOfWork, seen: SeenPull, new: NewSet, *, now: datetime) -> None:
    """A pull request has another head now."""
    pull, before = seen.pull, seen.pull.head_oid
    pull_completion.end_others_promise(work, seen)
    merge_queue_entries.leave(work, seen, Reason.NEW_COMMITS, now=now)
    pull.patch_sets_numbered += 1
    pull.head_oid = new.head
    pull.merge_state = MergeState.UNKNOWN
    work.session.add(
        PatchSet(
            pull_id=pull.id,
            number=pull.patch_sets_numbered,
            head_oid=new.head,
            base_oid=new.base,
            target_oid=new.target,
            shift=new.shift,
            push_id=new.push_id,
            pushed_by_id=work.actor.id,
            pushed_by_label="" if work.actor.id else work.actor.label,
            created_at=now,
        )
    )
    conversation_steps.happened(
        work,
        seen.conversation,
        Happening.PUSHED,
        now=now,
        patch_set=pull.patch_sets_numbered,
        before=before,
        after=new.head,
        shift=str(new.shift),
    )
    change_scans.promise(work, pull)
    work.record(
        events.HeadPushed(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            patch_set=pull.patch_sets_numbered,
            before=before,
            after=new.head,
        )
    )


@open_to_everyone(because="whoever closes a pull request was asked whether they may")
def close(work: UnitOfWork, seen: SeenPull, reason: str, *, now: datetime) -> None:
    """Let a pull request be closed from now on."""
    found = seen.conversation
    found.state, found.closed_at = ConversationState.CLOSED, now
    found.closed_as = ClosedAs.NOT_PLANNED
    pull_completion.end_promises(work, seen, reason=reason)
    merge_queue_entries.leave(work, seen, Reason.CLOSED, now=now)
    conversation_steps.happened(work, found, Happening.CLOSED, now=now, reason=reason)
    work.record(
        events.PullRequestClosed(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            reason=reason,
        )
    )


def is_merged(followed: Followed) -> str | None:
    """Where the target is, if a push has brought all of the source into it. Needs no transaction.

    Errors:
        NotFoundError, DamagedError, TimeoutExceededError: they cannot be read, or are gone.
    """
    if followed.base == followed.head:
        return None  # There was nothing to merge from the beginning.
    target = refs.one(followed.folder, BRANCHES + followed.target_branch).target
    return target if pull_refs.is_in(followed.folder, followed.head, target) else None


def note_merge(work: UnitOfWork, followed: Followed, target: str, *, now: datetime) -> bool:
    """Write down that a push has merged a pull request; whether it was still to be merged.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    seen = _locked(work, followed.pull_id)
    is_as_planned = seen is not None and seen.pull.head_oid == followed.head
    if seen is None or not is_as_planned or _is_under_way(work, followed.pull_id):
        return False
    pull, asking = seen.pull, work.actor
    ref = BRANCHES + pull.target_branch
    push = pull_rows.mover(work.session, pull.repository_id, ref, target)
    if push is not None:
        work.actor = _pusher(work, push.id)
    done = pull_completion.Done(
        None, pull.head_oid, pull_rows.onto(work.session, push, ref) or followed.base, target
    )
    pull_completion.complete(work, seen, done, now=now)
    work.actor = asking
    return True


def keep(followed: Followed, sets: Sequence[NewSet]) -> None:
    """Let refs keep all patch sets. Safe to repeat; it needs no transaction.

    Errors:
        DamagedError: they cannot be written.
    """
    new = {followed.patch_set + place: each.head for place, each in enumerate(sets, start=1)}
    pull_refs.keep(followed.folder, followed.number, followed.kept | new)


def look(followed: Followed, sets: Sequence[NewSet]) -> Looked:
    """Whether a pull request goes together with its target. Needs no transaction.

    Errors:
        NotFoundError, DamagedError: they cannot be read, or are gone.
    """
    target = refs.one(followed.folder, BRANCHES + followed.target_branch).target
    head = sets[-1].head if sets else followed.head
    base = pull_refs.base(followed.folder, target, head)
    return Looked(target, head, pull_refs.look(followed.folder, target, head), base)


def note_look(work: UnitOfWork, followed: Followed, looked: Looked) -> None:
    """Write down whether a pull request goes together with its target.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    seen = _locked(work, followed.pull_id)
    if seen is None or seen.pull.head_oid != looked.head:
        return
    pull, found = seen.pull, looked.look
    pull.merge_state = found.state
    pull.checked_target, pull.checked_head = looked.target, looked.head
    pull.conflicts = [show(path) for path in found.conflicts[:MOST_CONFLICTS_KEPT]]
    if looked.base is not None:
        change_scans.promise_if_moved(work, pull, looked.base)


def _followed(work: UnitOfWork, pull: PullRequest, repositories: RepositoryStore) -> Followed:
    conversation = work.session.get_one(Conversation, pull.id)
    sets = pull_rows.patch_sets(work.session, pull.id)
    source = pull.source_repository_id
    return Followed(
        pull.id,
        conversation.number,
        repositories.folder(pull.repository_id),
        repositories.folder(source) if source else None,
        pull.target_branch,
        pull.head_oid,
        sets[-1].base_oid,
        pull.patch_sets_numbered,
        {each.number: each.head_oid for each in sets},
        _moves(work, pull),
    )


def _moves(work: UnitOfWork, pull: PullRequest) -> tuple[Move, ...]:
    """The pushes that moved the source since, one after the other; and where it is at last."""
    if pull.source_repository_id is None:
        return ()
    ref, session = BRANCHES + pull.source_branch, work.session
    moves: list[Move] = []
    used: set[UUID] = set()
    here = pull.head_oid
    while len(moves) < MOST_MOVES:
        found = pull_rows.next_move(session, pull, ref, here, used)
        if found is None:
            break
        push, row = found
        used.add(push.id)
        here = row.new_oid
        moves.append(Move(push.id, here))
        if here == NO_OBJECT:
            break
    last = pull_rows.ledger_oid(session, pull.source_repository_id, ref) or NO_OBJECT
    if last != here and len(moves) < MOST_MOVES:
        moves.append(Move(None, last))
    return tuple(moves) if moves and _may_come(work, pull) else ()


def _may_come(work: UnitOfWork, pull: PullRequest) -> bool:
    """Whether what was pushed to the source is let into the target, and has room there."""
    if pull.source_repository_id == pull.repository_id:
        return True
    target = work.session.get_one(Repository, pull.repository_id)
    has_room = shortage(work.session, target, 1, limits=work.rules.limits) is None
    return has_room and fetch_pulls.is_followed(work, pull)


def _locked(work: UnitOfWork, pull_id: UUID) -> SeenPull | None:
    """A pull request that is still open, locked until all is done."""
    seen = pull_completion.locked(work, pull_id)
    if seen is None or not seen.conversation.is_open or seen.pull.merged_at is not None:
        return None
    is_away = seen.repository.archived_at or seen.repository.deleted_at
    return None if is_away else seen


def _is_under_way(work: UnitOfWork, pull_id: UUID) -> bool:
    """Whether a merge of it has begun here, and is settled soon."""
    query = (
        sa.select(PullMerge.id)
        .join(Push, Push.id == PullMerge.push_id)
        .where(PullMerge.pull_id == pull_id, Push.state == PushState.ACCEPTED)
    )
    return work.session.scalar(query.limit(1)) is not None


def _pusher(work: UnitOfWork, push_id: UUID | None) -> Actor:
    push = work.session.get(Push, push_id) if push_id else None
    return work.actor if push is None else push_settlement.pusher(work, push)
