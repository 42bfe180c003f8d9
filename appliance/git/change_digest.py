"""What changes between two commits: which paths, and a digest that a mere rebase leaves as it was.

Line numbers and ids of blobs are left out of the digest, the lines around a change are not: where
they differ, somebody should look again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from appliance.errors import TooLargeError
from appliance.git import process

SECONDS = 30.0
OUTPUT_BYTES = 64 * 1024 * 1024
PLAIN = ("--no-ext-diff", "--no-textconv", "--no-renames", "--full-index")


def paths(at: Path, base: str, head: str) -> tuple[bytes, ...]:
    """The paths that differ between two commits, at whatever depth.

    Errors:
        DamagedError, TimeoutExceededError, TooLargeError: they cannot be told, or are too many.
    """
    words = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", base, head, "--"]
    answer = process.run(words, at=at, timeout_seconds=SECONDS, output_bytes=OUTPUT_BYTES)
    return tuple(filter(None, answer.split(b"\0")))


def digest(at: Path, base: str, head: str) -> str | None:
    """The same for two changes that do the same to the same lines; None where it is too much.

    Errors:
        DamagedError, TimeoutExceededError: they cannot be read, or not in time.
    """
    words = ["diff-tree", "-r", "-p", *PLAIN, base, head, "--"]
    try:
        answer = process.run(words, at=at, timeout_seconds=SECONDS, output_bytes=OUTPUT_BYTES)
    except TooLargeError:
        return None
    found = hashlib.sha256()
    for line in _kept(answer.split(b"\n")):
        found.update(line + b"\n")
    return found.hexdigest()


def _kept(lines: Iterable[bytes]) -> Iterator[bytes]:
    index = b""
    for line in lines:
        if line.startswith(b"index "):
            index = line
        elif line.startswith(b"Binary files "):
            yield index  # Of these nothing but the ids says what they are.
            yield line
        else:
            yield b"@@" if line.startswith(b"@@ ") else line
