"""TOML with line numbers. The library that reads it knows none, so headers and keys are looked up.

Source: TOML 1.0.0.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from appliance.scanning.manifests.refusal import (
    DEEPEST,
    MOST_VALUES,
    malformed,
    too_deep,
    too_many,
)
from appliance.scanning.manifests.tree import Rows, Tree

Path = tuple[str | int, ...]

_STRINGS = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'[^']*'?")
_MOST_DOTS = 100
"""Outside strings, in one line: the library's time grows with the square of a key's parts."""
_LOOKED_AT = 1000
"""Characters of a line in which an item of a list is looked up, to tell on which line it is."""
_KEY = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ASSIGNED = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_PARTS = re.compile(_KEY)


def read(text: str) -> Tree:
    """The mapping that a text is.

    Errors:
        ManifestError: it is none, or there is too much in it.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.count(".") > _MOST_DOTS and _STRINGS.sub("", line).count(".") > _MOST_DOTS:
            raise too_many(number)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise malformed(int(found[1]) if found else len(lines), "TOML") from error
    except RecursionError as error:
        raise too_deep(1) from error
    except ValueError as error:
        raise malformed(1, "TOML") from error  # A date of no calendar, a number without end.
    return _Lined(lines).tree(value, (), 1, 0)


class _Lined:
    """Where headers and keys stand, and how many values were seen so far."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._places = _places(lines)
        self._starts = sorted(self._places.values())
        self._values = 0

    def tree(self, value: Mapping[str, Any], path: Path, line: int, depth: int) -> Tree:
        here = self._places.get(path, line)
        tree = Tree(here)
        for key, each in value.items():
            at = self._places.get((*path, key), here)
            tree.put(key, self._any(each, (*path, key), at, depth + 1), at)
        return tree

    def _any(self, value: object, path: Path, line: int, depth: int) -> object:
        self._values += 1
        if self._values > MOST_VALUES:
            raise too_many(line)
        if depth > DEEPEST:
            raise too_deep(line)
        if isinstance(value, dict):
            return self.tree(value, path, line, depth)
        if isinstance(value, list):
            return self._rows(value, path, line, depth)
        if isinstance(value, (bool, str)):
            return value
        return value.isoformat() if isinstance(value, (date, datetime, time)) else str(value)

    def _rows(self, values: list[Any], path: Path, line: int, depth: int) -> Rows:
        rows = Rows(line)
        at, end = line, self._end(line)
        for index, value in enumerate(values):
            at = self._places.get((*path, index), at)
            if isinstance(value, str):
                at = self._next_line_with(value, at, end)
            rows.put(self._any(value, (*path, index), at, depth + 1), at)
        return rows

    def _end(self, line: int) -> int:
        """The line before the next key or header."""
        place = bisect_right(self._starts, line)
        return self._starts[place] - 1 if place < len(self._starts) else len(self._lines)

    def _next_line_with(self, text: str, line: int, end: int) -> int:
        """From `line` on, and only as far as it makes sense to look."""
        for at in range(line, min(end, line + 50) + 1):
            if text in self._lines[at - 1][:_LOOKED_AT]:
                return at
        return line


def _places(lines: Sequence[str]) -> dict[Path, int]:
    """The line of each header and each key, by its path; tables in a list are counted."""
    places: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    within: Path = ()
    is_text = False
    for number, line in enumerate(lines, 1):
        turns = line.count('"""') + line.count("'''")
        was_text, is_text = is_text, is_text ^ bool(turns % 2)
        if was_text:
            continue
        if header := _HEADER.match(line):
            within = _numbered(_split(header[2]), counts, is_list=header[1] == "[[")
            places.setdefault(within, number)
        elif assigned := _ASSIGNED.match(line):
            places.setdefault((*within, *_split(assigned[1])), number)
    return places


def _numbered(parts: tuple[str, ...], counts: dict[Path, int], *, is_list: bool) -> Path:
    """A header's path, in which a list stands with the number of its present table."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if is_list and place == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _split(key: str) -> tuple[str, ...]:
    return tuple(each.strip("\"'") for each in _PARTS.findall(key))
