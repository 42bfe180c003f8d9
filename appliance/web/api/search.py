"""`/search` in one repository: commits, contents and file names."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from appliance.services import search
from appliance.web import paging
from appliance.web.api import frame
from appliance.web.api.bytes_text import Named, exact, text
from appliance.web.api.history import CommitPage, opened, present_commits, resolve
from appliance.web.api.repositories import RepositoryPath

api = frame.area("search", "Find commits, lines and files in a repository.")


class SearchQuery(frame.PageQuery):
    """What to look for, and where."""

    q: str = Field(min_length=1, max_length=500)
    ref: str = Field("", max_length=1024)


class CommitSearchQuery(SearchQuery):
    """Which commits."""

    author: str = Field("", max_length=255)


class ContentQuery(SearchQuery):
    """Which lines."""

    path: str = Field("", max_length=4096, description="Only below this folder")
    expression: bool = Field(default=False, description="`q` is an extended regular expression")
    ignore_case: bool = False


class MatchAnswer(Named):
    """A line that matches."""

    line: int
    column: int
    content: str


class MatchList(frame.Answer):
    """The lines found; `is_cut` says that there are more."""

    items: list[MatchAnswer]
    is_cut: bool


class FileList(frame.Answer):
    """The files found; `is_cut` says that there are more."""

    items: list[Named]
    is_cut: bool


@api.get(
    "/repos/<owner>/<name>/search/commits",
    summary="Find commits by their message",
    responses={"200": CommitPage},
)
def commits(path: RepositoryPath, query: CommitSearchQuery) -> Any:
    """Newest first."""
    repository = opened(path)
    start = resolve(repository, query.ref)
    if start is None:
        return frame.page([], None)
    page = search.commits(
        repository,
        start,
        query.q,
        author=query.author,
        cursor=paging.after(query.cursor),
        limit=query.limit,
    )
    found = [step.commit for step in page.steps]
    return frame.page(present_commits(repository, found), page.cursor)


@api.get(
    "/repos/<owner>/<name>/search/content",
    summary="Find lines in files",
    responses={"200": MatchList},
)
def content(path: RepositoryPath, query: ContentQuery) -> Any:
    """Binary and very large files are passed over."""
    repository = opened(path)
    start = resolve(repository, query.ref)
    if start is None:
        return frame.answer(MatchList(items=[], is_cut=False))
    found = search.content(
        repository,
        start,
        query.q,
        is_expression=query.expression,
        ignore_case=query.ignore_case,
        path=query.path.encode(),
    )
    items = [
        MatchAnswer(
            path=text(each.path),
            path_base64=exact(each.path),
            line=each.line,
            column=each.column,
            content=text(each.content),
        )
        for each in found.matches
    ]
    return frame.answer(MatchList(items=items, is_cut=found.is_cut))


@api.get(
    "/repos/<owner>/<name>/search/files",
    summary="Find files by their name",
    responses={"200": FileList},
)
def names(path: RepositoryPath, query: SearchQuery) -> Any:
    """Part of a path is enough."""
    repository = opened(path)
    start = resolve(repository, query.ref)
    if start is None:
        return frame.answer(FileList(items=[], is_cut=False))
    found = search.files(repository, start, query.q.encode())
    items = [Named(path=text(each), path_base64=exact(each)) for each in found.paths]
    return frame.answer(FileList(items=items, is_cut=found.is_cut))
