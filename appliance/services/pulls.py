"""Pull requests as things one reads, changes, closes and opens again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.access import fetch_pulls
from appliance.access.fetch_pulls import SeenPull
from appliance.db import pull_rows
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import ConversationState, Happening, Which
from appliance.domain.jobs import Job
from appliance.domain.merge_queue import Reason
from appliance.domain.pull_requests import MergeState, check_branch
from appliance.errors import ConflictError, sentence
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    conversation_steps,
    conversations,
    merge_queue_entries,
    pull_facts,
    pull_following,
    pull_retargeting,
)
from appliance.services.conversations import Described, Edit
from appliance.services.pull_facts import PatchSetFacts, PullFacts
from appliance.services.push_names import show as shown
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

BY_HAND = "by_hand"


@dataclass(frozen=True)
class PullRequest:
    """A pull request with what belongs to it, and where its commits are."""

    described: Described
    facts: PullFacts
    folder: Path
    may_write: bool
    """Whether the reader may write to the target's repository, and so merge."""
    may_write_source: bool
    """Whether the reader may move or delete the source branch, as far as their role goes."""
    is_behind_source: bool
    """Whether commits were pushed that are on their way to become a patch set."""


@dataclass(frozen=True)
class Change:
    """What is to be different about a pull request; None leaves a thing as it is."""

    title: str | None = None
    body: str | None = None
    is_draft: bool | None = None
    into: str | None = None


def show(work: UnitOfWork, which: Which, *, repositories: RepositoryStore) -> PullRequest:
    """A pull request with what belongs to it.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
        UnavailableError: the repository has no content yet.
    """
    seen = fetch_pulls.to_read(work, which)
    return PullRequest(
        conversations.described(work, seen),
        pull_facts.of_pull(work, seen),
        ready_folder(seen.repository, repositories),
        seen.may_write,
        fetch_pulls.may_write_source(work, seen.pull),
        _is_behind_source(work, seen),
    )


def patch_sets(work: UnitOfWork, which: Which) -> list[PatchSetFacts]:
    """What the source was after each push, the first one first.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
    """
    seen = fetch_pulls.to_read(work, which)
    return pull_facts.of_patch_sets(work, pull_rows.patch_sets(work.session, seen.pull.id))


def change(
    work: UnitOfWork,
    which: Which,
    wanted: Change,
    *,
    repositories: RepositoryStore,
    now: datetime,
) -> None:
    """Give a pull request another title, text or target, or let it be a draft or none.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: the words will not do, or there is no such branch.
        ConflictError: it was merged or closed, or the repository is archived.
    """
    seen = fetch_pulls.to_edit(work, which)
    if wanted.title is not None or wanted.body is not None:
        conversations.edit(work, _that(which), Edit(wanted.title, wanted.body), now=now)
    changed = []
    if wanted.is_draft is not None and wanted.is_draft is not seen.pull.is_draft:
        fetch_pulls.insist_on_open(seen)
        seen.pull.is_draft = wanted.is_draft
        kind = Happening.DRAFTED if wanted.is_draft else Happening.READY
        conversation_steps.happened(work, seen.conversation, kind, now=now)
        changed.append("draft")
    if wanted.into is not None and check_branch(wanted.into) != seen.pull.target_branch:
        into = check_branch(wanted.into)
        pull_retargeting.retarget(work, seen, into, repositories=repositories, now=now)
        _insist_on_first(work, seen)
        changed.append("into")
    if not changed:
        return
    merge_queue_entries.leave(work, seen, Reason.CHANGED, now=now)
    work.record(
        events.PullRequestChanged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            changed=changed,
            draft=seen.pull.is_draft,
            into=shown(seen.pull.target_branch),
        )
    )
    _follow(work, seen)


def close(work: UnitOfWork, which: Which, *, now: datetime) -> None:
    """Close a pull request without a merge.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        ConflictError: it was merged or closed already, or the repository is archived.
    """
    seen = fetch_pulls.to_edit(work, which)
    fetch_pulls.insist_on_open(seen)
    pull_following.close(work, seen, BY_HAND, now=now)


def reopen(work: UnitOfWork, which: Which, *, now: datetime) -> None:
    """Open a closed pull request again. It then follows its source, wherever that is by now.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        ConflictError: it is open or was merged, its source is gone, or the same was asked anew.
    """
    seen = fetch_pulls.to_edit(work, which)
    found, pull = seen.conversation, seen.pull
    if pull.merged_at is not None:
        raise ConflictError(sentence("#%(number)s has already been merged.", number=found.number))
    if found.is_open:
        raise ConflictError(sentence("#%(number)s is already open.", number=found.number))
    _insist_on_branches(work, seen)
    _insist_on_first(work, seen)
    found.state, found.closed_as, found.closed_at = ConversationState.OPEN, None, None
    pull.merge_state = MergeState.UNKNOWN
    conversation_steps.happened(work, found, Happening.REOPENED, now=now)
    work.record(
        events.PullRequestReopened(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
        )
    )
    _follow(work, seen)


def _insist_on_branches(work: UnitOfWork, seen: SeenPull) -> None:
    pull = seen.pull
    for home, branch in (
        (pull.source_repository_id, pull.source_branch),
        (pull.repository_id, pull.target_branch),
    ):
        if home is None or pull_rows.ledger_oid(work.session, home, BRANCHES + branch) is None:
            raise ConflictError(
                sentence(
                    "The branch %(branch)s was deleted. Push it again first.", branch=shown(branch)
                )
            )


def _insist_on_first(work: UnitOfWork, seen: SeenPull) -> None:
    other = pull_rows.same_as(work.session, seen.pull)
    if other is not None:
        raise ConflictError(
            sentence("#%(number)s has the same branches and is open.", number=other)
        )


def _follow(work: UnitOfWork, seen: SeenPull) -> None:
    home = seen.repository.id
    work.later(Job.FOLLOW_PULLS, about=home, repository_id=str(home))


def _that(which: Which) -> Which:
    return fetch_pulls.which(which.path, which.number)


def _is_behind_source(work: UnitOfWork, seen: SeenPull) -> bool:
    pull = seen.pull
    source_id, ref = pull.source_repository_id, BRANCHES + pull.source_branch
    is_still = seen.conversation.is_open and not seen.repository.archived_at
    if source_id is None or not is_still or pull.merged_at is not None:
        return False
    at = pull_rows.ledger_oid(work.session, source_id, ref)
    return at not in {None, pull.head_oid} and fetch_pulls.is_followed(work, pull)
