"""The text that introduces a folder, and Markdown files: rendered, with links that lead on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from appliance.errors import ApplianceError
from appliance.services import files
from appliance.services.files import EntryKind
from appliance.web import highlight, links, markdown
from appliance.web.pages.repository_frame import Place

if TYPE_CHECKING:
    from appliance.git.tree import Entry

NAMES = (b"readme.md", b"readme.markdown", b"readme", b"readme.txt", b"readme.rst", b"readme.adoc")
ENDINGS = (b".md", b".markdown", b".mdown", b".mkd")
READABLE = {EntryKind.FILE, EntryKind.EXECUTABLE}


@dataclass(frozen=True)
class Readme:
    """The introduction of a folder: Markdown as HTML, anything else as its own lines."""

    name: bytes
    href: str
    html: Markup

    @property
    def is_markdown(self) -> bool:
        """Whether it is rendered."""
        return is_markdown(self.name)


def of(place: Place, entries: tuple[Entry, ...]) -> Readme | None:
    """The introduction among a folder's entries; None where there is none that can be shown."""
    found = {
        entry.name.lower(): entry
        for entry in entries
        if entry.kind in READABLE and entry.name.lower() in NAMES
    }
    entry = next((found[name] for name in NAMES if name in found), None)
    if entry is None:
        return None
    try:
        file = files.read(
            place.frame.repository,
            place.commit,
            entry.path,
            most_bytes=markdown.MAX_MARKDOWN_BYTES,
        )
    except ApplianceError:  # The folder is worth showing without it.
        return None
    if file.content is None or file.is_binary:
        return None
    href = place.frame.links.blob(place.ref, entry.path)
    if is_markdown(entry.path):
        return Readme(entry.name, href, rendered(place, file.content, entry.path))
    text, _encoding = highlight.decode(file.content)
    return Readme(entry.name, href, highlight.snippet(text, "text"))


def is_markdown(path: bytes) -> bool:
    """Whether a file's name says that it is Markdown."""
    return path.lower().endswith(ENDINGS)


def rendered(place: Place, content: bytes, path: bytes) -> Markup:
    """A Markdown file as HTML; relative links lead to pages, pictures to bytes."""
    folder = path.rpartition(b"/")[0]
    to = place.frame.links

    def link(url: str) -> str | None:
        return links.relative(to, place.ref, folder, url, view="blob")

    def image(url: str) -> str | None:
        return links.relative(to, place.ref, folder, url, view="raw")

    return markdown.render(content, link=link, image=image)
