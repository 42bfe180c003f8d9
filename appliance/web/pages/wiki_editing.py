"""Writing a wiki: a new page, another text or name for one, and deleting one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.permissions import Permission
from appliance.domain.wiki_pages import WikiPage, page_of
from appliance.errors import ConflictError, InvalidError, PreconditionError, RefusedError, sentence
from appliance.services import wikis
from appliance.services.wikis import LARGEST_PAGE_BYTES, Edit
from appliance.web import forms, markdown, ref_updates
from appliance.web.pages.page_forms import Problems, attempt, signed_in
from appliance.web.pages.repository_frame import blueprint
from appliance.web.pages.wiki import WIKI
from appliance.web.pages.wiki_frame import Wiki, named, opened, shown

if TYPE_CHECKING:
    from appliance.git.blobs import File

pages = blueprint("wiki_editing")


class PageForm(forms.Form):
    """A page as somebody wants it."""

    name: str = Field("", max_length=300)
    content: str = Field("", max_length=LARGEST_PAGE_BYTES)
    message: str = Field("", max_length=1000)
    expected: str = Field("", max_length=40)

    @property
    def text(self) -> bytes:
        """The text with plain line ends, the last line whole."""
        lines = self.content.replace("\r\n", "\n").rstrip()
        return f"{lines}\n".encode("utf-8", "replace")


@pages.get(f"{WIKI}/_new")
def new(owner: str, name: str) -> ResponseReturnValue:
    """Begin a page."""
    signed_in()
    return _form(_writable(owner, name), None, {})


@pages.post(f"{WIKI}/_new")
def create(owner: str, name: str) -> ResponseReturnValue:
    """Write it."""
    signed_in()
    return _save(_writable(owner, name), None)


@pages.get(f"{WIKI}/_edit/<tail:tail>")
def edit(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """A page to be changed."""
    signed_in()
    wiki = _writable(owner, name)
    return _form(wiki, wiki.contents.page(named()), {})


@pages.post(f"{WIKI}/_edit/<tail:tail>")
def save(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """Change it."""
    signed_in()
    wiki = _writable(owner, name)
    return _save(wiki, wiki.contents.page(named()))


@pages.post(f"{WIKI}/_delete/<tail:tail>")
def delete(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """Delete a page."""
    signed_in()
    wiki = _writable(owner, name)
    page = wiki.contents.page(named())

    def act() -> ResponseReturnValue:
        form = PageForm.parse(flask.request.form)
        wanted = Edit("", b"", old=page.name, expected=form.expected or None)
        leave = ref_updates.wiki_plan(wiki.home.repository.path)
        ref_updates.move(leave, wikis.draft_deletion(leave, wiki.contents, wanted).ref)
        flask.flash(_("The page is deleted. Its history is kept."), "good")
        return flask.redirect(f"{wiki.links.wiki}/_pages", 303)

    return attempt(act, lambda problems: _form(wiki, page, problems))


def _writable(owner: str, name: str) -> Wiki:
    """The wiki, for somebody who may write; the verb behind the form asks again.

    Errors:
        RefusedError: they may read only.
    """
    wiki = opened(owner, name)
    if not wiki.home.repository.may(Permission.REPOSITORY_WRITE):
        path = wiki.home.repository.path
        raise RefusedError(
            sentence("Only those who may push to %(path)s may write its wiki.", path=path)
        )
    return wiki


def _save(wiki: Wiki, page: WikiPage | None) -> ResponseReturnValue:
    if flask.request.form.get("act") == "preview":
        return _form(wiki, page, {}, preview=flask.request.form.get("content", ""))

    def act() -> ResponseReturnValue:
        form = PageForm.parse(flask.request.form)
        if len(form.text) > markdown.MAX_MARKDOWN_BYTES:
            raise InvalidError.of("content", _("A page has at most 512 KiB. Make two of it."))
        wanted = Edit(
            form.name,
            form.text,
            old=page.name if page else "",
            message=form.message,
            expected=form.expected,
        )
        leave = ref_updates.wiki_plan(wiki.home.repository.path)
        try:
            ref_updates.move(leave, wikis.draft(leave, wiki.contents, wanted).ref)
        except PreconditionError as error:
            return _form(wiki, page, {}, is_stale=True), error.http_status
        made = page_of(wikis.path_of(wiki.contents, wanted))
        return flask.redirect(wiki.links.page(made.name if made else ""), 303)

    return attempt(act, lambda problems: _form(wiki, page, problems))


def _form(
    wiki: Wiki,
    page: WikiPage | None,
    problems: Problems,
    *,
    preview: str | None = None,
    is_stale: bool = False,
) -> str:
    file: File | None = wikis.read(wiki.contents, page) if page else None
    asked, present_oid = flask.request.args.get("name", ""), file.entry.oid if file else ""
    present = _text_of(file) if file else ""
    sent = flask.request.form
    return shown(
        "edit.html",
        wiki,
        page=page,
        problems=problems,
        name=sent.get("name", page.title if page else _free_name(wiki, asked)),
        content=sent.get("content", present),
        message=sent.get("message", ""),
        expected=present_oid if is_stale else sent.get("expected", present_oid),
        is_stale=is_stale,
        preview=wiki.html(preview.encode("utf-8", "replace"), page, "preview-")
        if preview is not None
        else None,
    )


def _text_of(file: File) -> str:
    """What a page says, for a field in which nothing of it may get lost.

    Errors:
        ConflictError: it is too large, or no text.
    """
    try:
        if file.content is not None and len(file.content) <= markdown.MAX_MARKDOWN_BYTES:
            return file.content.decode()
    except UnicodeDecodeError:
        pass
    raise ConflictError(sentence("This page is too large, or no text. Change it with git."))


def _free_name(wiki: Wiki, asked: str) -> str:
    """The name that a new page is offered: what was asked for, where there is no such page."""
    return "" if wiki.contents.find(asked) else asked.replace("-", " ")
