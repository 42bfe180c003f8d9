"""How many commits a history has, remembered in the repository's folder.

What came before a commit never changes. After a push only the new commits are counted, where they
go on from a commit that was counted before. Losing the file costs time only.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from appliance.git import limits, process, remembered
from appliance.git.handles import OBJECT_ID, Kind, opened

PLACE = remembered.FOLDER / "commit-counts"
KEPT = 16
TRIED = 4  # Of those kept, for the beginning of a longer history.


def known(at: Path, start: str) -> int | None:
    """What was counted before; None where it was not."""
    return _load(at).get(start)


def count(at: Path, start: str, *, seconds: float = limits.PAGE_SECONDS) -> int:
    """How many commits the history that ends with commit `start` has.

    Errors:
        NotFoundError: there is no such commit.
        TimeoutExceededError: there are too many to count in so much time.
    """
    counts = _load(at)
    if start in counts:
        return counts[start]
    with opened(at) as handle:
        handle.expect(start, Kind.COMMIT)
        earlier = [oid for oid in list(counts)[-TRIED:] if handle.header(oid) is not None]
    deadline = time.monotonic() + seconds
    counted = _count(at, counts, earlier, start, deadline)
    newest = list((counts | {start: counted}).items())[-KEPT:]
    remembered.write(at / PLACE, json.dumps(newest).encode())
    return counted


def _count(
    at: Path, counts: dict[str, int], earlier: list[str], start: str, deadline: float
) -> int:
    for oid in reversed(earlier):
        if _is_before(at, oid, start, deadline):
            return counts[oid] + _ask(at, [start, f"^{oid}"], deadline)
    return _ask(at, [start], deadline)


def _is_before(at: Path, oid: str, start: str, deadline: float) -> bool:
    words = ["merge-base", "--is-ancestor", oid, start]
    return process.execute(words, at=at, timeout_seconds=_left(deadline)).status == 0


def _ask(at: Path, wanted: list[str], deadline: float) -> int:
    # With the bitmaps that maintenance writes, a million commits are counted at once.
    words = ["rev-list", "--count", "--use-bitmap-index", *wanted, "--"]
    return int(process.run(words, at=at, timeout_seconds=_left(deadline)))


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _load(at: Path) -> dict[str, int]:
    try:
        stored = json.loads((at / PLACE).read_bytes())
        return {oid: int(number) for oid, number in stored if OBJECT_ID.fullmatch(oid)}
    except (OSError, ValueError, TypeError):
        return {}
