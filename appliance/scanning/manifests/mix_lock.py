"""mix.lock, which is one term of Elixir.

Source: Mix documentation, "mix deps"; Hex, `mix.lock` entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import (
    DEEPEST,
    MOST_VALUES,
    malformed,
    too_deep,
    too_many,
    unfit,
)
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, checked

_TOKEN = re.compile(
    r"(?P<space>[\s]+|#[^\n]*)"
    r"|(?P<key>[A-Za-z_]\w*[?!]?:(?=\s)|\"(?:[^\"\\]|\\.)*\":(?=\s))"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<atom>:(?:\"(?:[^\"\\]|\\.)*\"|[A-Za-z_]\w*[?!]?)|[A-Za-z_][\w.]*|-?[0-9][\w.]*)"
    r"|(?P<mark>%\{|=>|[{}\[\],])",
    re.DOTALL,
)
_ENDS = {"%{": "}", "{": "}", "[": "]"}
Token = tuple[str, str, int]
_HEX = 3
"""As many at least: `:hex`, the package, its version."""


def read(source: Source) -> Iterator[Component]:
    """The packages from Hex and from git; the latter without a version."""
    entries = _Reader(source.text()).whole()
    found = [_entry(key, value, line) for key, value, line in entries]
    parents: dict[str, list[str]] = {}
    for component, needs in found:
        for need in needs:
            parents.setdefault(need, []).append(component.label)
    for component, _ in found:
        yield Component(
            ecosystem=component.ecosystem,
            name=component.name,
            version=component.version,
            line=component.line,
            parents=few(parents.get(component.name, ())),
            wanted=component.wanted,
        )


def _entry(key: str, value: object, line: int) -> tuple[Component, list[str]]:
    if not isinstance(value, Rows) or len(value) < _HEX:
        raise unfit(line, key)
    kind, first, second = (checked(value[at], line, key) for at in range(_HEX))
    if kind == "git":
        return Component(Ecosystem.HEX, key, "", line, wanted=first), []
    if kind != "hex":
        raise unfit(line, key)
    return Component(Ecosystem.HEX, first, second, line), list(_needs(value))


def _needs(value: Rows) -> Iterator[str]:
    """The first of each tuple in the list of dependencies, which follows that of build tools."""
    for part in value:
        for each in part if isinstance(part, Rows) else ():
            if isinstance(each, Rows) and each and isinstance(each[0], str):
                yield each[0]


class _Reader:
    """Where in the term we are."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> list[tuple[str, object, int]]:
        """The keys of the outer map with what they stand for."""
        self._take("%{")
        entries: list[tuple[str, object, int]] = []
        while self._peek()[1] != "}":
            kind, key, line = self._next()
            if kind == "text":
                self._take("=>")
            elif kind != "key":
                raise malformed(line, "Elixir")
            entries.append((checked(key, line, "mix.lock"), self._value(1), line))
            self._comma("}")
        self._take("}")
        if self._at < len(self._tokens):
            raise malformed(self._peek()[2], "Elixir")
        return entries

    def _value(self, depth: int) -> object:
        kind, text, line = self._next()
        if depth > DEEPEST:
            raise too_deep(line)
        if kind in {"text", "atom"}:
            return text
        if text not in _ENDS:
            raise malformed(line, "Elixir")
        rows = Rows(line)
        while self._peek()[1] != _ENDS[text] or self._peek()[0] != "mark":
            if self._peek()[0] == "key":
                self._next()
            rows.put(self._value(depth + 1), line)
            if self._peek()[1] == "=>":
                self._next()
                continue
            self._comma(_ENDS[text])
        self._next()
        return rows

    def _comma(self, end: str) -> None:
        kind, text, line = self._peek()
        if (kind, text) == ("mark", ","):
            self._next()
        elif (kind, text) != ("mark", end):
            raise malformed(line, "Elixir")

    def _take(self, mark: str) -> None:
        kind, text, line = self._next()
        if (kind, text) != ("mark", mark):
            raise malformed(line, "Elixir")

    def _peek(self) -> Token:
        if self._at >= len(self._tokens):
            raise malformed(self._tokens[-1][2] if self._tokens else 1, "Elixir")
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token


def _tokens(text: str) -> Iterator[Token]:
    at, line, count = 0, 1, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise malformed(line, "Elixir")
        kind, said = str(found.lastgroup), found[0]
        count += 1
        if count > MOST_VALUES:
            raise too_many(line)
        if kind == "text":
            yield kind, said[1:-1], line
        elif kind == "key":
            yield kind, said[:-1].strip('"'), line
        elif kind == "atom":
            yield kind, said.lstrip(":").strip('"'), line
        elif kind == "mark":
            yield kind, said, line
        line += said.count("\n")
        at = found.end()
