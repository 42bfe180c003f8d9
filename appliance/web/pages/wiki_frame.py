"""What all pages of a wiki share: opening it, what they say as HTML, what stands around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import flask
from flask_babel import gettext as _
from markupsafe import Markup

from appliance.domain.wiki_pages import AROUND, FOOTER, HOME, SIDEBAR, WikiPage
from appliance.errors import ApplianceError
from appliance.services import wikis
from appliance.web import links, markdown, requests, wiki_links
from appliance.web.pages.repository_frame import Frame, show
from appliance.web.pages.repository_frame import opened as opened_repository
from appliance.web.wiki_links import OID_LENGTH, WikiLinks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from appliance.services.wikis import Contents

LISTED = 100
"""Pages named beside a page; the list of all has the others."""


@dataclass(frozen=True)
class Wiki:
    """A wiki as its pages show it: in the frame of its repository."""

    home: Frame
    contents: Contents
    links: WikiLinks

    @property
    def frame(self) -> Frame:
        """The wiki as a repository, for what draws commits and differences."""
        return Frame(self.contents.repository, self.links)

    @property
    def git_path(self) -> str:
        """What git calls it."""
        return f"{self.home.repository.path}.wiki"

    @property
    def pages(self) -> list[WikiPage]:
        """Its pages, the first one first, without what stands around them."""
        return _sorted(self.contents.pages)

    @property
    def listed(self) -> list[WikiPage]:
        """Some of them, to stand beside one of them; reads no more folders than it takes."""
        return _sorted(self.contents.some(LISTED + len(AROUND) + 1))

    def html(self, source: bytes, page: WikiPage | None = None, within: str = "") -> Markup:
        """Markdown of the wiki as HTML; relative addresses begin where the page is."""
        folder = page.path.rpartition(b"/")[0] if page is not None else b""

        def link(url: str) -> str | None:
            return links.relative(self.links, b"", folder, url, view="blob")

        def image(url: str) -> str | None:
            return links.relative(self.links, b"", folder, url, view="raw")

        more = wiki_links.bracketed
        return markdown.render(source, link=link, image=image, within=within, more=more)

    def around(self, name: str) -> Markup | None:
        """What a page that stands around all others says; None where there is none."""
        page = self.contents.find(name)
        if page is None:
            return None
        try:
            content = wikis.read(self.contents, page).content
        except ApplianceError:  # The page in the middle is worth showing without it.
            return None
        return self.html(content, page, f"{name.strip('_').lower()}-") if content else None


def opened(owner: str, name: str) -> Wiki:
    """The wiki of the repository that an address names, as it is, or as it was `?at=` a commit.

    Errors:
        HiddenError, NotFoundError: there is none, or none for this actor.
    """
    home = opened_repository(owner, name)
    with requests.reading() as work:
        store = requests.wiring().repositories
        repository = wikis.opened(work, home.repository.path, repositories=store)
    contents = wikis.contents(repository, asked_commit())
    return Wiki(home, contents, WikiLinks(home.links.home, contents.holds))


def _sorted(pages: Iterable[WikiPage]) -> list[WikiPage]:
    """The first page, and the others by name, without what stands around them."""
    return sorted(
        (each for each in pages if not each.is_around), key=lambda each: each.name != HOME
    )


def asked_commit() -> str:
    """The commit that this request's address names; empty where it means what is there now."""
    asked = flask.request.args.get("at", "")
    return asked if len(asked) == OID_LENGTH and asked.isalnum() else ""


def named() -> str:
    """The name of the page at the end of this request's address, after `/_verb/`."""
    return requests.raw_tail(4).decode("utf-8", "replace").strip("/")


def shown(template: str, wiki: Wiki, /, **context: Any) -> str:
    """A page of a wiki."""
    crumb = (_("Wiki"), wiki.links.wiki)
    return show(
        f"wikis/{template}", wiki.home, wiki=wiki, tab_name="wiki", wiki_crumb=crumb, **context
    )


def sides(wiki: Wiki, *, lists: bool = True) -> dict[str, Any]:
    """What stands beside and below a page: what a page of the wiki says, or a list of some."""
    addresses = requests.wiring().addresses
    sidebar = wiki.around(SIDEBAR)
    listed = wiki.listed if lists and sidebar is None else []
    return {
        "sidebar": sidebar,
        "footer": wiki.around(FOOTER),
        "listed": listed[:LISTED],
        "are_more": len(listed) > LISTED,
        "https_url": addresses.https(wiki.git_path),
        "ssh_url": addresses.ssh(wiki.git_path),
    }
