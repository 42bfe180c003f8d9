"""The language in which the audit log is searched: `actor:writer action:repo.* -outcome:success`.

Terms beside each other must all hold; `OR`, parentheses, and `-` or `NOT` do what they say; words
and "quoted words" are looked for in what events say. `parse(spell(query)) == query`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.domain.audit_terms import Field, check
from appliance.domain.audit_words import words
from appliance.errors import InvalidError, sentence

LONGEST = 2000
DEEPEST = 8
MOST_TERMS = 50
QUOTED = r'"(?:[^"\\]|\\["\\])*"'
TOKEN = re.compile(
    rf'\s*(?:(?P<sign>[()]|-(?=\S))|(?P<text>[^\s()":-](?:[^\s()"]|{QUOTED})*|{QUOTED}\*?))'
)
PLAIN = re.compile(r'[^\s()"\\]+\Z')
OPERATORS = ("AND", "OR", "NOT")


@dataclass(frozen=True)
class Everything:
    """Every event: the query that says nothing."""


@dataclass(frozen=True)
class Term:
    """A named value: `actor:writer`."""

    field: Field
    value: str


@dataclass(frozen=True)
class Words:
    """Words that stand beside each other in what an event says."""

    parts: tuple[str, ...]
    is_prefix: bool = False
    """Whether the last one may be the beginning of a longer one."""


@dataclass(frozen=True)
class Not:
    """What its part is not."""

    part: Query


@dataclass(frozen=True)
class And:
    """What all of its parts are; two or more, none of them an `And`."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Or:
    """What at least one of its parts is; two or more, none of them an `Or`."""

    parts: tuple[Query, ...]


Query = Everything | Term | Words | Not | And | Or


def both(*parts: Query) -> Query:
    """All of the parts, in the one shape that such a query has."""
    flat = [
        each
        for part in parts
        for each in (part.parts if isinstance(part, And) else (part,))
        if each != Everything()
    ]
    return And(tuple(flat)) if len(flat) > 1 else flat[0] if flat else Everything()


def either(*parts: Query) -> Query:
    """At least one of the parts, in the one shape that such a query has."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, Or) else (part,))]
    if Everything() in flat:
        return Everything()
    return Or(tuple(flat)) if len(flat) > 1 else flat[0]


def negated(part: Query) -> Query:
    """What the part is not, in the one shape that such a query has."""
    return part.part if isinstance(part, Not) else Not(part)


def parse(text: str) -> Query:
    """The query that a text spells; the empty text is everything.

    Errors:
        InvalidError: it is none; the message says where and what could stand there.
    """
    if len(text) > LONGEST:
        raise InvalidError.of(
            "q", sentence("A search has at most %(longest)s characters.", longest=LONGEST)
        )
    return _Reader(text).whole()


def terms(query: Query) -> Iterator[Term]:
    """Every named value in a query."""
    if isinstance(query, Term):
        yield query
    elif isinstance(query, Not):
        yield from terms(query.part)
    elif isinstance(query, And | Or):
        for part in query.parts:
            yield from terms(part)


def spell(query: Query) -> str:
    """The text of a query."""
    match query:
        case Everything():
            return ""
        case And(parts):
            return " ".join(_within(part, Or) for part in parts)
        case Or(parts):
            return " OR ".join(map(spell, parts))
        case Not(part):
            return f"-{_within(part, And, Or)}"
        case Words(parts, is_prefix):
            star = "*" if is_prefix else ""
            return f'"{" ".join(parts)}"{star}' if len(parts) > 1 else f"{parts[0]}{star}"
    return f"{query.field}:{_quoted(query.value)}"


def _within(part: Query, *looser: type) -> str:
    return f"({spell(part)})" if isinstance(part, looser) else spell(part)


def _quoted(value: str) -> str:
    if PLAIN.match(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Reader:
    """Reads a query from left to right. Its state is the place it has come to."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._place = 0
        self._start = 0
        self._word = ""
        self._terms = 0
        self._next()

    def whole(self) -> Query:
        """The query that the text is, to its end."""
        if not self._word:
            return Everything()
        found = self._alternatives(0)
        if self._word:
            raise self._wrong(sentence("a closing parenthesis without its opening one"))
        return found

    def _alternatives(self, depth: int) -> Query:
        parts = [self._sequence(depth)]
        while self._word == "OR":
            self._next()
            parts.append(self._sequence(depth))
        return either(*parts)

    def _sequence(self, depth: int) -> Query:
        parts = [self._single(depth)]
        while self._word and self._word not in {"OR", ")"}:
            if self._word == "AND":
                self._next()
            parts.append(self._single(depth))
        return both(*parts)

    def _single(self, depth: int) -> Query:
        word, start = self._word, self._start
        if word in {"-", "NOT"}:
            self._next()
            if self._word in {"-", "NOT"}:
                raise self._wrong(sentence("two negations, one after the other"))
            return negated(self._single(depth))
        if word == "(":
            return self._group(depth + 1)
        if word in {"", ")", *OPERATORS}:
            raise self._wrong(sentence("a term is missing"))
        self._next()
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise _at(start, sentence("more than %(most)s terms", most=MOST_TERMS))
        return _term(word, start)

    def _group(self, depth: int) -> Query:
        if depth > DEEPEST:
            raise self._wrong(sentence("more than %(most)s parentheses deep", most=DEEPEST))
        opened = self._start
        self._next()
        found = self._alternatives(depth)
        if self._word != ")":
            raise _at(opened, sentence("an opening parenthesis without its closing one"))
        self._next()
        return found

    def _next(self) -> None:
        if self._place >= len(self._text):
            self._start, self._word = len(self._text), ""
            return
        found = TOKEN.match(self._text, self._place)
        if found is None:
            rest = self._text[self._place :]
            self._start = self._place + len(rest) - len(rest.lstrip())
            raise self._wrong(sentence("quotes that do not close, or a sign that means nothing"))
        self._start = found.start("sign" if found["sign"] else "text")
        self._word = found["sign"] or found["text"]
        self._place = found.end()

    def _wrong(self, what: str) -> InvalidError:
        return _at(self._start, what)


def _at(place: int, what: str) -> InvalidError:
    return InvalidError.of(
        "q", sentence("At character %(place)s: %(what)s", place=place + 1, what=what)
    )


def _term(token: str, start: int) -> Query:
    name, colon, value = token.partition(":")
    if not colon or token.startswith('"'):
        return _words(token, start)
    if name not in set(Field):
        raise _at(
            start,
            sentence(
                "%(name)s: is not one of %(known)s. Put quotes around words with a colon.",
                name=name,
                known=", ".join(Field),
            ),
        )
    is_quoted = value.startswith('"')
    if is_quoted:
        value = _unquoted(value, start)
    if not value or not (is_quoted or PLAIN.match(value)):
        raise _at(start, sentence("%(name)s: needs a value", name=name))
    try:
        check(Field(name), value)
    except InvalidError as error:
        raise _at(start, error.message) from error
    return Term(Field(name), value)


def _unquoted(text: str, start: int) -> str:
    if len(text) < 2 or not text.endswith('"'):  # noqa: PLR2004 - both of its quotes.
        raise _at(start, sentence("something after the closing quotes"))
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _words(token: str, start: int) -> Words:
    is_prefix = token.endswith("*")
    text = token.removesuffix("*") if is_prefix else token
    parts = words(_unquoted(text, start) if text.startswith('"') else text)
    if not parts:
        raise _at(start, sentence("there is no letter and no digit to look for"))
    return Words(parts, is_prefix)
