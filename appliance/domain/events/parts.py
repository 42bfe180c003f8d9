"""Long lists, cut so that each event's body stays readable for everybody who follows the log.

A line of an export has at most 256 KiB (audit/SPEC.md, section 7), and receivers of streams take
less. So what a push did to 20,000 refs is said by several events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

MOST_IN_A_PART = 500
LARGEST_PART = 64 * 1024
"""In bytes, as JSON."""
LARGEST_BODY = 192 * 1024
"""In bytes, as JSON: what is recorded otherwise than in parts stays below it by its own limits."""
LONGEST_VALUE = 32 * 1024
"""In bytes: even where each is six in JSON, it fits into a line of an export."""


def in_parts(items: Iterable[Any]) -> list[list[Any]]:
    """The items in their order, in as many lists as they need; one empty list if there are none."""
    parts: list[list[Any]] = [[]]
    size = 0
    for item in items:
        added = len(json.dumps(item, ensure_ascii=False).encode("utf-8", "backslashreplace")) + 1
        if parts[-1] and (size + added > LARGEST_PART or len(parts[-1]) == MOST_IN_A_PART):
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += added
    return parts


def numbers(part: int, parts: int) -> dict[str, int]:
    """The members `part` and `parts` of an event that is one of several; none of the only one."""
    return {"part": part, "parts": parts} if parts > 1 else {}
