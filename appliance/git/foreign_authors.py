"""Who wrote the commits that a push brought in, and that no other branch had."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from appliance.git import process
from appliance.git.ref_names import BRANCHES

MOST_COMMITS = 500
SECONDS = 10.0


def of_push(at: Path, moved: Collection[bytes], before: str | None, after: str) -> list[str]:
    """The addresses of the authors of commits that came with `after`; of many, of the newest.

    What a branch has that is not among those `moved` lately is not counted: it came before.
    Errors:
        DamagedError, GitFailedError, TimeoutExceededError: the repository cannot be read so.
    """
    words: list[str | bytes] = [
        *("log", "--no-merges", f"--max-count={MOST_COMMITS}", "--format=%ae", after, "--not"),
        *([before] if before else []),
        *(b"--exclude=" + each.removeprefix(BRANCHES) for each in sorted(moved)),
        "--branches",
        "--",
    ]
    found = process.run(words, at=at, timeout_seconds=SECONDS)
    return found.decode("utf-8", "replace").splitlines()
