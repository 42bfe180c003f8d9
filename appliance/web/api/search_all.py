"""`/search`: repositories, organisations and users by their names, over all the caller may see."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from appliance.services import organisations, repositories, users
from appliance.services.repositories import Filter
from appliance.web import paging, requests
from appliance.web.api import frame

api = frame.area("search_all", "Find repositories, organisations and users.")


class Findable(StrEnum):
    """What can be found by its name; one kind at a time."""

    REPOSITORIES = "repositories"
    ORGANISATIONS = "organisations"
    USERS = "users"


class FindQuery(frame.PageQuery):
    """What to look for."""

    q: str = Field(min_length=1, max_length=200, description="Part of a name")
    kind: Findable = Findable.REPOSITORIES


class FoundAnswer(frame.Answer):
    """Something that was found: its path or name, and what it is called or described as."""

    kind: Findable
    path: str
    title: str


class FoundPage(frame.Answer):
    """A page of them."""

    items: list[FoundAnswer]
    next: str | None


@api.get("/search", summary="Find by name what one may see", responses={"200": FoundPage})
def find(query: FindQuery) -> Any:
    """Commits, lines and files are searched for in one repository."""
    after, limit, kind = paging.after(query.cursor), query.limit, query.kind
    with requests.reading() as work:
        if kind is Findable.USERS:
            people = users.list_users(work, search=query.q, after=after, limit=limit)
            found = [(each.user.name, each.user.display_name) for each in people.items]
            return _answered(kind, found, people.next)
        if kind is Findable.ORGANISATIONS:
            some = organisations.list_organisations(work, search=query.q, after=after, limit=limit)
            found = [(each.name, each.display_name) for each in some.items]
            return _answered(kind, found, some.next)
        page = repositories.listed(work, Filter(words=query.q), after=after, limit=limit)
        return _answered(kind, [(each.path, each.description) for each in page.items], page.next)


def _answered(kind: Findable, found: list[tuple[str, str]], after: str | None) -> Any:
    items = [FoundAnswer(kind=kind, path=path, title=title) for path, title in found]
    return frame.page(items, after)
