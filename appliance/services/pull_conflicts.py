"""Solving the conflicts of a pull request: its target comes into its source, as was decided.

The source then has a commit more, which reviewers see, and goes together with its target.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.domain.git_operations import MergeMethod, Operation, OperationKind
from appliance.git import conflict_texts, merge_messages, merging, pull_refs, refs
from appliance.git.conflict_texts import Names
from appliance.git.conflicts import Resolution, Side
from appliance.git.ref_names import BRANCHES
from appliance.services import git_operations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from appliance.git.conflict_texts import ConflictText
    from appliance.git.conflicts import Conflict
    from appliance.git.merging import Outcome
    from appliance.services.pull_facts import PullFacts
    from appliance.services.ref_updates import Plan
    from appliance.settings import Settings

__all__ = ["Names", "Resolution", "Side"]


@dataclass(frozen=True)
class Found:
    """Where the target is, and what does not go together."""

    target: str
    conflicts: tuple[ConflictText, ...]


def read(folder: Path, facts: PullFacts) -> Found:
    """What does not go together as both are now. Needs no transaction.

    Errors:
        NotFoundError: the target is gone.
        ConflictError, TooLargeError, TimeoutExceededError: it cannot be merged here.
    """
    target = refs.one(folder, BRANCHES + facts.target_branch).target
    names = Names(facts.source_branch, theirs=facts.target_branch)
    return Found(target, conflict_texts.read(folder, facts.head, target, names))


def texts_of(folder: Path, conflicts: Iterable[Conflict], names: Names) -> tuple[ConflictText, ...]:
    """What stands in conflicts that were found elsewhere. Needs no transaction."""
    return conflict_texts.of(folder, conflicts, names)


def draft(
    plan: Plan,
    folder: Path,
    facts: PullFacts,
    said: Iterable[Resolution],
    *,
    target: str,
    rules: Settings,
) -> Outcome:
    """The commit that brings the target, as it was looked at, into the source branch.

    Errors:
        PreconditionError: the source has moved. InvalidError: something is not in conflict.
        MergeConflictError: not all was decided. ConflictError: there is nothing to solve.
    """
    pull_refs.bring(plan.terms.folder, folder, target)
    outcome = merging.merge(
        plan.terms.folder,
        git_operations.target(plan, facts.source_branch, expected_head=facts.head),
        target,
        method=MergeMethod.MERGE,
        message=merge_messages.merge(facts.target_branch, facts.source_branch),
        maker=git_operations.maker(plan),
        said=git_operations.resolutions(said, rules=rules),
    )
    git_operations.insist_on_merge(outcome)
    return outcome


def operation(outcome: Outcome) -> Operation:
    """What the log is to say of it."""
    return git_operations.operation(OperationKind.MERGE, outcome)
