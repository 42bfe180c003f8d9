"""Merging a pull request, in the steps that `ref_updates` has; `merge` does them all.

    plan    may they, by which method, with which words
    draft   git makes what the target is to be, signed by the appliance
    accept  what stands in the way, asked in the transaction in which the move is accepted

The rest is `ref_moving`; and `pull_completion`, when the move is settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch_pulls
from appliance.access.fetch_pulls import SeenPull
from appliance.access.gate import open_to_everyone
from appliance.db import pull_rows
from appliance.db.conversation_rows import user_names
from appliance.db.pulls import PullMerge
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import merge_templates
from appliance.domain.conversations import Which
from appliance.domain.git_operations import MergeMethod
from appliance.domain.merge_templates import Place
from appliance.domain.pull_requests import MergeState
from appliance.errors import (
    ApplianceError,
    ConflictError,
    InvalidError,
    PreconditionError,
    sentence,
    together,
)
from appliance.git import merged_commits, merging
from appliance.git.pull_refs import Look
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    git_operations,
    merge_rules,
    merge_settings,
    pull_rules,
    pushes,
    ref_moving,
    ref_updates,
)
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.git.conflicts import Resolutions
    from appliance.git.merging import Target
    from appliance.services.merge_rules import Obstacle
    from appliance.services.merge_settings import MergeSettings
    from appliance.services.pull_rules import Looked
    from appliance.services.pushes import Proposal, Verdict
    from appliance.services.ref_moving import Mover
    from appliance.services.ref_updates import Plan
    from appliance.wiring import GitTools

OF_COMMITS = (Place.COMMITS, Place.CO_AUTHORS)
"""Places in a message for which git must be asked."""


class ObstructedError(ConflictError):
    """Rules stand in the way of merging."""

    code = "obstructed"

    def __init__(self, message: str, found: Sequence[Obstacle]) -> None:
        super().__init__(message)
        self.rules = frozenset(each.rule for each in found)


@dataclass(frozen=True)
class Merging:
    """How somebody wants a pull request merged; None is as usual."""

    method: MergeMethod | None = None
    title: str | None = None
    message: str | None = None
    head: str | None = None
    """What they have looked at: only if that is still so."""
    deletes_branch: bool | None = None
    by_queue: bool = False
    bypass: str = ""
    """Why it is merged past rules, by who may go past them."""


@dataclass(frozen=True)
class MergePlan:
    """A merge that may begin."""

    plan: Plan
    which: Which
    pull_id: UUID
    source_path: str
    """Empty where the actor may not know of it."""
    source_id: UUID | None
    head: str
    base: str
    target_branch: bytes
    source_branch: bytes
    method: MergeMethod
    title: str
    body: str
    """Templates, or what somebody wrote."""
    values: dict[Place, str] = field(repr=False)
    deletes_branch: bool = False
    by_queue: bool = False
    bypass: str = ""
    asked_by_rules: pull_rules.Wanted | None = None
    """What must be compared so that rulesets can be asked; None where there is none."""


@dataclass(frozen=True)
class MergedNow:
    """What came of it."""

    commit: str
    onto: str
    method: MergeMethod
    is_branch_deleted: bool = False


def plan(
    work: UnitOfWork, which: Which, wanted: Merging, *, tools: GitTools, url: str, now: datetime
) -> MergePlan:
    """Leave to merge.

    Errors:
        HiddenError, NotFoundError, RefusedError, UnauthenticatedError: the actor may not.
        InvalidError: the method is not used here. PreconditionError: there are new commits.
        ConflictError: it is merged, closed, or the repository is archived.
    """
    seen = fetch_pulls.to_plan_merge(work, which)
    fetch_pulls.insist_on_open(seen)
    insist_on_way(work, seen, look=Look(MergeState.CLEAN))
    settings = merge_settings.of(work, seen.repository)
    method = wanted.method or settings.usual
    if method not in settings.methods:
        raise InvalidError.of(
            "method", sentence("The merge method “%(method)s” is not allowed here.", method=method)
        )
    pull = seen.pull
    if wanted.head is not None and wanted.head != pull.head_oid:
        raise PreconditionError(sentence("There are new commits. Review them, then try again."))
    title, body = _words(settings, method, wanted)
    deletes = settings.deletes_branches if wanted.deletes_branch is None else wanted.deletes_branch
    return MergePlan(
        ref_updates.plan(work, which.path, tools=tools, now=now),
        which,
        pull.id,
        fetch_pulls.source_path(work, seen),
        pull.source_repository_id,
        pull.head_oid,
        pull_rows.bases_of(work.session, [pull]).get(pull.id, ""),
        pull.target_branch,
        pull.source_branch,
        method,
        title,
        body,
        _values(work, seen, url),
        deletes_branch=deletes and fetch_pulls.may_write_source(work, pull),
        by_queue=wanted.by_queue,
        bypass=wanted.bypass.strip()[: pushes.REASON_CHARACTERS],
        asked_by_rules=pull_rules.wanted(work, seen),
    )


def draft(planned: MergePlan, *, said: Resolutions, onto: str | None = None) -> merging.Outcome:
    """What the target is to be. Needs no transaction; `onto` is where it must be.

    Errors:
        PreconditionError: the target is not there. NotFoundError: it is gone.
        ConflictError: there is nothing to merge, or it is no fast-forward though it must be.
        MergeConflictError: changes do not go together; it names the paths.
        TooLargeError, TimeoutExceededError: it is more than may be merged here.
    """
    target = git_operations.target(planned.plan, planned.target_branch, expected_head=onto)
    return draft_onto(planned, target, said=said)


def draft_onto(planned: MergePlan, target: Target, *, said: Resolutions) -> merging.Outcome:
    """The same on any commit, whether a branch is there or not.

    Errors:
        ConflictError, MergeConflictError, TooLargeError, TimeoutExceededError: as for `draft`.
    """
    folder = planned.plan.terms.folder
    message = b""
    if planned.method in merge_templates.WITH_MESSAGE:
        values = planned.values
        if merge_templates.speaks_of(planned.title + planned.body, *OF_COMMITS):
            maker = planned.plan.author.email
            known = merged_commits.told(folder, target.head, planned.head, maker=maker)
            values = values | {
                Place.COMMITS: known.subjects.decode("utf-8", "replace"),
                Place.CO_AUTHORS: known.co_authors.decode("utf-8", "replace"),
            }
        message = merge_templates.message(
            merge_templates.filled(planned.title, values),
            merge_templates.filled(planned.body, values),
        )
    outcome = merging.merge(
        folder,
        target,
        planned.head,
        method=planned.method,
        message=message,
        maker=git_operations.maker(planned.plan),
        said=said,
    )
    git_operations.insist_on_merge(outcome)
    if outcome.ref is None:
        raise ConflictError(sentence("The target branch already has all its commits."))
    return outcome


def accept(
    work: UnitOfWork,
    planned: MergePlan,
    outcome: merging.Outcome,
    proposal: Proposal,
    *,
    looked: Looked | None = None,
    now: datetime,
) -> Verdict:
    """Decide, and write down what the move will be once it is settled.

    Errors:
        HiddenError, NotFoundError, RefusedError: the actor may no longer merge.
        ObstructedError: something stands in the way.
        PreconditionError, ConflictError: it was changed meanwhile, merged, or closed.
    """
    seen = fetch_pulls.to_merge(work, planned.which)
    fetch_pulls.insist_on_open(seen)
    insist_on_latest(work, seen, planned)
    clean, goes_past = Look(MergeState.CLEAN), bool(planned.bypass)
    insist_on_way(work, seen, look=clean, looked=looked, goes_past=goes_past)
    proposal = replace(proposal, reason=planned.bypass)
    if looked is not None:
        proposal = replace(proposal, merge=pull_rules.facts(work, seen, looked))
    verdict = pushes.accept(work, planned.plan.terms, proposal, now=now)
    ref = outcome.ref
    if verdict.is_accepted and ref is not None:
        work.session.add(
            PullMerge(
                pull_id=planned.pull_id,
                push_id=planned.plan.terms.push_id,
                method=planned.method,
                head_oid=planned.head,
                onto_oid=ref.old or "",
                as_oid=ref.new or "",
                by_queue=planned.by_queue,
                bypass_reason=planned.bypass,
            )
        )
    return verdict


def merge(mover: Mover, which: Which, wanted: Merging, said: Resolutions, *, url: str) -> MergedNow:
    """Merge a pull request: all steps.

    Errors: as the steps; ProtectedError: a rule for pushes forbids the move.
    """
    with mover.reads() as work:
        planned = plan(work, which, wanted, tools=mover.tools, url=url, now=mover.clock())
    outcome = draft(planned, said=said)
    return carry_out(mover, planned, outcome)


def carry_out(mover: Mover, planned: MergePlan, outcome: merging.Outcome) -> MergedNow:
    """Move the target to what was drafted, and delete the source where that is wanted.

    Errors: as for `accept`; ProtectedError: a rule for pushes forbids the move.
    """
    ref = outcome.ref
    if ref is None:
        raise ConflictError(sentence("The target branch already has all its commits."))
    kind = git_operations.OF_METHOD[planned.method]
    looked = looked_at(planned)
    ref_moving.move(
        mover,
        planned.plan,
        ref,
        operation=git_operations.operation(kind, outcome),
        accept=lambda work, _, proposal: accept(
            work, planned, outcome, proposal, looked=looked, now=mover.clock()
        ),
    )
    deleted = planned.deletes_branch and delete_source(mover, planned)
    return MergedNow(ref.new or "", ref.old or "", planned.method, deleted)


@open_to_everyone(because="whoever merges a pull request was asked whether they may")
def insist_on_way(
    work: UnitOfWork,
    seen: SeenPull,
    *,
    look: Look | None = None,
    looked: Looked | None = None,
    goes_past: bool = False,
) -> None:
    """Go on only if nothing stands in the way; or nothing that the actor may, and does, go past.

    Errors:
        ObstructedError: something does.
    """
    found = [
        each
        for each in merge_rules.obstacles(work, seen, look=look, looked=looked)
        if not (goes_past and each.may_bypass)
    ]
    if found:
        raise ObstructedError(together(merge_rules.texts(found, goes_past=goes_past)), found)


def looked_at(planned: MergePlan) -> Looked | None:
    """What rules must know of what is merged; None where none asks. Needs no transaction.

    Errors: as for `pull_rules.look`.
    """
    wanted = planned.asked_by_rules
    return None if wanted is None else pull_rules.look(planned.plan.terms.folder, wanted)


@open_to_everyone(because="whoever merges a pull request was asked whether they may")
def insist_on_latest(work: UnitOfWork, seen: SeenPull, planned: MergePlan) -> None:
    """Nobody merges what was overtaken by a push that is on its way to become a patch set."""
    pull = seen.pull
    at = (
        pull_rows.ledger_oid(work.session, pull.source_repository_id, BRANCHES + pull.source_branch)
        if pull.source_repository_id
        else None
    )
    if pull.head_oid != planned.head or (at is not None and at != planned.head):
        raise PreconditionError(sentence("There are new commits. Review them, then try again."))
    if pull.target_branch != planned.target_branch:
        raise PreconditionError(sentence("It was changed in the meantime. Reload and try again."))


def delete_source(mover: Mover, planned: MergePlan) -> bool:
    """Delete the source branch, unless something forbids it or others need it; whether it is gone.

    The merge is done, and stays so.
    """
    if planned.source_id is None or not planned.source_path:
        return False
    try:
        with mover.reads() as work:
            if pull_rows.touching(work.session, planned.source_id, {planned.source_branch}):
                return False  # Another open one is from or into it.
            leave = ref_updates.plan(
                work, planned.source_path, tools=mover.tools, now=mover.clock()
            )
        gone = ref_updates.draft_branch_deletion(
            leave, planned.source_branch, expected=planned.head
        )
        ref_moving.move(mover, leave, gone)
    except ApplianceError:
        return False
    return True


def _words(settings: MergeSettings, method: MergeMethod, wanted: Merging) -> tuple[str, str]:
    """Title and text of the commit: what somebody wrote stands as it is."""
    is_squash = method is MergeMethod.SQUASH
    title = settings.squash_title if is_squash else settings.merge_title
    body = settings.squash_body if is_squash else settings.merge_body
    if wanted.title is not None and wanted.title.strip():
        title = merge_templates.plain(wanted.title)
    if wanted.message is not None:
        body = merge_templates.plain(wanted.message)
    return title, body


def _values(work: UnitOfWork, seen: SeenPull, url: str) -> dict[Place, str]:
    found, pull = seen.conversation, seen.pull
    approvers = pull_rules.approvers(work, seen)
    names = user_names(work.session, [found.author_id, *approvers])
    return {
        Place.NUMBER: str(found.number),
        Place.TITLE: found.title,
        Place.DESCRIPTION: found.body.strip(),
        Place.SOURCE: show(pull.source_branch),
        Place.TARGET: show(pull.target_branch),
        Place.AUTHOR: names.get(found.author_id, ""),
        Place.URL: f"{url}/pulls/{found.number}",
        Place.APPROVED_BY: _lines("Approved-by", (names.get(each, "") for each in approvers)),
    }


def _lines(key: str, names: Iterable[str]) -> str:
    return "\n".join(f"{key}: {name}" for name in sorted(filter(None, names)))
