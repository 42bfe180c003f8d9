"""Which branches a commit has all commits of, and since when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError
from appliance.git import limits, process

if TYPE_CHECKING:
    from pathlib import Path


def merged_into(
    at: Path, oid: str, *, seconds: float = limits.DIVERGENCE_SECONDS
) -> frozenset[bytes]:
    """The whole names of the branches all of whose commits a commit has; none without the time."""
    words = ["for-each-ref", f"--merged={oid}", "--format=%(refname)", "refs/heads/"]
    try:
        return frozenset(process.run(words, at=at, timeout_seconds=seconds).splitlines())
    except ApplianceError:  # A damaged branch is no merged one; the page shows the others.
        return frozenset()


def contained_since(
    at: Path, oid: str, head: str, *, seconds: float = limits.DIVERGENCE_SECONDS
) -> datetime | None:
    """When the line of `head` took a commit in, as the commit says that did; None if it is `head`.

    Errors:
        TimeoutExceededError: there was not the time to look. DamagedError: it cannot be read.
    """
    words = ["rev-list", "--first-parent", "--ancestry-path", "--timestamp", "--reverse"]
    words += ["--end-of-options", f"{oid}..{head}"]
    answer = process.run(words, at=at, timeout_seconds=seconds).split(maxsplit=1)
    return datetime.fromtimestamp(int(answer[0]), UTC) if answer else None
