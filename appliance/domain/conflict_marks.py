"""Where the lines of a file stand that do not go together, found by git's marks in a draft of it.

Source: git-merge-file(1) with `--diff3`: ours, what both come from, theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

MARKS = {b"<<<<<<<": 0, b"|||||||": 1, b"=======": 2}
END = b">>>>>>>"
SIDES = 3


def ranges(draft: bytes, versions: Sequence[bytes | None]) -> tuple[tuple[range, ...], ...]:
    """For ours, the base and theirs: the lines in conflict, counted from 0."""
    parts = _parts(draft)
    return tuple(
        () if content is None else _found(content.split(b"\n"), [part[side] for part in parts])
        for side, content in enumerate(versions)
    )


def _parts(draft: bytes) -> list[list[list[bytes]]]:
    """What stands between marks, for each conflict by side."""
    found: list[list[list[bytes]]] = []
    side: int | None = None
    for line in draft.split(b"\n"):
        mark = line[:7]
        if mark == END:
            side = None
        elif mark in MARKS and (side is not None or MARKS[mark] == 0):
            side = MARKS[mark]
            if side == 0:
                found.append([[] for _ in range(SIDES)])
        elif side is not None:
            found[-1][side].append(line)
    return found


def _found(lines: Sequence[bytes], wanted: Sequence[list[bytes]]) -> tuple[range, ...]:
    """Where these runs of lines stand, one after the other; what is not found is left out."""
    made, here = [], 0
    for run in filter(None, wanted):
        starts = range(here, len(lines) - len(run) + 1)
        at = next((each for each in starts if lines[each : each + len(run)] == run), None)
        if at is not None:
            here = at + len(run)
            made.append(range(at, here))
    return tuple(made)
