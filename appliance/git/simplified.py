"""History as one path saw it: only the commits that touched it.

Git leaps over all others with its index of changed paths, a million of them in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.git import limits, process

OUTPUT_BYTES = 1024 * limits.MIB  # As many commits as any history has; they are streamed.


def simplified(
    at: Path, commit: str, path: bytes, *, seconds: float
) -> Iterator[tuple[str, list[str]]]:
    """The commits up to `commit` that touched `path`, each with its nearest such ancestors.

    The first is where the path got what it has in `commit`. The path has the same content in a
    commit's real parent and in the ancestor that stands for it here.

    Errors:
        TimeoutExceededError: while iterating, when the time is over.
    Source: git-rev-list(1), "History Simplification", default mode with parent rewriting.
    """
    words: list[str | bytes] = ["rev-list", "--parents", commit, "--", path]
    with process.stream(words, at=at, timeout_seconds=seconds, output_bytes=OUTPUT_BYTES) as speech:
        rest = b""
        for chunk in speech:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                oid, *parents = line.decode("ascii").split(" ")
                yield oid, parents
        speech.check()
