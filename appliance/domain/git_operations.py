"""What is done to a branch without a push, by its name in the API and in the log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_SOURCES = 100
"""Most commits that a record of one operation names."""


class MergeMethod(StrEnum):
    """How one history comes into another."""

    MERGE = "merge"
    """By a commit with both as its parents."""
    SQUASH = "squash"
    """By one commit with all of it."""
    REBASE = "rebase"
    """By the same commits, made again on top."""
    FAST_FORWARD = "fast-forward"
    """By the very same commits, or not at all."""
    SEMI_LINEAR = "semi-linear"
    """By the same commits, made again on top, and a merge commit."""


class OperationKind(StrEnum):
    """Which operation moved a branch."""

    CHANGE_FILES = "change-files"
    MERGE = "merge"
    MERGE_SQUASH = "merge-squash"
    MERGE_REBASE = "merge-rebase"
    MERGE_FAST_FORWARD = "merge-fast-forward"
    MERGE_SEMI_LINEAR = "merge-semi-linear"
    REBASE = "rebase"
    CHERRY_PICK = "cherry-pick"
    REVERT = "revert"
    RESET = "reset"
    APPLY_STASH = "apply-stash"
    BRANCH_STASH = "branch-stash"


@dataclass(frozen=True)
class Operation:
    """An operation, and the commits that it was done with."""

    kind: OperationKind
    sources: tuple[str, ...] = ()
    """What was merged, picked, reverted, or made the new base."""


def remembered(operation: Operation | None) -> dict[str, str | None]:
    """What the row of a push says of what was done without git."""
    sources = operation.sources[:MOST_SOURCES] if operation is not None else ()
    return {
        "operation": operation.kind if operation is not None else None,
        "operation_sources": " ".join(sources) or None,
    }
