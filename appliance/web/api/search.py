"""`/search` in one repository: commits, contents and file names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from appliance.services import search
from appliance.web import paging
from appliance.web.api import frame
from appliance.web.api.bytes_text import Named, exact, text
from appliance.web.api.history import CommitPage, opened, present_commits, resolve
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.git.grep import Found

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
    expression: bool = Field(default=False, description="`q` is a regular expression of RE2")
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


class GrepBody(frame.Body):
    """What to look for, and where."""

    pattern: str = Field(min_length=1, max_length=1000, description="An expression of RE2")
    ref: str = Field("", max_length=1024, description="A branch, tag or id; the default branch")
    path: str = Field("", max_length=4096, description="Only this file, or below this folder")
    globs: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default_factory=list,
        max_length=search.GREP_GLOBS,
        description="Only files that fit one: `*` stops at a slash, `**` does not",
    )
    literal: bool = Field(default=False, description="The pattern is text")
    ignore_case: bool = False
    whole_words: bool = False
    around: int = Field(0, ge=0, le=search.GREP_AROUND, description="Lines before and after")
    limit: int = Field(100, ge=1, le=1000)


class GrepMatch(Named):
    """A line that matches; columns count bytes, and `end` is behind the match."""

    line: int
    column: int
    end: int
    content: str
    before: list[str]
    after: list[str]


class GrepAnswer(frame.Answer):
    """The lines found; `is_cut` says that there is more to find, or to look at."""

    items: list[GrepMatch]
    is_cut: bool
    files: int = Field(description="How many files were looked into")
    skipped: int = Field(description="How many are too large, or no text")


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


@api.post("/repos/<owner>/<name>/grep", summary="Find lines", responses={"200": GrepAnswer})
def grep(path: RepositoryPath, body: GrepBody) -> Any:
    """By an expression of RE2, whose time grows with the bytes searched alone; changes nothing."""
    repository = opened(path)
    start = resolve(repository, body.ref)
    if start is None:
        return frame.answer(GrepAnswer(items=[], is_cut=False, files=0, skipped=0))
    wanted = search.Expression(
        body.pattern,
        is_literal=body.literal,
        ignore_case=body.ignore_case,
        whole_words=body.whole_words,
        path=body.path.encode(),
        globs=tuple(body.globs),
        around=body.around,
    )
    found = search.grep(repository, start, wanted, most=body.limit)
    items = [_found(each) for each in found.matches]
    return frame.answer(
        GrepAnswer(items=items, is_cut=found.is_cut, files=found.files, skipped=found.skipped)
    )


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


def _found(each: Found) -> GrepMatch:
    return GrepMatch(
        path=text(each.path),
        path_base64=exact(each.path),
        line=each.line,
        column=each.column,
        end=each.end,
        content=text(each.content),
        before=[text(line) for line in each.before],
        after=[text(line) for line in each.after],
    )
