"""Pull requests that follow from a merged one: taking it back, and bringing it to another branch.

Each is a new branch in the target's repository, made without a work tree, and asks to be merged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from appliance.access import fetch_pulls
from appliance.db import pull_rows
from appliance.domain.git_operations import MergeMethod, OperationKind
from appliance.domain.pull_requests import check_branch
from appliance.errors import ConflictError, NotFoundError, sentence
from appliance.git import merged_commits, refs
from appliance.git.merging import Outcome, Target
from appliance.git.ref_names import BRANCHES
from appliance.services import git_operations, pull_opening, ref_moving, ref_updates
from appliance.services.pull_opening import NewPull
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.conversations import Which
    from appliance.git.conflicts import Resolutions
    from appliance.services.ref_moving import Mover
    from appliance.services.ref_updates import Plan

MOST_NAMES = 20
LONGEST_TITLE = 245
AS_ONE = frozenset({MergeMethod.MERGE, MergeMethod.SEMI_LINEAR, MergeMethod.SQUASH})
"""These came into their target by one commit, against its first parent."""


@dataclass(frozen=True)
class Source:
    """A merged pull request, and leave to make a branch from it."""

    plan: Plan
    which: Which
    title: str
    target_branch: bytes
    method: MergeMethod | None
    head: str
    base: str
    merged_as: str
    merged_onto: str


def plan(work: UnitOfWork, which: Which, *, mover: Mover) -> Source:
    """Leave to make a branch from a merged pull request.

    Errors:
        HiddenError, NotFoundError, RefusedError: the actor may not.
        ConflictError: it was not merged, or the repository is archived.
    """
    seen = fetch_pulls.to_plan_merge(work, which)
    pull = seen.pull
    if pull.merged_at is None:
        raise ConflictError(sentence("#%(number)s was not merged.", number=which.number))
    return Source(
        ref_updates.plan(work, which.path, tools=mover.tools, now=mover.clock()),
        which,
        seen.conversation.title[:LONGEST_TITLE],
        pull.target_branch,
        pull.merge_method,
        pull.head_oid,
        pull_rows.bases_of(work.session, [pull]).get(pull.id, ""),
        pull.merged_as or "",
        pull.merged_onto or "",
    )


def revert(mover: Mover, which: Which, said: Resolutions) -> int:
    """Ask that a merged pull request be taken back; gives the number of the new one.

    Errors:
        HiddenError, NotFoundError, RefusedError, ConflictError: as for `plan`.
        MergeConflictError: what came later is in the way; it names the paths.
        ProtectedError: a rule forbids such a branch.
    """
    with mover.reads() as work:
        source = plan(work, which, mover=mover)
    into = source.target_branch
    target = _target(source.plan, f"revert-{which.number}".encode(), into)
    commits, mainline = _commits(source)
    outcome = git_operations.revert(
        source.plan, target, commits[::-1], mainline=mainline, message=b"", said=said
    )
    new = NewPull(f'Revert "{source.title}"', f"Reverts #{which.number}.")
    return _made(mover, source, outcome, OperationKind.REVERT, into, new)


def backport(mover: Mover, which: Which, into: str, said: Resolutions) -> int:
    """Ask that a merged pull request come into another branch, too; gives the new number.

    Errors: as for `revert`; NotFoundError: there is no such branch.
    """
    with mover.reads() as work:
        source = plan(work, which, mover=mover)
    branch = check_branch(into)
    name = f"backport-{which.number}-to-".encode() + branch.replace(b"/", b"-")
    target = _target(source.plan, name, branch)
    commits, mainline = _commits(source)
    outcome = git_operations.cherry_pick(
        source.plan, target, commits, mainline=mainline, names_origin=True, said=said
    )
    title = f"{source.title} ({show(branch)})"[:LONGEST_TITLE]
    new = NewPull(title, f"Brings #{which.number} to `{show(branch)}`.")
    return _made(mover, source, outcome, OperationKind.CHERRY_PICK, branch, new)


def _target(plan: Plan, name: bytes, at: bytes) -> Target:
    """A new branch where another one is; with a number where the name is taken."""
    folder = plan.terms.folder
    head = refs.one(folder, BRANCHES + at).target
    for number in range(1, MOST_NAMES + 1):
        tried = name if number == 1 else name + f"-{number}".encode()
        try:
            refs.one(folder, BRANCHES + tried)
        except NotFoundError:
            return Target(BRANCHES + tried, head)
    raise ConflictError(
        sentence("Too many branches have names like this one already. Delete some of them.")
    )


def _commits(source: Source) -> tuple[list[str], int | None]:
    """What is to be done again or taken back, the oldest first; and the main line of a merge."""
    folder = source.plan.terms.folder
    if source.method is MergeMethod.SQUASH:
        return [source.merged_as], None
    if source.method in AS_ONE or _is_merge(source):
        return [source.merged_as], 1
    if source.method is MergeMethod.REBASE:
        return merged_commits.between(folder, source.merged_onto, source.merged_as), None
    return merged_commits.between(folder, source.base, source.head), None


def _is_merge(source: Source) -> bool:
    """Whether a push brought it by a merge commit."""
    if source.method is not None:
        return False
    parents = merged_commits.parents(source.plan.terms.folder, source.merged_as)
    return len(parents) > 1 and parents[0] == source.merged_onto and source.head in parents


def _made(
    mover: Mover,
    source: Source,
    outcome: Outcome,
    kind: OperationKind,
    into: bytes,
    new: NewPull,
) -> int:
    """The new branch with what was drafted, and the pull request for it."""
    git_operations.insist_on_merge(outcome)
    if outcome.ref is None:
        raise ConflictError(sentence("That would change nothing."))
    created = replace(outcome.ref, old=None)
    ref_moving.move(mover, source.plan, created, operation=git_operations.operation(kind, outcome))
    branch = created.name.removeprefix(BRANCHES)
    return pull_opening.ask(mover, source.which.path, show(branch), show(into), new)
