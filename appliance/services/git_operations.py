"""Merge, rebase, cherry-pick, revert and reset of branches, without a push.

They go the way that `ref_updates` describes: these functions are its second step. Each drafts the
move of a branch; where changes do not go together, `insist_on_merge` says which.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from appliance.domain.git_operations import MergeMethod, Operation, OperationKind
from appliance.domain.sizes import size
from appliance.errors import (
    MergeConflictError,
    PreconditionError,
    TooLargeError,
    sentence,
)
from appliance.git import merge_messages, merging, refs
from appliance.git.conflicts import Conflict, Resolution, Resolutions, Side
from appliance.git.made_commits import Maker
from appliance.git.merging import Outcome, Target
from appliance.git.ref_names import BRANCHES, check_branch
from appliance.git.refs import RefKind
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.git.refs import Resolved
    from appliance.services.ref_updates import Plan
    from appliance.settings import Settings

__all__ = ["MergeMethod", "Outcome", "Resolution", "Side", "Target"]

NAMED = 5
"""How many paths an error names; all of them stand beside it."""
OF_METHOD = {
    MergeMethod.MERGE: OperationKind.MERGE,
    MergeMethod.SQUASH: OperationKind.MERGE_SQUASH,
    MergeMethod.REBASE: OperationKind.MERGE_REBASE,
    MergeMethod.FAST_FORWARD: OperationKind.MERGE_FAST_FORWARD,
    MergeMethod.SEMI_LINEAR: OperationKind.MERGE_SEMI_LINEAR,
}


def target(plan: Plan, branch: bytes, *, expected_head: str | None) -> Target:
    """The branch that is to move, where it is now.

    Errors:
        NotFoundError: there is none of that name.
        PreconditionError: it is not at `expected_head`.
    """
    found = refs.one(plan.terms.folder, BRANCHES + branch)
    if expected_head is not None and found.target != expected_head:
        raise PreconditionError("The branch has changed in the meantime. Reload and try again.")
    return Target(found.name, found.target)


def resolutions(said: Iterable[Resolution], *, rules: Settings) -> Resolutions:
    """What somebody says of conflicts.

    Errors:
        TooLargeError: a file would be larger than any may be.
    """
    kept = tuple(said)
    most = rules.limits.file_size_bytes
    if any(isinstance(each.take, bytes) and len(each.take) > most for each in kept):
        raise TooLargeError(sentence("A file can have at most %(most)s.", most=size(most)))
    return Resolutions(kept)


def merge(
    plan: Plan,
    target: Target,
    source: Resolved,
    *,
    method: MergeMethod,
    message: bytes,
    said: Resolutions,
) -> Outcome:
    """A branch with another history brought in; see `git.merging.merge` for the errors."""
    if not message and method in {MergeMethod.MERGE, MergeMethod.SEMI_LINEAR}:
        short = target.name.removeprefix(BRANCHES)
        message = merge_messages.merge(source.short, short, of=_kind(source))
    return merging.merge(
        plan.terms.folder,
        target,
        source.commit,
        method=method,
        message=message,
        maker=maker(plan),
        said=said,
    )


def rebase(plan: Plan, target: Target, onto: Resolved, *, said: Resolutions) -> Outcome:
    """A branch with its commits made again on another; see `git.merging.rebase` for the errors."""
    return merging.rebase(plan.terms.folder, target, onto.commit, maker=maker(plan), said=said)


def cherry_pick(
    plan: Plan,
    target: Target,
    commits: Sequence[str],
    *,
    mainline: int | None,
    names_origin: bool,
    said: Resolutions,
) -> Outcome:
    """A branch with commits of another; see `git.merging.cherry_pick` for the errors."""
    return merging.cherry_pick(
        plan.terms.folder,
        target,
        commits,
        mainline=mainline,
        names_origin=names_origin,
        maker=maker(plan),
        said=said,
    )


def revert(
    plan: Plan,
    target: Target,
    commits: Sequence[str],
    *,
    mainline: int | None,
    message: bytes,
    said: Resolutions,
) -> Outcome:
    """A branch with commits taken back; see `git.merging.revert` for the errors."""
    return merging.revert(
        plan.terms.folder,
        target,
        commits,
        mainline=mainline,
        message=message,
        maker=maker(plan),
        said=said,
    )


def reset(plan: Plan, target: Target, to: Resolved) -> Outcome:
    """A branch at another commit; what it had beyond that is on it no more."""
    return merging.reset(plan.terms.folder, target, to.commit)


def apply_stash(
    plan: Plan, target: Target, commit: str, *, message: bytes, said: Resolutions
) -> Outcome:
    """A branch with what was set aside; see `git.merging.apply` for the errors."""
    return merging.apply(
        plan.terms.folder, target, commit, message=message, maker=maker(plan), said=said
    )


def branch_stash(plan: Plan, name: bytes, base: str, commit: str, *, message: bytes) -> Outcome:
    """A new branch from where somebody has set changes aside, with them as one commit.

    Errors:
        InvalidError: the name will not do.
        ConflictError: nothing would change.
    """
    start = Target(check_branch(name), base)
    made = apply_stash(plan, start, commit, message=message, said=Resolutions(()))
    if made.ref is None:
        return made
    return dataclasses.replace(made, ref=dataclasses.replace(made.ref, old=None))


def insist_on_merge(outcome: Outcome) -> None:
    """Go on only if all was decided.

    Errors:
        MergeConflictError: changes do not go together; it names the paths.
    """
    if outcome.conflicts:
        raise MergeConflictError(
            sentence(
                "Conflicts in %(paths)s. Resolve them, or merge with git and push.",
                paths=_named(outcome.conflicts),
            ),
            conflicts=outcome.conflicts,
        )


def _named(conflicts: Sequence[Conflict]) -> str:
    paths = sorted({each.path for each in conflicts})
    shown = ", ".join(show(path)[:200] for path in paths[:NAMED])
    return shown if len(paths) <= NAMED else f"{shown}, …"


def operation(kind: OperationKind, outcome: Outcome) -> Operation:
    """What the log is to say of it."""
    return Operation(kind, outcome.sources)


def maker(plan: Plan) -> Maker:
    """Who makes commits for a plan, and what signs them."""
    return Maker(plan.author, plan.signer.sign)


def _kind(source: Resolved) -> bytes:
    return source.kind.value.encode() if source.kind is not RefKind.OTHER else b"commit"
