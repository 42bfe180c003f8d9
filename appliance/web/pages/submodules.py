"""Another repository inside this one: which commit of it, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from appliance.services import files
from appliance.web import requests
from appliance.web.pages.repository_frame import Frame, Place

if TYPE_CHECKING:
    from appliance.git.tree import Entry


@dataclass(frozen=True)
class Submodule:
    """A submodule. `href` leads to it where it is on this appliance or on the web."""

    path: bytes
    oid: str
    url: bytes | None
    href: str | None
    is_here: bool


def of(place: Place, entry: Entry) -> Submodule:
    """What stands behind an entry that is a submodule."""
    url = files.submodules(place.frame.repository, place.commit).get(entry.path)
    here = _path_here(place.frame, url) if url else None
    if here is not None:
        return Submodule(entry.path, entry.oid, url, f"{here}/tree/{entry.oid}", is_here=True)
    return Submodule(entry.path, entry.oid, url, _web_address(url), is_here=False)


def home(frame: Frame, commit: str, path: bytes) -> str | None:
    """`/OWNER/NAME` of a submodule, if it is on this appliance."""
    url = files.submodules(frame.repository, commit).get(path)
    return _path_here(frame, url) if url else None


def _path_here(frame: Frame, url: bytes) -> str | None:
    """`/OWNER/NAME` of a submodule on this appliance, by a relative or a full address."""
    text = url.decode("utf-8", "replace").removesuffix("/").removesuffix(".git")
    if text.startswith("../"):
        own = frame.repository.path.split("/")
        while text.startswith("../") and own:
            text, own = text[3:], own[:-1]
        parts = [*own, *text.split("/")]
        return "/" + "/".join(parts) if len(parts) == 2 and all(parts) else None  # noqa: PLR2004 - OWNER/NAME
    base = requests.wiring().settings.server.url + "/"
    return "/" + text.removeprefix(base) if text.startswith(base) else None


def _web_address(url: bytes | None) -> str | None:
    if url is None:
        return None
    try:
        text = url.decode("ascii")
        parts = urlsplit(text)
    except (UnicodeDecodeError, ValueError):
        return None
    return text if parts.scheme in {"http", "https"} and parts.hostname else None
