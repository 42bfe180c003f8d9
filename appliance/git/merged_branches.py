"""Which branches a commit has all commits of, and since when."""

from __future__ import annotations

from collections.abc import Iterable
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


def ahead_once(
    at: Path,
    head: str,
    places: Iterable[tuple[str, str | None]],
    *,
    seconds: float = limits.DIVERGENCE_SECONDS,
) -> frozenset[tuple[str, str | None]]:
    """Which commits, all of which `head` has, were made beside it.

    Each comes with where the line of `head` was when a branch was put there, if that is known: what
    came in by a merge was ahead of it; so was what this line was only moved to afterwards. Without
    the time, none.
    """
    wanted = frozenset(places)
    words = ["rev-list", "--first-parent", f"--max-count={limits.LINE_COMMITS}"]
    words += ["--end-of-options", head]
    try:
        line = process.run(words, at=at, timeout_seconds=seconds).decode("ascii").split()
        asked = {oid for place in wanted for oid in place}
        steps = {oid: number for number, oid in enumerate(line) if oid in asked}
        whole = len(line) < limits.LINE_COMMITS
        return frozenset(
            (oid, beside)
            for oid, beside in wanted
            if (_was_ahead(at, steps, oid, beside) if oid in steps else whole)
        )
    except ApplianceError:
        return frozenset()


def _was_ahead(at: Path, steps: dict[str, int], oid: str, beside: str | None) -> bool:
    if beside is None or beside == oid:
        return False
    if beside in steps:
        return steps[oid] < steps[beside]
    words = ["rev-list", "--max-count=1", "--end-of-options", oid, f"^{beside}"]
    return bool(process.run(words, at=at))


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
