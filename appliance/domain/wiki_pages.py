"""What pages of a wiki are called, and in which files they are.

A page is a Markdown file of the wiki. Its name is the file's path without the ending; a space in a
name is a hyphen in the file. People read names with spaces, in any case of letters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.domain.names import fold
from appliance.errors import InvalidError, sentence

ENDINGS = (b".md", b".markdown")
HOME, SIDEBAR, FOOTER = "Home", "_Sidebar", "_Footer"
AROUND = frozenset({SIDEBAR, FOOTER})
"""What stands around every page. No other name begins with an underscore."""
LONGEST_NAME = 200
NOT_IN_NAMES = frozenset('#?%|[]<>\\:*"')
"""They would mean something else in a link, in an address, or to some file system."""


@dataclass(frozen=True)
class WikiPage:
    """A page that there is."""

    name: str
    path: bytes

    @property
    def title(self) -> str:
        """Its name as people read it."""
        return title_of(self.name)

    @property
    def is_around(self) -> bool:
        """Whether it stands around others."""
        return self.name in AROUND


def page_of(path: bytes) -> WikiPage | None:
    """The page that a file is, if it is one."""
    ending = next((each for each in ENDINGS if path.lower().endswith(each)), None)
    if ending is None or path.startswith(b".") or b"/." in path:
        return None
    try:
        name = path[: -len(ending)].decode()
    except UnicodeDecodeError:
        return None
    return WikiPage(name, path) if name.rpartition("/")[2] else None


def pages_of(paths: Iterable[bytes]) -> tuple[WikiPage, ...]:
    """The pages among some files, by name."""
    found = [page for path in paths if (page := page_of(path)) is not None]
    return tuple(sorted(found, key=lambda page: (key_of(page.name), page.path)))


def find(pages: Iterable[WikiPage], name: str) -> WikiPage | None:
    """The page of that name: as it is spelled, or else in other letters or with spaces."""
    wanted, alike = key_of(name), None
    for page in pages:
        if page.name == name:
            return page
        if alike is None and key_of(page.name) == wanted:
            alike = page
    return alike


def key_of(name: str) -> str:
    """How names of pages are compared."""
    return fold(name.strip().replace(" ", "-"))


def part_key(part: bytes) -> str:
    """How names of folders are compared."""
    return fold(part.decode("utf-8", "replace").replace(" ", "-"))


def title_of(name: str) -> str:
    """A name as people read it."""
    return name if name in AROUND else name.replace("-", " ")


def file_of(name: str) -> bytes:
    """The file of a new page of that name.

    Errors:
        InvalidError: a page cannot be called so.
    """
    spelled = name.strip().replace(" ", "-")
    parts = spelled.split("/")
    is_plain = spelled.isprintable() and not NOT_IN_NAMES & set(spelled)
    if not is_plain or len(spelled) > LONGEST_NAME or not all(map(_is_part, parts)):
        raise InvalidError.of(
            "name",
            sentence(
                "A page's name has 1 to %(most)s letters, digits, spaces, hyphens and slashes "
                "between them, and no part of it begins with a dot or an underscore.",
                most=LONGEST_NAME,
            ),
        )
    return spelled.encode() + ENDINGS[0]


def _is_part(part: str) -> bool:
    return part in AROUND or (bool(part.strip("-. ")) and part[0] not in "._")
