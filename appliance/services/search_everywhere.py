"""Searches the repositories that one may read: lines, paths, commits and pages of wikis.

`places` asks who may read and says where the bytes are; `look` reads them without a transaction.
Each search takes so much time and no more: it says which repositories it did not look at, and goes
on with the next when asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from appliance.access import visible
from appliance.db import paging
from appliance.db.repositories import Origin, Repository
from appliance.domain.names import fold
from appliance.domain.wiki_pages import WikiPage, page_of
from appliance.errors import ApplianceError, InvalidError, UnauthenticatedError, sentence
from appliance.git import grep, survey
from appliance.git.survey import Glance
from appliance.services.repositories import ORDERS, Order

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.storage import RepositoryStore

SECONDS = 5.0
"""How long one search looks at repositories altogether,"""
SECONDS_EACH = 1.0
"""and at most at each of them."""
MOST_EACH = 10
"""Results of one repository; the others are found by searching in it."""
MOST_PLACES = 5_000
"""Repositories that one search may look at."""
LINES_OF_WIKIS = 200
"""Lines of one wiki; several of them may be on one page."""


class Kind(StrEnum):
    """What is looked for in repositories."""

    CONTENT = "content"
    FILES = "files"
    COMMITS = "commits"
    WIKI = "wiki"


@dataclass(frozen=True)
class Place:
    """A repository, or its wiki, that the actor may read."""

    path: str
    """`OWNER/NAME`, also of a wiki."""
    branch: str
    folder: Path
    mark: str
    """Where in the list of repositories it stands."""


@dataclass(frozen=True)
class FoundPage:
    """A page of a wiki, and a line that has the words; empty where only its name has them."""

    page: WikiPage
    line: bytes


@dataclass(frozen=True)
class FoundIn:
    """What was found in one repository."""

    place: Place
    items: tuple[Any, ...]
    """Lines (`git.grep.Found`), paths, commits (`git.commits.Commit`) or pages (`FoundPage`)."""
    has_more: bool


@dataclass(frozen=True)
class Search:
    """What was found, and how much was looked at for it."""

    found: tuple[FoundIn, ...]
    looked_at: int
    """How many repositories."""
    partly: tuple[str, ...]
    """Those among them of which not all was looked at: they are large, or cannot be read."""
    next: str | None
    """Where the repositories begin that were not looked at."""


def places(
    work: UnitOfWork,
    kind: Kind,
    *,
    owner: str = "",
    repositories: RepositoryStore,
    after: str | None = None,
) -> list[Place]:
    """Where to look: what was pushed to last comes first. `owner` narrows it to theirs.

    Errors:
        UnauthenticatedError: nobody has signed in.
        InvalidError: `after` is no place in this list.
    """
    query = visible.repositories(work)
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in to search in repositories."))
    if owner:
        query = query.where(sa.func.lower(Repository.owner_name) == fold(owner))
    there: Any = Repository
    if kind is Kind.WIKI:
        there = aliased(Repository)
        query = query.join(there, there.wiki_of_id == Repository.id).where(Repository.has_wiki)
    columns = (Repository.owner_name, Repository.name, there.default_branch, there.id)
    wanted = query.where(there.content == Origin.READY).with_only_columns(*columns)
    found: list[Place] = []
    while len(found) < MOST_PLACES:
        page = _page(work, wanted, repositories, after)
        found += page.items
        after = page.next
        if after is None:
            break
    return found


def _page(
    work: UnitOfWork, wanted: sa.Select[Any], repositories: RepositoryStore, after: str | None
) -> paging.Page[Place]:
    keys, is_descending = ORDERS[Order.PUSHED]

    def place(row: sa.Row[Any]) -> Place:
        owner, name, branch, repository_id, *key = tuple(row)
        mark = paging.place_of(key)
        return Place(f"{owner}/{name}", branch, repositories.folder(repository_id), mark)

    return paging.page(
        work.session,
        wanted,
        *keys,
        make=place,
        after=after,
        limit=paging.LARGEST_LIMIT,
        newest_first=is_descending,
    )


def look(
    there: Sequence[Place], kind: Kind, words: str, *, most: int, seconds: float = SECONDS
) -> Search:
    """What is in the default branches of these repositories, at most so much of it.

    Errors:
        InvalidError: the words are too long, or none.
    """
    words = words.strip()
    grep.compiled(grep.Wanted(words, is_literal=True), "q")
    until = time.monotonic() + seconds
    found: list[FoundIn] = []
    partly: list[str] = []
    looked_at = 0
    for place in there:
        left = until - time.monotonic()
        if looked_at and (most <= 0 or left <= 0):
            break
        glance = _glance(place, kind, words, min(most, MOST_EACH), min(left, SECONDS_EACH))
        if looked_at and glance.is_part and left < SECONDS_EACH:
            break  # The next search begins with it, and has time for all of it.
        looked_at += 1
        most -= len(glance.items)
        if glance.items:
            found.append(FoundIn(place, glance.items, glance.has_more))
        if glance.is_part:
            partly.append(place.path)
    is_whole = looked_at == len(there) < MOST_PLACES
    following = None if is_whole or not looked_at else there[looked_at - 1].mark
    return Search(tuple(found), looked_at, tuple(partly), following)


def _glance(place: Place, kind: Kind, words: str, most: int, seconds: float) -> Glance[Any]:
    """What is in one repository; of one that cannot be read, nothing."""
    branch = place.branch.encode(errors="surrogateescape")
    try:
        return GLANCES[kind](place.folder, branch, words, most=most, seconds=seconds)
    except InvalidError:
        raise
    except ApplianceError:  # Damaged, or deleted since: the others are searched nevertheless.
        return Glance(is_part=True)


def _pages(at: Path, branch: bytes, words: str, *, most: int, seconds: float) -> Glance[FoundPage]:
    """Pages whose name or text has the words."""
    until = time.monotonic() + seconds
    lines: dict[bytes, bytes] = {}
    said = survey.lines(at, branch, words, most=LINES_OF_WIKIS, seconds=seconds)
    for line in said.items:
        lines.setdefault(line.path, line.content)
    paths = survey.all_paths(at, branch, seconds=max(until - time.monotonic(), 0))
    wanted = words.casefold()
    found = [
        FoundPage(page, lines.get(page.path, b""))
        for path in paths.items
        if (page := page_of(path)) is not None
        and (page.path in lines or wanted in page.title.casefold())
    ]
    has_more = len(found) > most or said.has_more
    return Glance(tuple(found[:most]), has_more, said.is_part or paths.is_part)


GLANCES: dict[Kind, Callable[..., Glance[Any]]] = {
    Kind.CONTENT: survey.lines,
    Kind.FILES: survey.names,
    Kind.COMMITS: survey.messages,
    Kind.WIKI: _pages,
}
