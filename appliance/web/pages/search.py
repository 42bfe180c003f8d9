"""Search in one repository: lines of its files, their paths, and messages of its commits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from appliance.errors import InvalidError
from appliance.services import search
from appliance.web import highlight, links, requests
from appliance.web.pages.commits import days, rows
from appliance.web.pages.repository_frame import (
    Place,
    blueprint,
    named,
    opened,
    selector,
    show,
    words,
)

if TYPE_CHECKING:
    from appliance.git.search import Match

pages = blueprint("search")

KINDS = ("content", "files", "commits")
LINES = 200  # Of content on one page; more would be read by nobody.
PATHS = 200


@dataclass(frozen=True)
class Hit:
    """One line that matches, with the match marked."""

    number: int
    html: Markup
    href: str


@dataclass(frozen=True)
class FoundFile:
    """The matching lines of one file."""

    path: bytes
    href: str
    hits: list[Hit]

    @property
    def is_cut(self) -> bool:
        """Whether the file may have more such lines."""
        return len(self.hits) >= search.MATCHES_PER_FILE


@pages.get("/<owner>/<name>/search")
def find(owner: str, name: str) -> ResponseReturnValue:
    """Search."""
    frame = opened(owner, name)
    place = named(frame, links.asked("ref"))
    asked = flask.request.args
    kind = asked.get("kind", KINDS[0])
    query = words(links.asked("q")).strip()
    found: dict[str, Any] = {}
    problem = None
    if query:
        try:
            found = SEARCHES.get(kind, _content)(place, query)
        except InvalidError as error:
            problem = str(error)
    return show(
        "search/show.html",
        frame,
        tab_name="search",
        place=place,
        kind=kind if kind in KINDS else KINDS[0],
        query=query,
        is_expression=_is_expression(),
        ignores_case=_ignores_case(),
        problem=problem,
        found=found,
        with_query=links.with_query,
        **_refs(place),
    )


def _content(place: Place, query: str) -> dict[str, Any]:
    matches = search.content(
        place.frame.repository,
        place.commit,
        query,
        is_expression=_is_expression(),
        ignore_case=_ignores_case(),
        path=links.asked("path"),
        most=min(LINES, requests.wiring().settings.limits.search_results),
    )
    files = [
        _file(place, path, list(group), query)
        for path, group in groupby(matches.matches, key=lambda match: match.path)
    ]
    return {"files": files, "lines": len(matches.matches), "is_cut": matches.is_cut}


def _files(place: Place, query: str) -> dict[str, Any]:
    raw = query.encode("utf-8", "surrogateescape")
    paths = search.files(place.frame.repository, place.commit, raw, most=PATHS)
    to = place.frame.links
    return {
        "paths": [(path, to.blob(place.ref, path)) for path in paths.paths],
        "is_cut": paths.is_cut,
    }


def _commits(place: Place, query: str) -> dict[str, Any]:
    cursor = flask.request.args.get("cursor")
    page = search.commits(place.frame.repository, place.commit, query, cursor=cursor)
    return {
        "days": days(rows(place, page.steps)),
        "older": links.with_query(cursor=page.cursor) if page.cursor else None,
        "newest": links.with_query(cursor=None) if cursor else None,
    }


SEARCHES = {"content": _content, "files": _files, "commits": _commits}


def _file(place: Place, path: bytes, matches: list[Match], query: str) -> FoundFile:
    href = place.frame.links.blob(place.ref, path)
    return FoundFile(path, href, [_hit(href, match, query) for match in matches])


def _hit(href: str, match: Match, query: str) -> Hit:
    """A line with its first match marked; of an expression only the beginning is known."""
    text, encoding = highlight.decode(match.content)
    before = match.content[: match.column - 1]
    start = len(before) if encoding == "Latin-1" else len(before.decode("utf-8", "ignore"))
    end = start + (1 if _is_expression() else len(query))
    html = highlight.line([("", text)], [(start, min(end, len(text)))] if start < len(text) else [])
    return Hit(match.line, html, f"{href}#L{match.line}")


def _is_expression() -> bool:
    return "regex" in flask.request.args


def _ignores_case() -> bool:
    """Letters count as the same in any case unless somebody asks for exactness."""
    return "exact" not in flask.request.args


def _refs(place: Place) -> dict[str, Any]:
    """The ref selector, staying on this page."""
    chosen = selector(place)
    names = place.frame.names
    return {
        "selectable_branches": [
            (name, links.with_query(ref=name, cursor=None))
            for name, _href in chosen["selectable_branches"]
        ],
        "selectable_tags": [
            (name, links.with_query(ref=links.tag_address(name, names), cursor=None))
            for name, _href in chosen["selectable_tags"]
        ],
    }
