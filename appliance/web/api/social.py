"""`…/star`, `…/stargazers`, `…/forks/tree`: who likes a repository, and where it came from."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from appliance.services import forks, stars
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("social", "Stars, and forks as a tree.")

STAR = "/repos/<owner>/<name>/star"


class StarAnswer(frame.Answer):
    """Whether the caller has starred a repository, and how many have."""

    starred: bool
    stars: int


class StargazerAnswer(frame.Answer):
    """Who has starred a repository."""

    name: str


class StargazerPage(frame.Answer):
    """Some of them."""

    items: list[StargazerAnswer]
    next: str | None


class StarredPath(frame.Body):
    """Whose stars."""

    name: str = Field(max_length=39)


class StarredAnswer(frame.Answer):
    """A repository that somebody has starred."""

    path: str
    description: str


class StarredPage(frame.Answer):
    """Some of them."""

    items: list[StarredAnswer]
    next: str | None


class ForkOfTree(frame.Answer):
    """A repository in a tree of forks."""

    path: str
    depth: int = Field(description="How far below the first one")


class ForkTree(frame.Answer):
    """What a repository was forked from, and what was forked from it, level by level."""

    items: list[ForkOfTree]
    next: None


@api.get(STAR, summary="Show stars of a repository", responses={"200": StarAnswer})
def show(path: RepositoryPath) -> Any:
    """One's own, and how many there are."""
    with requests.reading() as work:
        own = stars.is_starred(work, path.path)
        return frame.answer(StarAnswer(starred=own, stars=stars.count(work, path.path)))


@api.put(STAR, summary="Star a repository", responses={"204": None})
def star(path: RepositoryPath) -> Any:
    """Safe to repeat."""
    return _set(path, starred=True)


@api.delete(STAR, summary="Star a repository no longer", responses={"204": None})
def unstar(path: RepositoryPath) -> Any:
    """Safe to repeat."""
    return _set(path, starred=False)


@api.get(
    "/repos/<owner>/<name>/stargazers",
    summary="List who has starred a repository",
    responses={"200": StargazerPage},
)
def list_stargazers(path: RepositoryPath, query: frame.PageQuery) -> Any:
    """By name."""
    with requests.reading() as work:
        page = stars.stargazers(
            work, path.path, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([StargazerAnswer(name=each) for each in page.items], page.next)


@api.get(
    "/users/<name>/stars", summary="List what a user has starred", responses={"200": StarredPage}
)
def list_stars(path: StarredPath, query: frame.PageQuery) -> Any:
    """The latest first, as far as the caller may read it."""
    with requests.reading() as work:
        page = stars.of_user(work, path.name, after=paging.after(query.cursor), limit=query.limit)
        items = [StarredAnswer.model_validate(each) for each in page.items]
        return frame.page(items, page.next)


@api.get(
    "/repos/<owner>/<name>/forks/tree", summary="Show a tree of forks", responses={"200": ForkTree}
)
def fork_tree(path: RepositoryPath) -> Any:
    """As far as the caller may read them."""
    with requests.reading() as work:
        found = forks.tree(work, path.path)
        return frame.page(
            [ForkOfTree(path=each.repository.path, depth=each.depth) for each in found], None
        )


def _set(path: RepositoryPath, *, starred: bool) -> Any:
    with requests.begin() as work:
        stars.set_star(work, path.path, starred=starred, now=requests.now())
    return frame.nothing()
