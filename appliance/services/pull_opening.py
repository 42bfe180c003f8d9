"""Asking that a branch be merged into another, step by step.

plan      may they; which repositories and branches
measure   git says where both are and what they have in common, and brings the commits of a fork
open_pull the row, its first patch set, the event
keep      refs that follow from the row; a job does it too, where this process ends before

Only `plan` and `open_pull` need a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch_pulls
from appliance.db import pull_rows
from appliance.db.conversation_rows import next_number
from appliance.db.conversations import Conversation
from appliance.db.pulls import PatchSet, PullRequest
from appliance.db.quotas import shortage
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import (
    ConversationKind,
    Following,
    Which,
    check_text,
    check_title,
)
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.pull_requests import Shift, check_branch, split_head
from appliance.errors import ConflictError, InvalidError, NotFoundError, QuotaError, sentence
from appliance.git import pull_refs, refs
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    change_scans,
    conversation_sorting,
    conversation_steps,
    review_requests,
)
from appliance.services.conversation_sorting import UNSORTED, Sorted
from appliance.services.push_names import show
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.services.ref_moving import Mover


@dataclass(frozen=True)
class NewPull:
    """A pull request to open."""

    title: str
    body: str = ""
    is_draft: bool = False
    reviewers: tuple[str, ...] = ()
    """Names of users, and paths of teams."""
    asked: Sorted = UNSORTED
    given: Sorted = UNSORTED


@dataclass(frozen=True)
class Between:
    """Which branch is to come into which, and where both are."""

    path: str
    target_id: UUID
    target_branch: bytes
    target_folder: Path
    source_path: str | None
    """None: the same repository."""
    source_id: UUID
    source_branch: bytes
    source_folder: Path
    most_bytes: int
    """What may come along from another repository."""


@dataclass(frozen=True)
class Measured:
    """Where both branches were, and what they have in common."""

    head: str
    target: str
    base: str


def plan(
    work: UnitOfWork, path: str, head: str, into: str = "", *, repositories: RepositoryStore
) -> Between:
    """Which branch is to come into which: `topic` or `OWNER/NAME:topic`, into the default branch.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: the actor may not.
        InvalidError: no branch can be called so, or both are the same.
        ConflictError, UnavailableError: a repository is archived, or has no content yet.
        QuotaError: there is no room for what comes from another one.
    """
    target = fetch_pulls.to_open(work, path)
    source_path, name = split_head(head)
    source = fetch_pulls.source(work, target, source_path)
    found = Between(
        target.path,
        target.id,
        check_branch(into or target.default_branch),
        ready_folder(target, repositories),
        None if source.id == target.id else source.path,
        source.id,
        check_branch(name),
        ready_folder(source, repositories),
        work.rules.limits.push_size_bytes,
    )
    if (found.source_id, found.source_branch) == (found.target_id, found.target_branch):
        raise InvalidError.of("head", sentence("A branch cannot be merged into itself."))
    is_full = shortage(work.session, target, 1, limits=work.rules.limits) is not None
    if is_full and source.id != target.id:
        raise QuotaError(sentence("%(path)s has no space left.", path=target.path))
    return found


def measure(between: Between) -> Measured:
    """Where the branches are. Brings a fork's commits into the target's repository.

    Errors:
        InvalidError: a branch is not there, they have nothing in common, or nothing would change.
        TooLargeError: it is more than one push may bring.
        DamagedError, TimeoutExceededError: they cannot be read, or not in time.
    """
    head = _at(between.source_folder, between.source_branch, "head")
    target = _at(between.target_folder, between.target_branch, "base")
    pull_refs.bring(
        between.target_folder, between.source_folder, head, most_bytes=between.most_bytes
    )
    base = pull_refs.base(between.target_folder, target, head)
    if base is None:
        raise InvalidError.of("head", sentence("The two branches have no common history."))
    if base == head:
        raise InvalidError.of(
            "head",
            sentence(
                "%(into)s already has all commits of %(branch)s: there is nothing to merge.",
                into=show(between.target_branch),
                branch=show(between.source_branch),
            ),
        )
    return Measured(head, target, base)


def open_pull(
    work: UnitOfWork, between: Between, measured: Measured, new: NewPull, *, now: datetime
) -> int:
    """Ask that the branch be merged; gives the number.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: the actor may not.
        InvalidError: title, text, label or reviewer are not possible.
        ConflictError: there is an open one of the same branches already.
    """
    target = fetch_pulls.to_open(work, between.path)
    _insist_on_same(between, target, fetch_pulls.source(work, target, between.source_path))
    title, body = check_title(new.title), check_text(new.body)
    _insist_on_first(work, between)
    made = _rows(work, between, measured, new, (title, body), now=now)
    work.record(
        events.PullRequestOpened(
            about=target.id,
            organisation_id=target.organisation_id,
            number=made.number,
            source=show(between.source_branch),
            into=show(between.target_branch),
            head=measured.head,
            draft=new.is_draft,
            source_id=str(between.source_id),
            title=title,
        )
    )
    _begin_talk(work, fetch_pulls.which(between.path, made.number), new, now=now)
    work.later(Job.FOLLOW_PULLS, about=target.id, repository_id=str(target.id))
    return made.number


def ask(mover: Mover, path: str, head: str, into: str, new: NewPull) -> int:
    """All steps; gives the number.

    Errors: as the steps.
    """
    with mover.reads() as work:
        between = plan(work, path, head, into, repositories=mover.tools.repositories)
    measured = measure(between)
    with mover.begins() as work:
        number = open_pull(work, between, measured, new, now=mover.clock())
    keep(between, number, measured)
    return number


def keep(between: Between, number: int, measured: Measured) -> None:
    """Let a ref keep the first patch set."""
    pull_refs.keep(between.target_folder, number, {1: measured.head})


def _at(folder: Path, branch: bytes, field: str) -> str:
    try:
        return refs.one(folder, BRANCHES + branch).target
    except NotFoundError as error:
        raise InvalidError.of(
            field, sentence("There is no branch %(branch)s.", branch=show(branch))
        ) from error


def _insist_on_same(between: Between, target: Repository, source: Repository) -> None:
    if (target.id, source.id) != (between.target_id, between.source_id):
        raise ConflictError(sentence("It was changed in the meantime. Reload and try again."))


def _insist_on_first(work: UnitOfWork, between: Between) -> None:
    work.session.refresh(
        work.session.get_one(Repository, between.target_id), with_for_update=True
    )  # Two that open the same one come one after the other.
    asked = PullRequest(
        id=new_id(),
        repository_id=between.target_id,
        target_branch=between.target_branch,
        source_repository_id=between.source_id,
        source_branch=between.source_branch,
    )
    number = pull_rows.same_as(work.session, asked)
    if number is not None:
        raise ConflictError(
            sentence("#%(number)s has the same branches and is open.", number=number)
        )


def _rows(
    work: UnitOfWork,
    between: Between,
    measured: Measured,
    new: NewPull,
    texts: Sequence[str],
    *,
    now: datetime,
) -> Conversation:
    title, body = texts
    made = Conversation(
        id=new_id(),
        repository_id=between.target_id,
        number=next_number(work.session, between.target_id),
        kind=ConversationKind.PULL_REQUEST,
        title=title,
        body=body,
        author_id=work.actor.id,
        created_at=now,
        updated_at=now,
    )
    work.session.add(made)
    work.session.flush()  # What belongs to it refers to its id.
    pull = PullRequest(
        id=made.id,
        repository_id=between.target_id,
        target_branch=between.target_branch,
        source_repository_id=between.source_id,
        source_branch=between.source_branch,
        head_oid=measured.head,
        patch_sets_numbered=1,
        is_draft=new.is_draft,
    )
    work.session.add(pull)
    work.session.flush()  # The same.
    ref = BRANCHES + between.source_branch
    push = pull_rows.mover(work.session, between.source_id, ref, measured.head)
    pusher_id = push.actor_id if push else work.actor.id
    work.session.add(
        PatchSet(
            pull_id=made.id,
            number=1,
            head_oid=measured.head,
            base_oid=measured.base,
            target_oid=measured.target,
            shift=Shift.FIRST,
            pushed_by_id=pusher_id,
            pushed_by_label="" if push is None or pusher_id else push.actor_label,
            created_at=now,
        )
    )
    work.session.flush()  # The same.
    change_scans.promise(work, pull)
    return made


def _begin_talk(work: UnitOfWork, which: Which, new: NewPull, *, now: datetime) -> None:
    seen = fetch_pulls.to_read(work, which)
    made = seen.conversation
    if work.actor.id is not None:
        conversation_steps.follow(work, made, [work.actor.id], Following.AUTHOR)
    conversation_steps.note_text(work, seen, made.id, made.title, made.body, now=now)
    if new.asked != UNSORTED:
        conversation_sorting.sort(work, which, new.asked, now=now)
    conversation_sorting.sort_as_given(work, seen, new.given, now=now)
    if new.reviewers:
        review_requests.ask(work, which, new.reviewers, now=now)
