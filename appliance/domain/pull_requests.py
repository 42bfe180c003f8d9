"""Pull requests: their words and limits, and what follows from where branches are.

A pull request is a conversation about bringing one branch into another. What its source branch was
after each push is a patch set, numbered from 1 and kept by `refs/pull/NUMBER/PATCH_SET`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.errors import InvalidError, sentence

LONGEST_BRANCH = 255
"""In bytes."""
MOST_REVIEWERS = 30
MOST_CONFLICTS_KEPT = 100
MOST_COMMENTS_AT_ONCE = 200
LARGEST_LINE = 2**31 - 1


class MergeState(StrEnum):
    """Whether a pull request's changes go together with its target."""

    UNKNOWN = "unknown"
    """It is being found out."""
    CLEAN = "clean"
    CONFLICTS = "conflicts"
    NOTHING = "nothing"
    """The target has all of it already."""
    TOO_LARGE = "too_large"
    """It is more than is merged here; git can."""


class Verdict(StrEnum):
    """What a reviewer says of the whole."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    COMMENT = "comment"


class Side(StrEnum):
    """Which side of a change a line stands on."""

    OLD = "old"
    NEW = "new"


class Shift(StrEnum):
    """How a patch set came from the one before."""

    FIRST = "first"
    FORWARD = "forward"
    """By more commits."""
    REWRITTEN = "rewritten"
    """By other commits: a rebase, an amended one."""


class UpdateMethod(StrEnum):
    """How what is new on the target comes into the source branch."""

    MERGE = "merge"
    """By a merge commit on top."""
    REBASE = "rebase"
    """Its commits are made again, on top of the target."""


@dataclass(frozen=True)
class Anchor:
    """Lines of a file that somebody speaks of. Without lines it is the file as a whole."""

    patch_set: int
    path: bytes
    side: Side = Side.NEW
    start_line: int | None = None
    end_line: int | None = None
    """Both count from 1, and both lines are meant."""


def check_anchor(anchor: Anchor) -> Anchor:
    """An anchor whose lines are possible.

    Errors:
        InvalidError: they are none, or the wrong way round.
    """
    start, end = anchor.start_line, anchor.end_line
    if start is None and end is not None:
        return check_anchor(Anchor(anchor.patch_set, anchor.path, anchor.side, end, end))
    is_whole = start is None and end is None
    is_range = start is not None and end is not None and 1 <= start <= end <= LARGEST_LINE
    if not anchor.path or not (is_whole or is_range):
        raise InvalidError.of("line", sentence("Enter a path, and lines from first to last."))
    return anchor


def check_branch(name: str) -> bytes:
    """A branch's name as a client says it, with or without `refs/heads/`.

    Errors:
        InvalidError: it is empty or too long.
    """
    found = name.strip().removeprefix("refs/heads/").encode("utf-8", "surrogateescape")
    if not found or len(found) > LONGEST_BRANCH:
        raise InvalidError.of("branch", sentence("Enter a branch."))
    return found


def split_head(head: str) -> tuple[str | None, str]:
    """Where a source is: `OWNER/NAME:branch` in another repository, `branch` in the same."""
    path, colon, branch = head.partition(":")
    return (path, branch) if colon and "/" in path else (None, head)
