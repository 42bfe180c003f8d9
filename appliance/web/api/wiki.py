"""`/wiki`: the pages of a repository's wiki, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from appliance.errors import TooLargeError, sentence
from appliance.services import wikis
from appliance.services.wikis import LARGEST_PAGE_BYTES, Contents, Edit
from appliance.web import paging, ref_updates, requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import Encoding, Named, content, exact, text, uncover
from appliance.web.api.files import TailPath
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.domain.wiki_pages import WikiPage
    from appliance.services.ref_updates import Plan, Written

api = frame.area("wiki", "The wiki of a repository: pages written together by whoever may push.")

PAGES = "/repos/<owner>/<name>/wiki/pages"
ONE = f"{PAGES}/<path:tail>"
SEGMENTS_BEFORE_NAME = 7
"""`api`, `v1`, `repos`, the owner, the name, `wiki` and `pages`."""


class WikiQuery(frame.PageQuery):
    """Which pages."""

    q: str = Field("", max_length=100, description="Words of the name or the text")


class AtCommitQuery(frame.Body):
    """In which commit of the wiki."""

    at: str = Field("", pattern=r"^([0-9a-f]{40})?$", description="What it says now if left out")


class WikiRow(Named):
    """A page by its name; `path` is its file in the wiki's repository."""

    name: str
    title: str = Field(description="The name with spaces")


class WikiPages(frame.Answer):
    """Some pages, by name."""

    items: list[WikiRow]
    next: str | None


class WikiPageAnswer(WikiRow):
    """A page."""

    commit: str = Field(description="Where the wiki is")
    oid: str = Field(description="Of the page: what `expected` is compared with")
    encoding: Encoding
    content: str


class WikiWriteBody(frame.Body):
    """What a page is to say."""

    content: str = Field(max_length=2 * LARGEST_PAGE_BYTES)
    encoding: Encoding = "utf-8"
    new_name: str = Field("", max_length=300, description="What it is called from now on")
    message: str = Field("", max_length=65_536)
    expected: str | None = Field(
        None,
        pattern=r"^([0-9a-f]{40})?$",
        description="Only if the page is still this object; empty: only if there is none",
    )
    expected_head: str | None = Field(
        None, pattern=r"^[0-9a-f]{40}$", description="Only if the wiki is still at this commit"
    )


class WikiDeleteBody(frame.Body):
    """How a page is deleted."""

    message: str = Field("", max_length=65_536)
    expected: str | None = Field(
        None, pattern=r"^[0-9a-f]{40}$", description="Only if the page is still this object"
    )
    expected_head: str | None = Field(
        None, pattern=r"^[0-9a-f]{40}$", description="Only if the wiki is still at this commit"
    )


class WikiChanged(frame.Answer):
    """The commit that was made."""

    commit: str
    before: str | None = Field(description="Where the wiki was")
    path: str = Field(description="The page's file")


@api.get(PAGES, summary="List the pages of a wiki", responses={"200": WikiPages})
def list_pages(path: RepositoryPath, query: WikiQuery) -> Any:
    """All of them, or those that have these words."""
    contents, offset = _contents(path), paging.after(query.cursor) or 0
    if query.q.strip():
        pages = [each.page for each in wikis.search_for(contents, query.q)]
    else:
        pages = list(contents.pages)
    some = [WikiRow(**_row(page)) for page in pages[offset : offset + query.limit]]
    following = offset + len(some)
    return frame.page(some, following if following < len(pages) else None)


@api.get(ONE, summary="Read a page of a wiki", responses={"200": WikiPageAnswer})
def read(path: TailPath, query: AtCommitQuery) -> Any:
    """Its name may be spelled with spaces or hyphens."""
    contents = _contents(path, query.at)
    return frame.answer(_present(contents, contents.page(_name())))


@api.put(ONE, summary="Write a page of a wiki", responses={"200": WikiChanged})
def write(path: TailPath, body: WikiWriteBody) -> Any:
    """Makes it or replaces its text. With If-Match, only if it is as it was read."""
    contents, name = _contents(path), _name()
    page = contents.find(name)
    edit = Edit(
        name=body.new_name or (page.name if page else name),
        content=uncover(body.content, body.encoding),
        old=page.name if page else "",
        message=body.message,
        expected=body.expected,
        expected_head=body.expected_head,
    )

    def draft(plan: Plan) -> Written:
        return wikis.draft(plan, contents, edit)

    return _change(path, contents, page, wikis.path_of(contents, edit), draft)


@api.delete(ONE, summary="Delete a page of a wiki", responses={"200": WikiChanged})
def delete(path: TailPath, body: WikiDeleteBody) -> Any:
    """Its history stays. With If-Match, only if it is as it was read."""
    contents = _contents(path)
    page = contents.page(_name())
    edit = Edit("", b"", page.name, body.message, body.expected, body.expected_head)

    def draft(plan: Plan) -> Written:
        return wikis.draft_deletion(plan, contents, edit)

    return _change(path, contents, page, page.path, draft)


def _change(
    path: TailPath,
    contents: Contents,
    page: WikiPage | None,
    file: bytes,
    draft: Any,
) -> Any:
    plan = ref_updates.wiki_plan(path.path)
    if page is not None:
        frame.insist_on_match(_present(contents, page))
    written = draft(plan)
    ref_updates.move(plan, written.ref)
    return frame.answer(WikiChanged(commit=written.commit, before=written.ref.old, path=text(file)))


def _contents(path: RepositoryPath, at: str = "") -> Contents:
    with requests.reading() as work:
        store = requests.wiring().repositories
        repository = wikis.opened(work, path.path, repositories=store)
    return wikis.contents(repository, at)


def _name() -> str:
    return requests.raw_tail(SEGMENTS_BEFORE_NAME).decode("utf-8", "replace")


def _row(page: WikiPage) -> dict[str, Any]:
    return {
        "path": text(page.path),
        "path_base64": exact(page.path),
        "name": page.name,
        "title": page.title,
    }


def _present(contents: Contents, page: WikiPage) -> WikiPageAnswer:
    file = wikis.read(contents, page)
    if file.content is None:
        raise TooLargeError(sentence("The page has %(size)s bytes. Fetch it with git.",
                                     size=file.size_bytes))  # fmt: skip
    words, encoding = content(file.content)
    return WikiPageAnswer(
        **_row(page),
        commit=contents.commit or "",
        oid=file.entry.oid,
        encoding=encoding,
        content=words,
    )
