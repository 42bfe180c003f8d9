"""Updating a pull request's branch: what is new on its target comes into its source.

By a merge commit or by a rebase, in the steps that `ref_updates` has; `update` does them all. It is
a move of the source branch like any other: the rules of that branch hold, and the appliance signs
the commits. What does not go together is decided by the way, or in the portal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.access import fetch_pulls
from appliance.domain.git_operations import MergeMethod, OperationKind
from appliance.domain.pull_requests import UpdateMethod
from appliance.errors import ConflictError, MergeConflictError, PreconditionError, sentence
from appliance.git import merge_messages, merging, pull_refs, refs
from appliance.git.handles import OBJECT_ID
from appliance.git.ref_names import BRANCHES
from appliance.services import git_operations, history, pull_facts, ref_moving, ref_updates

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.conversations import Which
    from appliance.git.conflicts import Resolutions
    from appliance.git.merging import Outcome
    from appliance.git.storage import RepositoryStore
    from appliance.services.pull_facts import PullFacts
    from appliance.services.ref_moving import Mover
    from appliance.services.ref_updates import Plan
    from appliance.wiring import GitTools

KINDS = {UpdateMethod.MERGE: OperationKind.MERGE, UpdateMethod.REBASE: OperationKind.REBASE}


@dataclass(frozen=True)
class Update:
    """How somebody wants a branch updated."""

    method: UpdateMethod = UpdateMethod.MERGE
    head: str | None = None
    """What they have looked at: only if that is still so."""
    target: str | None = None
    """The commit of the target that comes in, as it was looked at; None: as it is now."""


@dataclass(frozen=True)
class UpdatePlan:
    """An update that may begin."""

    plan: Plan
    facts: PullFacts
    folder: Path
    """Where the target is."""
    wanted: Update


@dataclass(frozen=True)
class Updated:
    """What came of it."""

    pull_id: UUID
    commit: str
    before: str
    onto: str
    """The commit of the target that it has now."""
    method: UpdateMethod


def behind(facts: PullFacts, *, repositories: RepositoryStore) -> int | None:
    """How many commits of the target the source lacks; None where there is no time to count them.

    Errors:
        NotFoundError: the target is gone.
    """
    folder = repositories.folder(facts.repository_id)
    target = refs.one(folder, BRANCHES + facts.target_branch).target
    (found,) = history.divergence_in(folder, target, [facts.head])
    return None if found is None else found.behind


def plan(
    work: UnitOfWork, which: Which, wanted: Update, *, tools: GitTools, now: datetime
) -> UpdatePlan:
    """Leave to update the source branch.

    Errors:
        HiddenError, NotFoundError, RefusedError: the actor may not.
        PreconditionError: there are new commits.
        ConflictError: it is merged, closed, or its source is not within reach, or archived.
    """
    seen = fetch_pulls.to_read(work, which)
    fetch_pulls.insist_on_open(seen)
    facts = pull_facts.of_pull(work, seen)
    if not facts.source_path:
        raise ConflictError(sentence("The source branch is not within your reach."))
    leave = ref_updates.plan(work, facts.source_path, tools=tools, now=now)
    if wanted.head is not None and wanted.head != facts.head:
        raise PreconditionError(sentence("There are new commits. Review them, then try again."))
    return UpdatePlan(leave, facts, tools.repositories.folder(facts.repository_id), wanted)


def draft(planned: UpdatePlan, *, said: Resolutions) -> Outcome:
    """What the source is to be. Needs no transaction.

    Errors:
        PreconditionError: the source has moved. NotFoundError: the target is gone.
        ConflictError: there is nothing to update.
        MergeConflictError: changes do not go together; it names the paths.
        InvalidError: something was said of what is not in conflict.
        TooLargeError, TimeoutExceededError: it is more than may be merged here.
    """
    facts, into = planned.facts, planned.plan.terms.folder
    onto = _onto(planned)
    pull_refs.bring(into, planned.folder, onto)
    branch = git_operations.target(planned.plan, facts.source_branch, expected_head=facts.head)
    _insist_on_news(into, facts.head, onto)
    maker = git_operations.maker(planned.plan)
    if planned.wanted.method is UpdateMethod.REBASE:
        outcome = merging.rebase(into, branch, onto, maker=maker, said=said)
        if outcome.conflicts:
            raise MergeConflictError(NO_REBASE, conflicts=outcome.conflicts)
    else:
        words = merge_messages.merge(facts.target_branch, facts.source_branch, of=b"branch")
        method = MergeMethod.MERGE
        outcome = merging.merge(
            into, branch, onto, method=method, message=words, maker=maker, said=said
        )
    git_operations.insist_on_merge(outcome)
    return outcome


def update(mover: Mover, which: Which, wanted: Update, said: Resolutions) -> Updated:
    """Bring what is new on the target into the source branch: all steps.

    Errors: as the steps; ProtectedError: a rule of the source branch forbids it.
    """
    with mover.reads() as work:
        planned = plan(work, which, wanted, tools=mover.tools, now=mover.clock())
    outcome = draft(planned, said=said)
    if outcome.ref is None:
        raise ConflictError(UP_TO_DATE)
    operation = git_operations.operation(KINDS[wanted.method], outcome)
    ref_moving.move(mover, planned.plan, outcome.ref, operation=operation)
    facts, onto = planned.facts, outcome.sources[0]
    return Updated(facts.id, outcome.ref.new or "", facts.head, onto, wanted.method)


def _onto(planned: UpdatePlan) -> str:
    """What comes in: the target as it is, or as it was when somebody looked at it."""
    now = refs.one(planned.folder, BRANCHES + planned.facts.target_branch).target
    then = planned.wanted.target
    if then is None or then == now:
        return now
    if not OBJECT_ID.fullmatch(then) or not pull_refs.is_in(planned.folder, then, now):
        raise PreconditionError(sentence("The target branch has changed. Reload and try again."))
    return then


def _insist_on_news(folder: Path, head: str, target: str) -> None:
    base = pull_refs.base(folder, target, head)
    if base == target:
        raise ConflictError(UP_TO_DATE)
    if base == head:
        raise ConflictError(sentence("The target branch already has all its commits."))


UP_TO_DATE = sentence("The branch is up to date with its target.")
NO_REBASE = sentence(
    "Its commits conflict with the target one by one. Merge the target instead, or rebase with "
    "git and push."
)
