"""What all pages of issues share: opening the repository, what texts say as HTML, words.

What one does with an issue one does with a pull request, too, at addresses of its own: so some
pages are of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import flask
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from appliance.domain.conversations import ClosedAs, ConversationKind, Reaction, Which
from appliance.domain.issue_query import Key, Query, Sort, Term, spell
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError
from appliance.services import conversation_references
from appliance.web import links, markdown, requests, spoken
from appliance.web.pages.repository_frame import Frame

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.conversation_references import Links

MOST_DIGITS = 9
REACTIONS = {
    Reaction.THUMBS_UP: ("👍", _("Thumbs up")),
    Reaction.THUMBS_DOWN: ("👎", _("Thumbs down")),
    Reaction.LAUGH: ("😄", _("Laugh")),
    Reaction.HOORAY: ("🎉", _("Hooray")),
    Reaction.CONFUSED: ("😕", _("Confused")),
    Reaction.HEART: ("❤️", _("Heart")),
    Reaction.ROCKET: ("🚀", _("Rocket")),
    Reaction.EYES: ("👀", _("Eyes")),
}
REASONS = {
    ClosedAs.COMPLETED: _("Completed"),
    ClosedAs.NOT_PLANNED: _("Not planned"),
    ClosedAs.DUPLICATE: _("Duplicate"),
}
SORTS = {
    "created": _("Newest"),
    "created-asc": _("Oldest"),
    "updated": _("Recently updated"),
    "updated-asc": _("Least recently updated"),
    "comments": _("Most comments"),
    "comments-asc": _("Fewest comments"),
}
WORDS = {"REACTIONS": REACTIONS, "REASONS": REASONS, "SORTS": SORTS}


class Texts:
    """Texts of one page as HTML for its reader; what they speak of is looked up once for all."""

    def __init__(self, frame: Frame, found: Links) -> None:
        self._frame = frame
        self._refer = spoken.referring(found, frame.links.home)

    def html(self, text: str, within: str = "") -> Markup:
        """A text as HTML."""
        return markdown.render(text.encode(), link=self._link, refer=self._refer, within=within)

    def _link(self, url: str) -> str | None:
        """An address without a machine: of the portal, or of a file on the default branch."""
        if url.startswith("/"):
            return url
        ref = self._frame.repository.default_branch.encode()
        return links.relative(self._frame.links, ref, b"", url, view="blob")


def texts(work: UnitOfWork, frame: Frame, said: Sequence[str]) -> Texts:
    """The texts of a page, for who reads it."""
    found = conversation_references.links(
        work, frame.repository.path, said, repositories=requests.wiring().repositories
    )
    return Texts(frame, found)


def is_of_pulls() -> bool:
    """Whether this request's address is one of pull requests."""
    rule = flask.request.url_rule
    return rule is not None and "/pulls" in rule.rule


def which(frame: Frame, number: int) -> Which:
    """The issue or pull request of an address."""
    kind = ConversationKind.PULL_REQUEST if is_of_pulls() else ConversationKind.ISSUE
    return Which(frame.repository.path, number, kind)


def at(frame: Frame) -> str:
    """The list that this request's address is below."""
    return f"{frame.links.home}/{'pulls' if is_of_pulls() else 'issues'}"


def may_triage(frame: Frame) -> bool:
    """Whether to show what triagers do; never for protection."""
    wanted = {Permission.REPOSITORY_TRIAGE, Permission.REPOSITORY_DISCUSS}
    return wanted <= frame.repository.allowed and not frame.repository.archived_at


def may_discuss(frame: Frame) -> bool:
    """Whether to show how to take part; strangers are led to the sign-in page."""
    return frame.repository.may(Permission.REPOSITORY_DISCUSS) and not frame.repository.archived_at


def about(frame: Frame) -> dict[str, Any]:
    """What every template of issues needs."""
    return {
        "tab_name": "pulls" if is_of_pulls() else "issues",
        "issues_at": at(frame),
        "listed_as": _("Pull requests") if is_of_pulls() else _("Issues"),
        "is_here": not frame.repository.archived_at,
        "may_triage": may_triage(frame),
        "may_discuss": may_discuss(frame),
        "said_words": WORDS,
        "one_way": one_way,
    }


def address(frame: Frame, query: Query) -> str:
    """The list that a search finds."""
    return at(frame) + links.query({"q": spell(query)})


def one_way(frame: Frame, query: Query, key: str, value: str) -> str:
    """The list with another value for one key; without it, where it has that value already."""
    term = Term(Key(key), value)
    if term in query.terms:
        kept = tuple(each for each in query.terms if each != term)
        return address(frame, Query(kept, query.words, query.sort, query.is_rising))
    return address(frame, query.with_term(term))


def sorted_by(frame: Frame, query: Query, order: str) -> str:
    """The list in another order."""
    name, _dash, direction = order.partition("-")
    found = Query(query.terms, query.words, Sort(name), direction == "asc")
    return address(frame, found)


def chosen(key: str) -> int:
    """The number of what was chosen in a list.

    Errors:
        InvalidError: it is none.
    """
    if not (key.isdecimal() and len(key) <= MOST_DIGITS):
        raise InvalidError.of("chosen", "Select something in the list first.")
    return int(key)


def said(name: str) -> str:
    """A text that a form holds, with the spaces that it has."""
    return flask.request.form.get(name, "")
