"""Stars, pinned repositories, what happened lately, and forks as a tree."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from appliance.services import activity, forks, stars, users
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

api = frame.area("social", "Stars, pinned repositories, what happened lately, forks as a tree.")

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


class PinnedBody(frame.Body):
    """What stands first on one's own page."""

    repositories: list[Annotated[str, Field(max_length=140)]] = Field(
        max_length=stars.MOST_PINNED, description="As OWNER/NAME, in this order"
    )


class PinnedList(frame.Answer):
    """What stands first on a user's page, in their order."""

    items: list[StarredAnswer]


class FeedQuery(frame.Body):
    """How much of it."""

    limit: int = Field(20, ge=1, le=100)


class ActAnswer(frame.Answer):
    """One thing that somebody did."""

    action: str = Field(description="As the audit log calls it: git.pushed, issue.opened, …")
    actor: str
    repository: str
    number: int | None = Field(description="Of the issue or pull request that it is about")
    happened_at: datetime
    web_url: str


class ActsAnswer(frame.Answer):
    """What happened lately, the latest first."""

    items: list[ActAnswer]


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


@api.delete(STAR, summary="Unstar a repository", responses={"204": None})
def unstar(path: RepositoryPath) -> Any:
    """Safe to repeat."""
    return _set(path, starred=False)


@api.get(
    "/repos/<owner>/<name>/stargazers",
    summary="List stargazers",
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
    "/users/<name>/stars",
    summary="List starred repositories of a user",
    responses={"200": StarredPage},
)
def list_stars(path: StarredPath, query: frame.PageQuery) -> Any:
    """The latest first, as far as the caller may read it."""
    with requests.reading() as work:
        page = stars.of_user(work, path.name, after=paging.after(query.cursor), limit=query.limit)
        items = [StarredAnswer.model_validate(each) for each in page.items]
        return frame.page(items, page.next)


@api.get(
    "/users/<name>/pins",
    summary="List pinned repositories of a user",
    responses={"200": PinnedList},
)
def list_pins(path: StarredPath) -> Any:
    """In their order, as far as the caller may read it."""
    with requests.reading() as work:
        return _pinned(work, path.name)


@api.put("/user/pins", summary="Pin repositories", responses={"200": PinnedList})
def pin(body: PinnedBody) -> Any:
    """These stand first on the caller's own page, in this order, and no others."""
    with requests.begin() as work:
        stars.pin(work, body.repositories)
        return _pinned(work, users.show_self(work).user.name)


@api.get("/user/feed", summary="List recent activity", responses={"200": ActsAnswer})
def feed(query: FeedQuery) -> Any:
    """In all repositories that the caller may read, in the last 30 days."""
    return _acts(None, query.limit)


@api.get(
    "/users/<name>/activity",
    summary="List recent activity of a user",
    responses={"200": ActsAnswer},
)
def list_activity(path: StarredPath, query: FeedQuery) -> Any:
    """In repositories that the caller may read, in the last 30 days."""
    return _acts(path.name, query.limit)


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


def _pinned(work: UnitOfWork, name: str) -> Any:
    found = [StarredAnswer.model_validate(each) for each in stars.pinned(work, name)]
    return frame.answer(PinnedList(items=found))


def _acts(by: str | None, limit: int) -> Any:
    wiring = requests.wiring()
    with requests.reading() as work:
        found = activity.lately(work, sealer=wiring.sealer, by=by, limit=limit)
    items = [
        ActAnswer(
            action=each.action,
            actor=each.actor,
            repository=each.path,
            number=each.number,
            happened_at=each.happened_at,
            web_url=f"{wiring.settings.server.url}{each.place}",
        )
        for each in found
    ]
    return frame.answer(ActsAnswer(items=items))


def _set(path: RepositoryPath, *, starred: bool) -> Any:
    with requests.begin() as work:
        stars.set_star(work, path.path, starred=starred, now=requests.now())
    return frame.nothing()
