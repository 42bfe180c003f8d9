"""The filters above the audit log: menus that put terms into a search, and words to complete it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import lazy_gettext as lazy

from appliance.domain import audit_query
from appliance.domain.audit_query import And, Query, Term
from appliance.domain.audit_terms import Field, check
from appliance.domain.events import Outcome, registry
from appliance.domain.identity import Method
from appliance.errors import ApplianceError
from appliance.web import requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import asked

HELP = (
    ("actor:writer", lazy("who did it, by name")),
    ("action:repo.*", lazy("what happened; * matches any ending")),
    ("category:session", lazy("the first part of an action")),
    ("outcome:refused", lazy("success, refused or failed")),
    ("repo:lab/notes", lazy("about a repository; lab/* for all of an owner")),
    ("user:writer", lazy("about a user, or mentioning one")),
    ("team:lab/authors", lazy("about a team, or mentioning one")),
    ("created:7d", lazy("the last 7 days; also 2026-10-01..2026-10-31")),
    ("ip:10.0.0.0/8", lazy("from an address or a network")),
    ("token:deploy", lazy("with a token, or about one")),
    ("method:ssh_key", lazy("how they signed in")),
    ("log:instance", lazy("in which log")),
    ("request:3f2a…", lazy("all events of one request")),
    ('"exact words"', lazy("words next to each other")),
)
PERIODS = (
    ("1d", lazy("Last 24 hours")),
    ("7d", lazy("Last 7 days")),
    ("30d", lazy("Last 30 days")),
    ("*..*", lazy("Any time")),
)


@dataclass(frozen=True)
class Choice:
    """One value of a menu, and the address with it."""

    label: Any
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class Chip:
    """A menu: what it is about, what is chosen, and what can be."""

    label: Any
    chosen: Any
    choices: list[Choice]


def wanted() -> str:
    """The search that the address asks for; fields of small forms are put into it."""
    text = asked("q")
    for field in (Field.ACTOR, Field.REPOSITORY):
        value = asked(str(field))
        if value:
            check(field, value)
            text = _with(audit_query.parse(text), field, value)
    return text


def chips(owner: str, text: str) -> list[Chip]:
    """The menus above the log, for a search that is understood; else none."""
    try:
        query = audit_query.parse(text)
    except ApplianceError:
        return []
    outcomes = [(each.value, words.OUTCOMES[each.value][0]) for each in Outcome]
    return [
        _chip(owner, query, Field.CREATED, lazy("Period"), PERIODS, lazy("90 days")),
        _chip(owner, query, Field.CATEGORY, lazy("Category"), _categories(), lazy("all")),
        _chip(owner, query, Field.OUTCOME, lazy("Outcome"), outcomes, lazy("any")),
    ]


def vocabulary() -> dict[str, list[str]]:
    """The values of the fields that take few."""
    names = [each.name for each in registry.actions() if each.is_emitted]
    return {
        **{str(each): [] for each in Field},
        str(Field.ACTION): sorted(names),
        str(Field.CATEGORY): sorted({name.partition(".")[0] for name in names}),
        str(Field.OUTCOME): [str(each) for each in Outcome],
        str(Field.METHOD): [str(each) for each in Method],
        str(Field.CREATED): ["1d", "7d", "30d"],
        str(Field.LOG): ["instance"],
        str(Field.ACTOR): [requests.actor().label],
    }


def sentence_of(action: str) -> str:
    """What an action means, in a few words."""
    return registry.of(action).sentence.partition(";")[0].rstrip(".") + "."


def compact(value: Any) -> str:
    """A value that is no text, as JSON."""
    return json.dumps(value, ensure_ascii=False)


def _categories() -> list[tuple[str, str]]:
    return [(each, each) for each in vocabulary()[str(Field.CATEGORY)]]


def _chip(owner: str, query: Query, field: Field, label: Any, values: Any, otherwise: Any) -> Chip:
    present = next((each.value for each in _parts(query) if _is(each, field)), None)
    choices = [Choice(otherwise, _href(owner, _with(query, field, None)), present is None)]
    for value, shown in values:
        choices.append(Choice(shown, _href(owner, _with(query, field, value)), value == present))
    known = dict(values)
    return Chip(label, otherwise if present is None else known.get(present, present), choices)


def _with(query: Query, field: Field, value: str | None) -> str:
    """The search with another value for a field, or without one."""
    kept = [each for each in _parts(query) if not _is(each, field)]
    added = [Term(field, value)] if value is not None else []
    return audit_query.spell(audit_query.both(*kept, *added))


def _is(part: Any, field: Field) -> bool:
    return isinstance(part, Term) and part.field is field


def _parts(query: Query) -> tuple[Any, ...]:
    return query.parts if isinstance(query, And) else (query,)


def _href(owner: str, text: str) -> str:
    follows = asked("live") or None
    return flask.url_for("audit.show", owner=owner, q=text or None, live=follows)
