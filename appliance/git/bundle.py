"""Gives a repository away as one file, a bundle, that any git can clone from.

Bundles come in through `imports`. Source: git-bundle(1).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.errors import ConflictError
from appliance.git import process
from appliance.git.repository_config import HIDDEN_REFS

EXPORT_SECONDS = 4 * 3600.0
EXPORT_BYTES = 2**62  # Streamed: the reader and time are what bound it.


def export(folder: Path, *, seconds: float = EXPORT_SECONDS) -> Iterator[bytes]:
    """The bundle with all refs of the repository, in chunks.

    Errors:
        ConflictError: the repository is empty.
        TimeoutExceededError, DamagedError: while iterating; the file is then of no use.
    """
    visible = [f"--exclude={HIDDEN_REFS}/*", "--all"]
    if not process.run(["rev-parse", *visible], at=folder):
        raise ConflictError("This repository is empty; there is nothing to export.")
    head = process.execute(["rev-parse", "--verify", "--quiet", "HEAD"], at=folder).status == 0
    tips = ["HEAD", *visible] if head else visible  # With HEAD a clone knows what to check out.
    return _chunks(folder, ["bundle", "create", "--quiet", "-", *tips], seconds)


def _chunks(folder: Path, words: list[str], seconds: float) -> Iterator[bytes]:
    with process.stream(
        words, at=folder, timeout_seconds=seconds, output_bytes=EXPORT_BYTES
    ) as speech:
        yield from speech
        speech.check()
