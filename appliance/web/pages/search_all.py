"""Search over everything one may see, one kind of thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.domain import issue_query
from appliance.domain.conversations import ConversationKind
from appliance.errors import InvalidError
from appliance.services import (
    conversation_search,
    organisations,
    repositories,
    search_everywhere,
    users,
)
from appliance.services.repositories import Filter
from appliance.services.search_everywhere import Kind
from appliance.web import found as hits
from appliance.web import links, paging, requests
from appliance.web.pages import issue_frame, words
from appliance.web.pages.page_forms import after, asked, listed, signed_in

if TYPE_CHECKING:
    from appliance.web.found import Hit
    from appliance.web.pages.page_forms import Listed

pages = flask.Blueprint("search_all", __name__)
words.give_to_templates(pages)

ON_A_PAGE = 50
KINDS: dict[str, tuple[Any, str, Any]] = {
    "repositories": (lazy("Repositories"), "repository", lazy("Part of a name or a description")),
    "issues": (lazy("Issues"), "issue", lazy("Words, or is:open label:bug author:me")),
    "pulls": (lazy("Pull requests"), "pull", lazy("Words, or is:open author:me")),
    "content": (lazy("Code"), "code", lazy("Text in files")),
    "files": (lazy("Files"), "file", lazy("Parts of a path")),
    "commits": (lazy("Commits"), "commit", lazy("Text in messages, or a commit id")),
    "wiki": (lazy("Wikis"), "book", lazy("Text in pages, or part of a title")),
    "users": (lazy("Users"), "people", lazy("Part of a name")),
    "organisations": (lazy("Organisations"), "organisation", lazy("Part of a name")),
}
"""What each kind is called, its icon, and what is typed to find it."""
OWNED = frozenset({"repositories", "issues", "pulls", *Kind})
"""Kinds of things that are in repositories, which one owner's can be."""


@dataclass(frozen=True)
class In:
    """What was found in one repository."""

    path: str
    hits: list[Hit]
    more: str | None
    """Where there is more of it."""


@pages.get("/search")
def show() -> ResponseReturnValue:
    """What these words find; one kind at a time."""
    signed_in()
    query, owner = asked("q"), asked("owner")
    kind = asked("kind") if asked("kind") in KINDS else "repositories"
    context: dict[str, Any] = {}
    if query:
        try:
            context = SEARCHES[kind](kind, query, owner)
        except InvalidError as error:
            context = {"problem": str(error)}
    return flask.render_template(
        "search_all/show.html",
        query=query,
        kind=kind,
        kinds=KINDS,
        owner=owner,
        is_owned=kind in OWNED,
        said_words=issue_frame.WORDS,
        **context,
    )


def _repositories(_kind: str, query: str, owner: str) -> dict[str, Listed]:
    with requests.reading() as work:
        wanted = Filter(words=query, owner=owner)
        return {"found": listed(repositories.listed(work, wanted, after=after()))}


def _users(_kind: str, query: str, _owner: str) -> dict[str, Listed]:
    with requests.reading() as work:
        return {"found": listed(users.list_users(work, search=query, after=after()))}


def _organisations(_kind: str, query: str, _owner: str) -> dict[str, Listed]:
    with requests.reading() as work:
        found = organisations.list_organisations(work, search=query, after=after())
        return {"found": listed(found)}


def _conversations(kind: str, query: str, owner: str) -> dict[str, Listed]:
    of = ConversationKind.ISSUE if kind == "issues" else ConversationKind.PULL_REQUEST
    wanted = issue_query.parse(query)
    with requests.reading() as work:
        found = conversation_search.found(work, wanted, kind=of, owner=owner, after=after())
        return {"found": listed(found)}


def _in_repositories(kind: str, query: str, owner: str) -> dict[str, Any]:
    of, store = Kind(kind), requests.wiring().repositories
    with requests.reading() as work:
        places = search_everywhere.places(work, of, owner=owner, repositories=store, after=after())
    search = search_everywhere.look(places, of, query, most=ON_A_PAGE)
    return {
        "search": search,
        "groups": [
            In(
                each.place.path,
                hits.hits(of, each),
                hits.more_at(of, each, query) if each.has_more else None,
            )
            for each in search.found
        ],
        "older": links.with_query(cursor=paging.cursor(search.next)) if search.next else None,
        "first": links.with_query(cursor=None) if asked("cursor") else None,
    }


SEARCHES: dict[str, Callable[[str, str, str], dict[str, Any]]] = {
    "repositories": _repositories,
    "issues": _conversations,
    "pulls": _conversations,
    "users": _users,
    "organisations": _organisations,
    **dict.fromkeys(Kind, _in_repositories),
}
