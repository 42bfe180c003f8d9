"""Addresses of a repository's pages, made of bytes: any path and any ref leads where it should."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import flask

from appliance.services.history import RefKind
from appliance.web.present import path_url, query_url

if TYPE_CHECKING:
    from appliance.git.refs import Resolved
    from appliance.services.history import RefNames


@dataclass(frozen=True)
class Links:
    """The addresses of one repository; `home` is `/OWNER/NAME`."""

    home: str

    def at(self, view: str, ref: bytes, path: bytes = b"") -> str:
        """A page about a path at a ref: `view` is tree, blob, raw, blame or commits."""
        end = f"/{path_url(path)}" if path else ""
        return f"{self.home}/{view}/{path_url(ref)}{end}"

    def tree(self, ref: bytes, path: bytes = b"") -> str:
        """A folder."""
        return self.at("tree", ref, path)

    def blob(self, ref: bytes, path: bytes) -> str:
        """A file."""
        return self.at("blob", ref, path)

    def raw(self, ref: bytes, path: bytes) -> str:
        """The bytes of a file."""
        return self.at("raw", ref, path)

    def blame(self, ref: bytes, path: bytes) -> str:
        """Who wrote the lines of a file."""
        return self.at("blame", ref, path)

    def commits(self, ref: bytes, path: bytes = b"") -> str:
        """The history of a ref, or of a path there."""
        return self.at("commits", ref, path)

    def commit(self, oid: str) -> str:
        """One commit."""
        return f"{self.home}/commit/{oid}"

    def compare(self, base: bytes, head: bytes, dots: str = "...") -> str:
        """Two refs side by side."""
        return f"{self.home}/compare/{path_url(base)}{dots}{path_url(head)}"

    def find(self, ref: bytes) -> str:
        """The file finder."""
        return self.at("find", ref)

    def archive(self, ref: bytes, form: str) -> str:
        """All files of a ref in one."""
        return f"{self.at('archive', ref)}.{form}"

    @property
    def branches(self) -> str:
        """All branches."""
        return f"{self.home}/branches"

    @property
    def pushes(self) -> str:
        """All pushes."""
        return f"{self.home}/pushes"

    @property
    def tags(self) -> str:
        """All tags."""
        return f"{self.home}/tags"

    @property
    def search(self) -> str:
        """Search in this repository."""
        return f"{self.home}/search"


def address_of(found: Resolved, names: RefNames) -> bytes:
    """What to call a ref in an address, so that reading it back gives the same one."""
    if found.kind is RefKind.TAG:
        return tag_address(found.short, names)
    if found.kind is RefKind.OTHER and found.name is not None:
        return found.name
    return found.short


def tag_address(tag: bytes, names: RefNames) -> bytes:
    """What to call a tag in an address: a branch of its name, or of part of it, would win."""
    parts = tag.split(b"/")
    beginnings = (b"/".join(parts[: at + 1]) for at in range(len(parts)))
    hidden = any(_has(names.branches, name) for name in beginnings)
    return b"refs/tags/" + tag if hidden or _has_below(names.branches, tag) else tag


def _has(names: tuple[bytes, ...], name: bytes) -> bool:
    at = bisect_left(names, name)
    return at < len(names) and names[at] == name


def _has_below(names: tuple[bytes, ...], folder: bytes) -> bool:
    at = bisect_left(names, folder + b"/")
    return at < len(names) and names[at].startswith(folder + b"/")


def query(values: Mapping[str, bytes | str | None]) -> str:
    """The end of an address that says these things, the empty ones left out; with its `?`."""
    said = [f"{name}={query_url(value)}" for name, value in values.items() if value]
    return "?" + "&".join(said) if said else ""


def asked(name: str) -> bytes:
    """The bytes that this request's query has under a name; empty where there are none."""
    raw: bytes = flask.request.query_string
    for pair in raw.split(b"&"):
        key, _, value = pair.partition(b"=")
        if key == name.encode():
            return unquote_to_bytes(value.replace(b"+", b" "))
    return b""


def from_field(text: str) -> bytes:
    """The bytes that a form carries in the spelling of `path_url`."""
    return unquote_to_bytes(text)


def with_query(**changes: bytes | str | None) -> str:
    """This page's own address with some of its query said anew; None takes a thing out."""
    given = {name: asked(name) for name in flask.request.args}
    return here() + query({**given, **changes})


def here() -> str:
    """This page's own address without its query."""
    return path_url(flask.request.environ["PATH_INFO"].encode("latin-1"))


def relative(links: Links, ref: bytes, folder: bytes, url: str, *, view: str) -> str | None:
    """Where a relative address in a file of `folder` leads; None for one that leaves the files."""
    address, mark, anchor = url.partition("#")
    path = unquote_to_bytes(address.partition("?")[0])
    if not path:
        return f"{mark}{anchor}" if mark else None
    base = b"" if path.startswith(b"/") else folder
    joined = posixpath.normpath(posixpath.join(b"/" + base, path.lstrip(b"/"))).lstrip(b"/")
    climbs = _climbs_out(base, path)
    if climbs:
        return None
    if joined in (b"", b"."):
        return links.tree(ref)
    return f"{links.at(view, ref, joined)}{mark}{anchor}"


def _climbs_out(folder: bytes, path: bytes) -> bool:
    """Whether a relative path leads above the outermost folder."""
    depth = len([part for part in folder.split(b"/") if part])
    for part in path.split(b"/"):
        depth += {b"": 0, b".": 0, b"..": -1}.get(part, 1)
        if depth < 0:
            return True
    return False
