"""JSON with line numbers, and with an end to how much and how deep it is.

Source: RFC 8259. Comments and trailing commas are read where a format has them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # It is there; stubs lack it.

from appliance.scanning.manifests.refusal import (
    DEEPEST,
    MOST_VALUES,
    malformed,
    too_deep,
    too_many,
    unfit,
)
from appliance.scanning.manifests.tree import Rows, Tree

_SPACE = re.compile(r"[ \t\r\n]*")
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}


def read(text: str, *, is_lenient: bool = False) -> Tree:
    """The mapping that a text is. `is_lenient` allows comments and trailing commas.

    Errors:
        ManifestError: it is none, or there is too much in it.
    """
    reader = _Reader(text, is_lenient=is_lenient)
    value = reader.whole()
    if not isinstance(value, Tree):
        raise unfit(1, "JSON")
    return value


class _Reader:
    """Where in the text we are, and how much there was so far."""

    def __init__(self, text: str, *, is_lenient: bool) -> None:
        self._text = text
        self._is_lenient = is_lenient
        self._space = _SPACE_AND_COMMENTS if is_lenient else _SPACE
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._at = 0
        self._values = 0

    def whole(self) -> object:
        value = self._value(0)
        self._skip()
        if self._at < len(self._text):
            raise self._malformed()
        return value

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at - 1) + 1

    def _malformed(self) -> Exception:
        return malformed(self._line(), "JSON")

    def _skip(self) -> None:
        found = self._space.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _next(self) -> str:
        self._skip()
        return self._text[self._at : self._at + 1]

    def _value(self, depth: int) -> object:
        self._values += 1
        if self._values > MOST_VALUES:
            raise too_many(self._line())
        if depth > DEEPEST:
            raise too_deep(self._line())
        first = self._next()
        if first == "{":
            return self._mapping(depth)
        if first == "[":
            return self._list(depth)
        return self._string() if first == '"' else self._plain()

    def _mapping(self, depth: int) -> Tree:
        tree = Tree(self._line())
        while self._goes_on("}", is_first=not tree.lines):
            if self._next() != '"':
                raise self._malformed()
            line = self._line()
            key = self._string()
            self._take(":")
            tree.put(key, self._value(depth + 1), line)
        return tree

    def _list(self, depth: int) -> Rows:
        rows = Rows(self._line())
        while self._goes_on("]", is_first=not rows.lines):
            self._skip()
            line = self._line()
            rows.put(self._value(depth + 1), line)
        return rows

    def _goes_on(self, end: str, *, is_first: bool) -> bool:
        """Whether another item follows; the bracket or comma before it is taken."""
        if is_first:
            self._at += 1
        elif self._next() != end:
            self._take(",")
        is_trailing = not is_first and not self._is_lenient and self._before() == ","
        if self._next() != end:
            return True
        if is_trailing:
            raise self._malformed()
        self._at += 1
        return False

    def _before(self) -> str:
        return self._text[self._at - 1 : self._at]

    def _take(self, character: str) -> None:
        if self._next() != character:
            raise self._malformed()
        self._at += 1

    def _string(self) -> str:
        try:
            value, self._at = scanstring(self._text, self._at + 1)
        except json.JSONDecodeError as error:
            self._at = min(error.pos, len(self._text))
            raise self._malformed() from error
        return str(value)

    def _plain(self) -> object:
        found = _PLAIN.match(self._text, self._at)
        if not found:
            raise self._malformed()
        self._at = found.end()
        return _WORDS.get(found[0], found[0])
