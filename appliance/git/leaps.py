"""Strides along the first parents of a commit, so that a long walk can stop and go on later.

Git's index of changed paths compares a commit with its first parent; along this line it leaps over
those that left a path alone, some 300,000 a second. When time is over, a question about the whole
of a long history could only be asked again from its beginning; a stride is soon done.
"""

from __future__ import annotations

from pathlib import Path

from appliance.git import process

STRIDE = 50_000
"""Commits in one stride: a quarter of a second."""


def stride_end(at: Path, commit: str, *, seconds: float) -> str | None:
    """The commit at the end of the stride that begins at `commit`; None where history ends before.

    Errors:
        TimeoutExceededError: the time is over.
    """
    words = ["rev-list", "--first-parent", "--max-count=1", f"--skip={STRIDE}", commit, "--"]
    return process.run(words, at=at, timeout_seconds=seconds).decode().strip() or None


def last_touch(
    at: Path, commit: str, end: str | None, path: bytes, *, seconds: float
) -> str | None:
    """The first commit of a stride in which `path` is not what it is in the first parent.

    None where it is the same down to `end`.

    Errors:
        TimeoutExceededError: the time is over.
    """
    words: list[str | bytes] = ["rev-list", "--first-parent", "--max-count=1", commit]
    words += [f"^{end}"] if end is not None else []
    answer = process.run([*words, "--", path], at=at, timeout_seconds=seconds)
    return answer.decode().strip() or None
