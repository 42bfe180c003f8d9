"""Reading a wiki: a page, all pages, what is found in them, and how they came to be."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.wiki_pages import HOME
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.services import history, wikis
from appliance.web import links, requests
from appliance.web.pages import commits, diff_context, diff_files, raw, wiki_frame
from appliance.web.pages.diff_sides import Commits
from appliance.web.pages.repository_frame import Place, blueprint
from appliance.web.pages.wiki_frame import Wiki, named, opened, shown

if TYPE_CHECKING:
    from appliance.domain.wiki_pages import WikiPage

pages = blueprint("wiki")

WIKI = "/<owner>/<name>/wiki"
PAGE = 50
SECONDS = 10.0


@pages.get(WIKI)
def home(owner: str, name: str) -> ResponseReturnValue:
    """The page that a wiki begins with, or the list of all."""
    wiki = opened(owner, name)
    page = wiki.contents.find(HOME)
    if page is None and wiki.pages:
        return _list(wiki)
    return _page(wiki, page) if page else shown("empty.html", wiki, **wiki_frame.sides(wiki))


@pages.get(f"{WIKI}/<tail:tail>")
def show_page(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """One page; where there is none, how to write it."""
    wiki = opened(owner, name)
    asked = requests.raw_tail(3).decode("utf-8", "replace").strip("/")
    page = wiki.contents.find(asked)
    if page is None:
        missing = shown("missing.html", wiki, asked=asked, **wiki_frame.sides(wiki))
        return missing, HTTPStatus.NOT_FOUND
    if page.name != asked:
        query = f"?{flask.request.query_string.decode()}" if flask.request.query_string else ""
        return flask.redirect(f"{wiki.links.page(page.name)}{query}", 302)
    return _page(wiki, page)


@pages.get(f"{WIKI}/_pages")
def list_pages(owner: str, name: str) -> ResponseReturnValue:
    """All pages, or those in which words are found."""
    return _list(opened(owner, name))


@pages.get(f"{WIKI}/_history", defaults={"tail": ""})
@pages.get(f"{WIKI}/_history/<tail:tail>")
def show_history(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """The commits of a wiki, or of one page."""
    wiki = opened(owner, name)
    page = wiki.contents.page(named()) if named() else None
    place = _place(wiki, page.path if page else b"")
    wanted = history.Wanted(path=place.path)
    cursor = flask.request.args.get("cursor")
    found = history.page(
        wiki.contents.repository, place.commit, wanted, cursor=cursor, limit=PAGE, seconds=SECONDS
    )
    return shown(
        "history.html",
        wiki,
        page=page,
        days=commits.days(commits.rows(place, found.steps)),
        older=links.with_query(cursor=found.cursor) if found.cursor else None,
        newest=links.with_query(cursor=None) if cursor else None,
    )


@pages.get(f"{WIKI}/_commit/<wiki_oid>")
def show_commit(owner: str, name: str, wiki_oid: str) -> ResponseReturnValue:
    """What one commit changed."""
    wiki = opened(owner, name)
    commit = history.commit(wiki.contents.repository, wiki_oid)
    oid = commit.oid
    paths = diff_files.wanted_file()
    if paths:
        between = Commits(wiki.frame, commit.parents[0] if commit.parents else None, oid)
        if diff_context.is_piece():
            return diff_files.lines(between, paths)
        file = diff_files.one(between, paths)
        if diff_files.is_piece():
            return diff_files.piece(between, file)
        diff = diff_files.shown_alone(between, file)
    else:
        changes = history.changes(wiki.contents.repository, oid, diff_files.options())
        diff = diff_files.shown(wiki.frame, changes)
    return shown(
        "commit.html",
        wiki,
        commit=commit,
        diff=diff,
        is_part=bool(paths),
        with_query=links.with_query,
    )


@pages.get(f"{WIKI}/_raw/<tail:tail>")
def show_raw(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """The bytes of a file, for pictures in pages."""
    wiki = opened(owner, name)
    return raw.of_place(_place(wiki, requests.raw_tail(4)), wiki.git_path, follows_pictures=True)


def _page(wiki: Wiki, page: WikiPage) -> str:
    file = wikis.read(wiki.contents, page)
    at = wiki_frame.asked_commit()
    return shown(
        "show.html",
        wiki,
        page=page,
        html=wiki.html(file.content, page) if file.content is not None else None,
        last=None if at else _last(wiki, page),
        old=history.commit(wiki.contents.repository, at) if at else None,
        **wiki_frame.sides(wiki),
    )


def _last(wiki: Wiki, page: WikiPage) -> commits.Row | None:
    """The commit that changed a page last."""
    place = _place(wiki, page.path)
    steps = history.page(
        wiki.contents.repository, place.commit, history.Wanted(path=page.path), limit=1
    ).steps
    return next(iter(commits.rows(place, steps)), None)


def _list(wiki: Wiki) -> str:
    words, problem = flask.request.args.get("q", "").strip(), None
    found = []
    try:
        found = wikis.search_for(wiki.contents, words)
    except InvalidError as error:
        problem = str(error)
    # The list stands in the middle of this page.
    sides = wiki_frame.sides(wiki, lists=False)
    return shown("pages.html", wiki, words=words, found=found, problem=problem, **sides)


def _place(wiki: Wiki, path: bytes) -> Place:
    """A path in the commit that is looked at.

    Errors:
        NotFoundError: nothing was written yet.
    """
    if wiki.contents.commit is None:
        raise NotFoundError(sentence("Nothing was written in this wiki yet."))
    commit = wiki.contents.commit
    return Place(wiki.frame, history.resolve(wiki.contents.repository, commit.encode()), path)
