"""What pages and programs are told of a pull request, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch_pulls
from appliance.access.gate import open_to_everyone
from appliance.db import pull_rows
from appliance.db.conversation_rows import user_names
from appliance.db.pulls import PatchSet, PullRequest
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.pull_requests import MergeState, Shift
from appliance.git import pull_refs, refs
from appliance.git.pull_refs import Look
from appliance.git.ref_names import BRANCHES

if TYPE_CHECKING:
    from appliance.domain.git_operations import MergeMethod
    from appliance.git.storage import RepositoryStore

ASKED = "whoever has pull requests before them was asked whether they may read them"


@dataclass(frozen=True)
class Merged:
    """How something came into its target."""

    at: datetime
    by: str
    """Empty where they are gone."""
    method: MergeMethod | None
    """None: by git and a push."""
    as_oid: str
    onto_oid: str


@dataclass(frozen=True)
class PullFacts:
    """A pull request, but for what it shares with issues."""

    id: UUID
    repository_id: UUID
    number: int
    target_branch: bytes
    source_branch: bytes
    source_path: str
    """Empty where the reader may not know of it, or it is gone."""
    source_id: UUID | None
    is_from_fork: bool
    head: str
    base: str
    """What it changes is counted from this commit."""
    patch_set: int
    """The number of the last one."""
    is_draft: bool
    merged: Merged | None
    merge_state: MergeState
    """As was found out last; `state` of `mergeability` is sure."""
    checked: tuple[str, str]
    """For which target and head that was."""
    conflicts: tuple[str, ...]
    users_waited_for: tuple[str, ...]
    teams_waited_for: tuple[str, ...]


@dataclass(frozen=True)
class PatchSetFacts:
    """What the source was after a push."""

    number: int
    head: str
    base: str
    target: str
    shift: Shift
    by: str
    at: datetime


@open_to_everyone(because=ASKED)
def of_pulls(work: UnitOfWork, rows: Sequence[tuple[int, PullRequest]]) -> dict[UUID, PullFacts]:
    """Pull requests with their numbers, as plain values."""
    session, pulls = work.session, [pull for _, pull in rows]
    ids = [each.id for each in pulls]
    paths = fetch_pulls.readable_paths(work, [each.source_repository_id for each in pulls])
    names = user_names(session, [each.merged_by_id for each in pulls])
    waited = pull_rows.waited_for(session, ids)
    bases = pull_rows.bases_of(session, pulls)
    return {
        each.id: PullFacts(
            id=each.id,
            repository_id=each.repository_id,
            number=number,
            target_branch=each.target_branch,
            source_branch=each.source_branch,
            source_path=paths.get(each.source_repository_id, ""),
            source_id=each.source_repository_id,
            is_from_fork=each.source_repository_id != each.repository_id,
            head=each.head_oid,
            base=bases.get(each.id, ""),
            patch_set=each.patch_sets_numbered,
            is_draft=each.is_draft,
            merged=_merged(each, names),
            merge_state=each.merge_state,
            checked=(each.checked_target, each.checked_head),
            conflicts=tuple(each.conflicts),
            users_waited_for=waited.get(each.id, ((), ()))[0],
            teams_waited_for=waited.get(each.id, ((), ()))[1],
        )
        for number, each in rows
    }


@open_to_everyone(because=ASKED)
def of_pull(work: UnitOfWork, seen: fetch_pulls.SeenPull) -> PullFacts:
    """One pull request as plain values."""
    return of_pulls(work, [(seen.conversation.number, seen.pull)])[seen.pull.id]


@open_to_everyone(because=ASKED)
def of_patch_sets(work: UnitOfWork, rows: Iterable[PatchSet]) -> list[PatchSetFacts]:
    """Patch sets as plain values."""
    kept = list(rows)
    names = user_names(work.session, [each.pushed_by_id for each in kept])
    return [
        PatchSetFacts(
            each.number,
            each.head_oid,
            each.base_oid,
            each.target_oid,
            each.shift,
            names.get(each.pushed_by_id) or each.pushed_by_label,
            each.created_at,
        )
        for each in kept
    ]


def mergeability(facts: PullFacts, *, repositories: RepositoryStore) -> Look:
    """Whether it goes together with its target as both are now. Needs no transaction.

    Errors:
        NotFoundError: the target is gone. DamagedError: they cannot be read.
    """
    folder = repositories.folder(facts.repository_id)
    target = refs.one(folder, BRANCHES + facts.target_branch).target
    if facts.merge_state is not MergeState.UNKNOWN and facts.checked == (target, facts.head):
        return Look(facts.merge_state, tuple(each.encode() for each in facts.conflicts))
    return pull_refs.look(folder, target, facts.head)


def _merged(pull: PullRequest, names: dict[UUID | None, str]) -> Merged | None:
    if pull.merged_at is None:
        return None
    return Merged(
        pull.merged_at,
        names.get(pull.merged_by_id, ""),
        pull.merge_method,
        pull.merged_as or "",
        pull.merged_onto or "",
    )
