"""Licence expressions: read as they are written, and spelt in one way.

Source: SPDX Specification 2.3, annex D, "SPDX license expressions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.scanning.licences import spdx, spellings

LONGEST = 2000
"""Characters of an expression."""
_DEEPEST = 30
"""Parentheses inside one another."""
_TOKENS = re.compile(r"[()]|[^\s()]+")
_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
_OPERATORS = frozenset({"and", "or", "with"})


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence. `is_known` is whether its identifier is on the list, or refers to a text."""

    name: str
    exception: str = ""
    is_known: bool = True

    def __str__(self) -> str:
        return f"{self.name} WITH {self.exception}" if self.exception else self.name


@dataclass(frozen=True, slots=True)
class Every:
    """All of them count: AND."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " AND ".join(
            f"({each})" if isinstance(each, Either) else str(each) for each in self.parts
        )


@dataclass(frozen=True, slots=True)
class Either:
    """One of them, which one may choose: OR."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))


Expression = Licence | Every | Either


def read(text: str) -> Expression | None:
    """An expression in its one spelling; None where it is none.

    A slash or a bar between two names means that one may choose, as old manifests have it.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST:
        return None
    whole = spellings.identifier(text)
    if whole is not None:
        return Licence(whole)
    if "://" not in text:
        text = re.sub(r"\s*(?:/|\|\|?)\s*", " OR ", text).replace(" & ", " AND ")
    return _Reader(_TOKENS.findall(text)).whole()


def licences(expression: Expression) -> list[Licence]:
    """Every licence that is named, in order."""
    if isinstance(expression, Licence):
        return [expression]
    return [each for part in expression.parts for each in licences(part)]


def joined(kind: type[Every | Either], parts: list[Expression]) -> Expression:
    """Parts under one operator: each once, in order, none of the same kind inside."""
    flat: dict[str, Expression] = {}
    for part in parts:
        for each in part.parts if isinstance(part, kind) else (part,):
            flat.setdefault(str(each), each)
    if len(flat) == 1:
        return next(iter(flat.values()))
    return kind(tuple(flat[key] for key in sorted(flat, key=str.lower)))


class _NoExpressionError(Exception):
    """What was read so far cannot be gone on with. Never leaves this file."""


class _Reader:
    """Where in the tokens we are. AND binds closer than OR."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Expression | None:
        try:
            expression = self._either(0)
        except _NoExpressionError:
            return None
        return expression if self._at == len(self._tokens) else None

    def _next_is(self, word: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].lower() == word

    def _either(self, depth: int) -> Expression:
        parts = [self._every(depth)]
        while self._next_is("or"):
            self._at += 1
            parts.append(self._every(depth))
        return joined(Either, parts)

    def _every(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._next_is("and"):
            self._at += 1
            parts.append(self._one(depth))
        return joined(Every, parts)

    def _one(self, depth: int) -> Expression:
        if not self._next_is("("):
            return self._licence()
        if depth > _DEEPEST:
            raise _NoExpressionError
        self._at += 1
        inside = self._either(depth + 1)
        if not self._next_is(")"):
            raise _NoExpressionError
        self._at += 1
        return inside

    def _licence(self) -> Expression:
        name = self._words()
        exception = ""
        if self._next_is("with"):
            self._at += 1
            said = self._words()
            exception = spdx.exceptions().get(said.lower(), "")
            if not exception:
                return Licence(f"{name} WITH {said}", is_known=False)
        return _named(name, exception)

    def _words(self) -> str:
        start = self._at
        while self._at < len(self._tokens) and self._tokens[self._at].lower() not in _OPERATORS:
            if self._tokens[self._at] in "()":
                break
            self._at += 1
        if self._at == start:
            raise _NoExpressionError
        return " ".join(self._tokens[start : self._at])


def _named(name: str, exception: str) -> Expression:
    known = spdx.licences().get(name.lower()) or spellings.identifier(name)
    if known is None and name in spdx.REPLACED:
        known = name
    if known is None and name.endswith("+"):
        later = spdx.licences().get(name[:-1].lower())
        known = f"{later}+" if later else None
    if known is None:
        is_reference = bool(_REFERENCE.fullmatch(name))
        return Licence(name, exception, is_known=is_reference)
    replaced = spdx.REPLACED.get(known, known)
    if " " not in replaced:
        return Licence(replaced, exception)
    found = read(replaced)
    if found is None or exception:
        return Licence(name, exception, is_known=False)
    return found
