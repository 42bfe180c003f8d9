"""Long lists, cut so that each event's body stays readable for everybody who follows the log.

A line of an export has at most 256 KiB (audit/SPEC.md, section 7), and receivers of streams take
less. So what a push did to 20,000 refs is said by several events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MOST_IN_A_PART = 500
LARGEST_PART = 64 * 1024
"""In bytes, as JSON."""
LARGEST_BODY = 192 * 1024
"""In bytes, as JSON: what is recorded otherwise than in parts stays below it by its own limits."""
LONGEST_VALUE = 32 * 1024
"""In bytes: even where each is six in JSON, it fits into a line of an export."""


@dataclass(frozen=True)
class Part:
    """Some items of a list; `number` of `of` where there are several."""

    items: list[Any]
    number: int | None = None
    of: int | None = None


def in_parts(items: Iterable[Any]) -> list[Part]:
    """The items in their order, in as many parts as they need; one part if there are none."""
    lists = _cut(items)
    if len(lists) == 1:
        return [Part(lists[0])]
    return [Part(each, number, len(lists)) for number, each in enumerate(lists, start=1)]


def _cut(items: Iterable[Any]) -> list[list[Any]]:
    lists: list[list[Any]] = [[]]
    size = 0
    for item in items:
        added = len(json.dumps(item, ensure_ascii=False).encode("utf-8", "backslashreplace")) + 1
        if lists[-1] and (size + added > LARGEST_PART or len(lists[-1]) == MOST_IN_A_PART):
            lists.append([])
            size = 0
        lists[-1].append(item)
        size += added
    return lists
