"""How addresses choose alerts, and the menus that lead there: the same for every list of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from flask_babel import gettext as _

from appliance.domain.alerts import AlertKind, AlertState, Confidence, Severity
from appliance.errors import InvalidError, sentence
from appliance.services.alert_lists import ME, NONE, AlertQuery
from appliance.web import links
from appliance.web.pages import alert_words
from appliance.web.pages.page_forms import asked

if TYPE_CHECKING:
    from appliance.services.alert_lists import Facets

ANY = "any"
LONGEST_NUMBER = 9
Word = TypeVar("Word", bound=StrEnum)
Menu = tuple[str, str, list[tuple[str, str, int, bool]]]
"""Name, words, and of each choice words, address, count, whether it is."""


def query() -> AlertQuery:
    """Those that this page's address chooses; without a word of it, the open ones."""
    state = asked("state") or AlertState.OPEN
    return AlertQuery(
        kinds=_words(AlertKind, asked("kind")),
        states=_words(AlertState, "" if state == ANY else state),
        severities=_words(Severity, asked("severity")),
        confidences=_words(Confidence, asked("confidence")),
        rule=asked("rule")[:255],
        group=asked("group")[:255],
        assignee=asked("assignee")[:40],
        is_overdue=True if asked("overdue") else None,
        is_asked=True if asked("waiting") else None,
        is_automatic=True if asked("auto") else None,
    )


def choices(facets: Facets) -> list[Menu]:
    """Menus of a list."""
    menus = (
        ("kind", _("Kind"), alert_words.KINDS, facets.kinds),
        ("severity", _("Severity"), alert_words.SEVERITIES, facets.severities),
        ("confidence", _("Confidence"), alert_words.CONFIDENCES, facets.confidences),
        ("rule", _("Rule"), {each: each for each in facets.rules}, facets.rules),
    )
    found = []
    for key, label, said, counts in menus:
        chosen = asked(key)
        rows = [(_("Any"), links.with_query(**{key: None}, cursor=None), 0, not chosen)]
        rows += [
            (str(says), links.with_query(**{key: word}, cursor=None), counts[word], word == chosen)
            for word, says in said.items()
            if counts.get(word)
        ]
        found.append((key, label, rows))
    return [*found, _assignees()]


def number(key: str) -> int:
    """The number of an alert that was chosen in a list.

    Errors:
        InvalidError: it is none.
    """
    if not (key.isascii() and key.isdigit() and len(key) <= LONGEST_NUMBER):
        raise InvalidError.of("chosen", sentence("Select something in the list first."))
    return int(key)


def _assignees() -> Menu:
    chosen = asked("assignee")
    said = {"": _("Any"), ME: _("Me"), NONE: _("Nobody")}
    rows = [
        (words, links.with_query(assignee=value or None, cursor=None), 0, value == chosen)
        for value, words in said.items()
    ]
    return "assignee", _("Assigned"), rows


def _words(kind: type[Word], said: str) -> tuple[Word, ...]:
    """What an address names; of what is none, nothing is left out."""
    return tuple(kind(each) for each in said.split(",") if each in tuple(kind))
