"""`/search`: over all that the caller may see, one kind of thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pydantic import Field

from appliance.domain import issue_query
from appliance.domain.conversations import ConversationKind
from appliance.services import (
    conversation_search,
    organisations,
    repositories,
    search_everywhere,
    users,
)
from appliance.services.repositories import Filter
from appliance.services.search_everywhere import Kind
from appliance.web import found, paging, requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text

api = frame.area("search_all", "Search everything you can see.")


class Findable(StrEnum):
    """What can be searched for; one kind at a time."""

    REPOSITORIES = "repositories"
    ISSUES = "issues"
    PULLS = "pulls"
    CONTENT = "content"
    FILES = "files"
    COMMITS = "commits"
    WIKI = "wiki"
    ORGANISATIONS = "organisations"
    USERS = "users"


class FindQuery(frame.PageQuery):
    """What to look for."""

    q: str = Field(
        min_length=1,
        max_length=200,
        description="Part of a name; for issues and pull requests a search as in their lists; "
        "for everything in repositories text as it stands, in any case of letters",
    )
    kind: Findable = Findable.REPOSITORIES
    owner: str = Field("", max_length=100, description="Only in repositories of this owner")


class FoundAnswer(frame.Answer):
    """Something that was found. Fields that do not belong to its kind are null."""

    kind: Findable
    path: str = Field(description="OWNER/NAME of the repository, or the name of the owner")
    title: str = Field(description="What it is called or described as; of `content` the line")
    number: int | None = Field(None, description="Of an issue or a pull request")
    state: str | None = Field(None, description="Of an issue or a pull request: open or closed")
    file: str | None = Field(None, description="The path of a file")
    file_base64: str | None = Field(None, description="The same where it is no UTF-8")
    line: int | None = None
    column: int | None = None
    commit: str | None = None
    web_url: str


class FoundPage(frame.Answer):
    """A page of them. Searching repositories takes some seconds at most and says what it left."""

    items: list[FoundAnswer]
    next: str | None = Field(description="Goes on, also with repositories not searched yet")
    searched: int | None = Field(
        None, description="How many repositories were searched for this page"
    )
    incomplete: list[str] = Field(
        default_factory=list,
        description="Those of them of which only a part could be searched",
    )


@api.get("/search", summary="Search everything you can see", responses={"200": FoundPage})
def find(query: FindQuery) -> Any:
    """Files, commits and wikis are searched in default branches, for who has signed in; what was
    pushed to last comes first.
    """
    return ANSWERS[query.kind](query)


def _repositories(query: FindQuery) -> Any:
    wanted = Filter(words=query.q, owner=query.owner)
    with requests.reading() as work:
        page = repositories.listed(
            work, wanted, after=paging.after(query.cursor), limit=query.limit
        )
        named = [(each.path, each.description) for each in page.items]
    return _named(query.kind, named, page.next)


def _users(query: FindQuery) -> Any:
    with requests.reading() as work:
        page = users.list_users(
            work, search=query.q, after=paging.after(query.cursor), limit=query.limit
        )
        named = [(each.user.name, each.user.display_name) for each in page.items]
    return _named(query.kind, named, page.next)


def _organisations(query: FindQuery) -> Any:
    with requests.reading() as work:
        page = organisations.list_organisations(
            work, search=query.q, after=paging.after(query.cursor), limit=query.limit
        )
        named = [(each.name, each.display_name) for each in page.items]
    return _named(query.kind, named, page.next)


def _conversations(query: FindQuery) -> Any:
    is_issue = query.kind is Findable.ISSUES
    kind = ConversationKind.ISSUE if is_issue else ConversationKind.PULL_REQUEST
    with requests.reading() as work:
        page = conversation_search.found(
            work,
            issue_query.parse(query.q),
            kind=kind,
            owner=query.owner,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        items = [
            FoundAnswer(
                kind=query.kind,
                path=each.path,
                title=each.listed.conversation.title,
                number=each.listed.conversation.number,
                state=each.listed.conversation.state,
                web_url=_web(f"/{each.path}/{query.kind}/{each.listed.conversation.number}"),
            )
            for each in page.items
        ]
    return frame.page_of(FoundPage(items=items, next=None), page.next)


def _in_repositories(query: FindQuery) -> Any:
    kind = Kind(query.kind)
    with requests.reading() as work:
        places = search_everywhere.places(
            work,
            kind,
            owner=query.owner,
            repositories=requests.wiring().repositories,
            after=paging.after(query.cursor),
        )
    search = search_everywhere.look(places, kind, query.q, most=query.limit)
    items = [
        FoundAnswer(
            kind=query.kind,
            path=each.place.path,
            title=hit.page or text(hit.text) or text(hit.file),
            file=text(hit.file) if hit.file else None,
            file_base64=exact(hit.file),
            line=hit.line,
            column=hit.column,
            commit=hit.commit or None,
            web_url=_web(hit.href),
        )
        for each in search.found
        for hit in found.hits(kind, each)
    ]
    page = FoundPage(
        items=items, next=None, searched=search.looked_at, incomplete=list(search.partly)
    )
    return frame.page_of(page, search.next)


ANSWERS: dict[Findable, Callable[[FindQuery], Any]] = {
    Findable.REPOSITORIES: _repositories,
    Findable.ISSUES: _conversations,
    Findable.PULLS: _conversations,
    Findable.ORGANISATIONS: _organisations,
    Findable.USERS: _users,
    **dict.fromkeys(map(Findable, Kind), _in_repositories),
}


def _named(kind: Findable, named: list[tuple[str, str]], after: str | None) -> Any:
    items = [
        FoundAnswer(kind=kind, path=path, title=title, web_url=_web(f"/{path}"))
        for path, title in named
    ]
    return frame.page_of(FoundPage(items=items, next=None), after)


def _web(href: str) -> str:
    return f"{requests.wiring().settings.server.url}{href}"
