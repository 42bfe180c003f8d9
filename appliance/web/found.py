"""What a search in many repositories found, with the address of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from appliance.services.search_everywhere import Kind
from appliance.web import present
from appliance.web.links import Links
from appliance.web.wiki_links import WikiLinks

if TYPE_CHECKING:
    from appliance.git.commits import Commit
    from appliance.git.grep import Found
    from appliance.services.search_everywhere import FoundIn, FoundPage, Place


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    href: str
    text: bytes
    """A line, the subject of a commit, or a line of a wiki's page."""
    file: bytes = b""
    line: int | None = None
    column: int | None = None
    commit: str = ""
    author: bytes = b""
    at: datetime | None = None
    page: str = ""
    """The name of a wiki's page as people read it."""


def hits(kind: Kind, found: FoundIn) -> list[Hit]:
    """What was found in one repository."""
    return [HITS[kind](found.place, item) for item in found.items]


def more_at(kind: Kind, found: FoundIn, query: str) -> str:
    """Where the same is searched for in one repository alone."""
    if kind is Kind.WIKI:
        return f"/{found.place.path}/wiki/_pages?q={present.query_url(query)}"
    return f"/{found.place.path}/search?kind={kind}&q={present.query_url(query)}"


def _line(place: Place, item: Found) -> Hit:
    href = f"{_links(place).blob(_branch(place), item.path)}#L{item.line}"
    return Hit(href, item.content.strip(), file=item.path, line=item.line, column=item.column)


def _file(place: Place, item: bytes) -> Hit:
    return Hit(_links(place).blob(_branch(place), item), b"", file=item)


def _commit(place: Place, item: Commit) -> Hit:
    return Hit(
        _links(place).commit(item.oid),
        item.subject,
        commit=item.oid,
        author=item.author.name,
        at=item.committer.at,
    )


def _page(place: Place, item: FoundPage) -> Hit:
    href = WikiLinks(f"/{place.path}").page(item.page.name)
    return Hit(href, item.line.strip(), page=item.page.title)


HITS: dict[Kind, Callable[[Place, Any], Hit]] = {
    Kind.CONTENT: _line,
    Kind.FILES: _file,
    Kind.COMMITS: _commit,
    Kind.WIKI: _page,
}


def _links(place: Place) -> Links:
    return Links(f"/{place.path}")


def _branch(place: Place) -> bytes:
    return place.branch.encode(errors="surrogateescape")
