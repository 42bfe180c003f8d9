"""The language in which issues and pull requests are searched: `is:open label:bug author:me crash`.

Terms beside each other must all hold; `-` before one turns it around. Words, and "quoted words",
are looked for in titles, texts and comments. `parse(spell(query)) == query`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.domain.audit_words import words
from appliance.domain.conversations import ClosedAs
from appliance.errors import InvalidError, sentence

LONGEST = 500
MOST_TERMS = 30
TOKEN = re.compile(
    r'\s*(?P<minus>-(?=\S))?(?:(?P<key>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]*))'
)
ME = "me"
NONE = "none"


class Sort(StrEnum):
    """How issues are sorted."""

    CREATED = "created"
    UPDATED = "updated"
    COMMENTS = "comments"


class Key(StrEnum):
    """What can be named."""

    IS = "is"
    AS = "reason"
    LABEL = "label"
    AUTHOR = "author"
    ASSIGNEE = "assignee"
    FOLLOWS = "follows"
    COMMENTER = "commenter"
    MILESTONE = "milestone"
    NO = "no"
    INTO = "base"
    FROM = "head"
    REVIEW = "review"
    REVIEWER = "reviewer"


CHOICES: dict[Key, frozenset[str]] = {
    Key.IS: frozenset({"open", "closed", "locked", "pinned", "draft", "merged"}),
    Key.AS: frozenset(ClosedAs),
    Key.NO: frozenset({"label", "assignee", "milestone"}),
    Key.REVIEW: frozenset({"none", "approved", "changes"}),
}
SORTS = {
    f"{sort}{end}": (sort, is_rising)
    for sort in Sort
    for end, is_rising in (("", False), ("-desc", False), ("-asc", True))
}


@dataclass(frozen=True)
class Term:
    """Something named, or what it is not."""

    key: Key
    value: str
    is_not: bool = False


@dataclass(frozen=True)
class Words:
    """Words that stand beside each other; the last may be the beginning of a longer one."""

    parts: tuple[str, ...]
    is_not: bool = False


@dataclass(frozen=True)
class Query:
    """Which issues, in which order."""

    terms: tuple[Term, ...] = ()
    words: tuple[Words, ...] = ()
    sort: Sort = Sort.CREATED
    is_rising: bool = False

    def with_term(self, term: Term) -> Query:
        """The same, with this and no other term of its key."""
        kept = tuple(each for each in self.terms if each.key is not term.key)
        return replace(self, terms=(*kept, term))

    def values(self, key: Key) -> tuple[str, ...]:
        """What is asked for under a key."""
        return tuple(each.value for each in self.terms if each.key is key and not each.is_not)


OPEN = Query((Term(Key.IS, "open"),))


def parse(text: str) -> Query:
    """The query that a text spells; the empty text is everything.

    Errors:
        InvalidError: it is too long, or names something that is not there to be named.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise InvalidError.of(
            "q", sentence("A search has at most %(longest)s characters.", longest=LONGEST)
        )
    query, place, count = Query(), 0, 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None or match.end() == place:
            raise InvalidError.of("q", sentence("A quotation mark is not closed."))
        place, count = match.end(), count + 1
        if count > MOST_TERMS:
            raise InvalidError.of(
                "q", sentence("A search has at most %(most)s terms.", most=MOST_TERMS)
            )
        query = _with(query, match)
    return query


def spell(query: Query) -> str:
    """The text of a query."""
    parts = [
        f"{'-' if each.is_not else ''}{each.key}:{_quoted(each.value)}" for each in query.terms
    ]
    if (query.sort, query.is_rising) != (Sort.CREATED, False):
        parts.append(f"sort:{query.sort}{'-asc' if query.is_rising else ''}")
    parts += [
        f"{'-' if each.is_not else ''}{_quoted(' '.join(each.parts))}" for each in query.words
    ]
    return " ".join(parts)


def _with(query: Query, match: re.Match[str]) -> Query:
    is_not = match["minus"] is not None
    value = match["quoted"] if match["quoted"] is not None else match["bare"]
    name = (match["key"] or "").lower()
    if name == "sort":
        sort, is_rising = _sort(value)
        return replace(query, sort=sort, is_rising=is_rising)
    if name and name in set(Key):
        term = Term(Key(name), _value(Key(name), value), is_not)
        return query if term in query.terms else replace(query, terms=(*query.terms, term))
    text = f"{match['key']}:{value}" if match["key"] else value
    found = words(text)
    if not found:
        return query
    said = Words(found, is_not)
    return query if said in query.words else replace(query, words=(*query.words, said))


def _value(key: Key, value: str) -> str:
    found = " ".join(value.split())
    known = CHOICES.get(key)
    if known is not None and found.lower() not in known:
        raise InvalidError.of(
            "q",
            sentence("%(key)s: must be one of %(known)s.", key=key, known=", ".join(sorted(known))),
        )
    if not found:
        raise InvalidError.of("q", sentence("%(key)s: needs a value.", key=key))
    return found.lower() if known is not None else found


def _sort(value: str) -> tuple[Sort, bool]:
    found = SORTS.get(value.lower())
    if found is None:
        raise InvalidError.of(
            "q", sentence("%(key)s: must be one of %(known)s.", key="sort", known=", ".join(SORTS))
        )
    return found


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value or ":" in value or value.startswith("-") else value
