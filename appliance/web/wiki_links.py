"""Links between pages of a wiki: `[[Page]]`, `[[words|Page]]`, `[[Page#heading]]`, and addresses.

The bracketed form becomes an ordinary link, from the outermost folder of the wiki, before anything
else looks at it; so what is code stays code, and the last word on links stays in `markdown`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from appliance.domain.wiki_pages import page_of
from appliance.web import markdown
from appliance.web.links import Links
from appliance.web.present import path_url

OPEN, CLOSE = "[[", "]]"
MOST_CHARACTERS = 400
OID_LENGTH = 40


@dataclass(frozen=True)
class WikiLinks(Links):
    """The addresses of a wiki; `home` is that of its repository."""

    holds: Callable[[bytes], bool] = bool
    """Whether the wiki has a file: a link to one that is no page leads to its bytes."""

    @property
    def wiki(self) -> str:
        """The first page."""
        return f"{self.home}/wiki"

    def page(self, name: str) -> str:
        """A page by its name."""
        return f"{self.wiki}/{path_url(name.encode())}"

    def at(self, view: str, ref: bytes, path: bytes = b"") -> str:
        """A page, or the bytes of another file; a whole object id says in which commit."""
        query = f"?at={ref.decode()}" if len(ref) == OID_LENGTH else ""
        if not path:
            return f"{self.wiki}/_pages{query}"
        page = page_of(path)
        if view == "raw" or (page is None and self.holds(path)):
            return f"{self.wiki}/_raw/{path_url(path)}{query}"
        return f"{self.wiki}/{path_url(page.name.encode() if page else path)}{query}"

    def commit(self, oid: str) -> str:
        """What one commit changed."""
        return f"{self.wiki}/_commit/{oid}"


def bracketed(parser: MarkdownIt) -> None:
    """Let a parser know `[[Page]]`."""
    parser.inline.ruler.before("link", "wiki_link", _read)


def _read(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as rules are called.
    if not state.src.startswith(OPEN, state.pos):
        return False
    start = state.pos + len(OPEN)
    end = state.src.find(CLOSE, start, min(state.posMax, start + MOST_CHARACTERS))
    inside = state.src[start:end].strip() if end > start else ""
    words, mark, target = inside.rpartition("|")
    if not target.strip() or any(sign in inside for sign in "\n[]"):
        return False
    if not silent:
        _add(state, words.strip() if mark else target.strip(), target.strip())
    state.pos = end + len(CLOSE)
    return True


def _add(state: StateInline, words: str, target: str) -> None:
    name, mark, heading = target.partition("#")
    anchor = f"#{markdown.slug(heading)}" if mark else ""
    spelled = path_url(name.strip().replace(" ", "-").strip("/").encode())
    opening = state.push("link_open", "a", 1)
    opening.attrSet("href", f"/{spelled}.md{anchor}" if spelled else anchor)
    state.push("text", "", 0).content = words
    state.push("link_close", "a", -1)
