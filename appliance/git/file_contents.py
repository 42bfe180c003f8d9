"""The contents of many changed files, while they are in quarantine: read in batches, bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from appliance.errors import DamagedError
from appliance.git import process
from appliance.git.handles import DAMAGED

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.git.inspect import Quarantine
    from appliance.git.push_contents import ChangedFile

BATCH_BYTES = 8 * 1024 * 1024
SECONDS = 60.0
LINE_BYTES = 200
"""Around each content stands a line with its id, kind and size."""


def standing(
    folder: Path, quarantine: Quarantine | None, commit: str, files: Iterable[ChangedFile]
) -> frozenset[tuple[bytes, str]]:
    """Path and content of those changed files that a commit still has so.

    A path with a line break cannot be asked for: each of its contents counts.
    """
    changed = {(each.path, each.blob) for each in files if each.blob}
    asked = sorted({path for path, _blob in changed if b"\n" not in path})
    if not asked:
        return frozenset(changed)
    answer = process.run(
        ["cat-file", "--batch-check=%(objectname)", "--buffer"],
        at=folder,
        extra=quarantine.with_repository if quarantine else None,
        input=b"".join(b"%s:%s\n" % (commit.encode("ascii"), path) for path in asked),
        timeout_seconds=SECONDS,
        output_bytes=sum(len(path) + LINE_BYTES for path in asked),
    )
    found = dict(zip(asked, answer.split(b"\n"), strict=False))
    return frozenset(
        (path, blob) for path, blob in changed if found.get(path, blob.encode()) == blob.encode()
    )


def read(
    folder: Path, quarantine: Quarantine | None, sizes: dict[str, int]
) -> Iterator[tuple[str, bytes]]:
    """Blobs and their contents; `sizes` says how large each is.

    Errors:
        TimeoutExceededError: it takes too long. DamagedError: one is not there.
    """
    for batch in _batches(sizes):
        answer = process.run(
            ["cat-file", "--batch", "--buffer"],
            at=folder,
            extra=quarantine.with_repository if quarantine else None,
            input="".join(f"{blob}\n" for blob in batch).encode("ascii"),
            timeout_seconds=SECONDS,
            output_bytes=sum(sizes[blob] + LINE_BYTES for blob in batch),
        )
        yield from _cut(answer, batch, sizes)


def _cut(answer: bytes, batch: list[str], sizes: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    at = 0
    for blob in batch:
        end = answer.index(b"\n", at)
        if not answer.startswith(blob.encode("ascii"), at) or not answer[at:end].endswith(
            b" %d" % sizes[blob]
        ):
            raise DamagedError(DAMAGED)
        yield blob, answer[end + 1 : end + 1 + sizes[blob]]
        at = end + 1 + sizes[blob] + 1


def _batches(sizes: dict[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    total = 0
    for blob, size in sizes.items():
        if batch and total + size > BATCH_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(blob)
        total += size
    if batch:
        yield batch
