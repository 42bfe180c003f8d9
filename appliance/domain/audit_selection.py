"""A query as a selection that headers alone can answer, for exports that others verify.

What headers cannot say, such as words in a body, is left out in the direction that selects more.
The selections are those of `audit.selection`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from appliance.domain import events
from appliance.domain.audit_query import And, Everything, Not, Or, Query, Term
from appliance.domain.audit_terms import Field, period
from audit.selection import DEEPEST, MOST_LISTS, MOST_PARTS, size

Selection = list[Any]
Resolver = Callable[[Field, str], frozenset[str]]
"""The references that a name stands for: pseudonyms of an actor, ids of all others."""

ALL: Selection = ["all"]
NONE: Selection = ["not", ["all"]]
NAMING = ("user_id", "grantee_id")
"""Members of bodies that name a user or a team by its id."""
_DEEPEST_OF_A_TERM = 3


def to_selection(query: Query, resolve: Resolver, *, now: datetime) -> Selection:
    """A selection that holds for every header whose event fits the query, and few others.

    One that is larger than verifiers take is all: then others come along, and none is left out.
    """
    found = _selected(query, _Reading(resolve, now), 0, wanted=True)
    return found if size(found) <= MOST_LISTS else ALL


@cache
def naming_actions() -> tuple[str, ...]:
    """The actions in whose bodies a user or a team may be named."""
    found = {
        each.kind
        for each in _family(events.Event)
        if any(name in each.__dataclass_fields__ for name in NAMING)
    }
    return tuple(sorted(found))


def _family(parent: type[events.Event]) -> Iterable[type[events.Event]]:
    for child in parent.__subclasses__():
        if "kind" in vars(child):
            yield child
        yield from _family(child)


class _Reading:
    """How the terms of one query are read."""

    def __init__(self, resolve: Resolver, now: datetime) -> None:
        self.resolve = resolve
        self.now = now


def _selected(query: Query, reading: _Reading, depth: int, *, wanted: bool) -> Selection:
    """A superset of the query; of its opposite, where it is not `wanted`."""
    match query:
        case Everything():
            return ALL if wanted else NONE
        case Not(part):
            return _selected(part, reading, depth, wanted=not wanted)
        case And(parts) | Or(parts):
            if depth + _DEEPEST_OF_A_TERM >= DEEPEST:
                return ALL
            word = "and" if isinstance(query, And) is wanted else "or"
            inner = [_selected(each, reading, depth + 1, wanted=wanted) for each in parts]
            return _joined(word, inner)
        case Term():
            found = _term(query, reading, wanted=wanted)
            return found if wanted else _opposite(found)
    return ALL  # Words are in bodies only.


def _joined(word: str, parts: list[Selection]) -> Selection:
    neutral, final = (ALL, NONE) if word == "and" else (NONE, ALL)
    if final in parts:
        return final
    kept = [part for part in parts if part != neutral]
    return _of(word, kept) if kept else neutral


def _opposite(selection: Selection) -> Selection:
    if selection == ALL:
        return NONE
    return selection[1] if selection[0] == "not" else ["not", selection]


def _term(term: Term, reading: _Reading, *, wanted: bool) -> Selection:
    """A superset of what a term says; a subset, where it is not `wanted`."""
    if term.field in EXACT:
        return ["is", EXACT[term.field], term.value]
    return TERMS[term.field](term.value, reading, wanted)


EXACT = {
    Field.CATEGORY: "category",
    Field.OUTCOME: "outcome",
    Field.METHOD: "auth.method",
    Field.REQUEST: "request_id",
}


def _is_one(members: Iterable[str], values: Iterable[str]) -> list[Selection]:
    return [["is", member, value] for member in members for value in sorted(values)]


def _any(parts: list[Selection], *, wanted: bool) -> Selection:
    """One of the parts; too many of them are all, or none, whichever is on the safe side."""
    if len(parts) > MOST_PARTS:
        return ALL if wanted else NONE
    return _of("or", parts) if parts else NONE


def _of(word: str, parts: list[Selection]) -> Selection:
    return [word, *parts] if len(parts) > 1 else parts[0]


def _action(value: str, _reading: _Reading, _wanted: object) -> Selection:
    beginning = value.removesuffix("*")
    return ["is" if beginning == value else "starts", "action", beginning]


def _actor(value: str, reading: _Reading, wanted: bool) -> Selection:  # noqa: FBT001 - a row of a table.
    return _any(_is_one(["actor.ref"], reading.resolve(Field.ACTOR, value)), wanted=wanted)


def _target(field: Field) -> Callable[[str, _Reading, bool], Selection]:
    def select(value: str, reading: _Reading, wanted: bool) -> Selection:  # noqa: FBT001 - a row of a table.
        return _any(_is_one(["target.ref"], reading.resolve(field, value)), wanted=wanted)

    return select


def _named(field: Field) -> Callable[[str, _Reading, bool], Selection]:
    """What an event is about, or may name in its body."""

    def select(value: str, reading: _Reading, wanted: bool) -> Selection:  # noqa: FBT001 - a row of a table.
        references = reading.resolve(field, value)
        parts = _is_one(["target.ref"], references)
        if wanted and references:
            parts += _is_one(["action"], naming_actions())
        return _any(parts, wanted=wanted)

    return select


def _token(value: str, reading: _Reading, wanted: bool) -> Selection:  # noqa: FBT001 - a row of a table.
    references = reading.resolve(Field.TOKEN, value)
    return _any(_is_one(["auth.token_ref", "target.ref"], references), wanted=wanted)


def _organisation(value: str, reading: _Reading, wanted: bool) -> Selection:  # noqa: FBT001 - a row of a table.
    """Headers say whom an event is about, but not by which name a log is selected."""
    if wanted:
        return ALL
    return _target(Field.ORGANISATION)(value, reading, wanted)


def _event(value: str, _reading: _Reading, _wanted: object) -> Selection:
    return ["is", "id", value.lower()]


def _created(value: str, reading: _Reading, _wanted: object) -> Selection:
    found = period(value, now=reading.now)
    parts = [
        [word, moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")]
        for word, moment in (("from", found.since), ("until", found.until))
        if moment is not None
    ]
    return _of("and", parts) if parts else ALL


def _unsaid(_value: str, _reading: object, wanted: bool) -> Selection:  # noqa: FBT001 - a row of a table.
    return ALL if wanted else NONE


TERMS: dict[Field, Callable[[str, _Reading, bool], Selection]] = {
    Field.ACTOR: _actor,
    Field.ACTION: _action,
    Field.REPOSITORY: _target(Field.REPOSITORY),
    Field.ORGANISATION: _organisation,
    Field.TEAM: _named(Field.TEAM),
    Field.USER: _named(Field.USER),
    Field.TOKEN: _token,
    Field.LOG: _unsaid,
    Field.ADDRESS: _unsaid,
    Field.EVENT: _event,
    Field.CREATED: _created,
}
