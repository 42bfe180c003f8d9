"""What a structured file holds, with the lines it was read from, and asked for without trust.

Numbers and words stay as they are written, so that a version 1.10 does not become 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from appliance.scanning.manifests.refusal import LONGEST_TEXT, missing, unfit


class Rows(list[Any]):
    """A list and where its items stand."""

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []

    def put(self, value: object, line: int) -> None:
        """Add an item."""
        self.append(value)
        self.lines.append(line)

    def trees(self, field: str) -> Iterator[Tree]:
        """The items, each of which must be a mapping."""
        for value, line in zip(self, self.lines, strict=True):
            if not isinstance(value, Tree):
                raise unfit(line, field)
            yield value

    def texts(self, field: str) -> Iterator[tuple[str, int]]:
        """The items, each of which must be a text, with their lines."""
        for value, line in zip(self, self.lines, strict=True):
            yield checked(value, line, field), line


class Tree(dict[str, Any]):
    """A mapping and where its keys stand."""

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def put(self, key: str, value: object, line: int) -> None:
        """Add a value. Of two under one key the last counts."""
        self[key] = value
        self.lines[key] = line

    def line_of(self, key: str) -> int:
        """Where a key stands; where the mapping starts, if it has none of that name."""
        return self.lines.get(key, self.line)

    def tree(self, key: str) -> Tree:
        """The mapping under a key; an empty one where nothing is."""
        value = self.get(key)
        if value is None:
            return Tree(self.line_of(key))
        if not isinstance(value, Tree):
            raise unfit(self.line_of(key), key)
        return value

    def rows(self, key: str) -> Rows:
        """The list under a key; an empty one where nothing is."""
        value = self.get(key)
        if value is None:
            return Rows(self.line_of(key))
        if not isinstance(value, Rows):
            raise unfit(self.line_of(key), key)
        return value

    def text(self, key: str) -> str:
        """The text under a key, which must be there."""
        value = self.maybe(key)
        if not value:
            raise missing(self.line_of(key), key)
        return value

    def maybe(self, key: str) -> str:
        """The text under a key; an empty one where nothing is."""
        value = self.get(key)
        return "" if value is None else checked(value, self.line_of(key), key)

    def flag(self, key: str) -> bool:
        """Whether a key says yes."""
        value = self.get(key)
        return value is True or value == "true"

    def trees(self) -> Iterator[tuple[str, Tree]]:
        """Keys and what is under them, which must be mappings."""
        for key, value in self.items():
            if not isinstance(value, Tree):
                raise unfit(self.line_of(key), named(key))
            yield checked(key, self.line_of(key), named(key)), value

    def texts(self) -> Iterator[tuple[str, str]]:
        """Keys and what is under them, which must be texts."""
        for key, value in self.items():
            line = self.line_of(key)
            yield checked(key, line, named(key)), checked(value, line, named(key))


def named(key: str) -> str:
    """A key as an error names it."""
    return repr(key[:80])


def checked(value: object, line: int, field: str) -> str:
    """A text that is no longer than it may be, and holds no control characters."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise unfit(line, field)
    if not value.isprintable() and any(ord(each) < ord(" ") for each in value):
        raise unfit(line, field)
    return value
