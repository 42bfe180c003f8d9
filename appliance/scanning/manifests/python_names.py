"""Requirements as Python writes them: a name, extras, versions, a marker.

Source: PEP 508; PEP 440, "Version specifiers".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_CLAUSE = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;()=<>!~][^\s,;()]*"
_REQUIREMENT = re.compile(
    rf"(?P<name>{_NAME})\s*(?:\[(?P<extras>[A-Za-z0-9._, -]*)\])?\s*"
    rf"(?:@\s*(?P<address>\S+)|\(?\s*(?P<versions>(?:{_CLAUSE})(?:\s*,\s*{_CLAUSE})*)?\s*,?\s*\)?)"
    r"\s*(?:;\s*(?P<marker>.+))?",
    re.ASCII | re.DOTALL,
)
_PINNED = re.compile(r"===?\s*(?P<version>[^\s,*$]+)\Z", re.ASCII)
_WHEEL = re.compile(
    rf"(?P<name>{_NAME})-(?P<version>[^-/]+)(?:-\d[^-/]*)?-[^-/]+-[^-/]+-[^-/]+\.whl", re.ASCII
)
_SOURCES = re.compile(
    rf"(?P<name>{_NAME})-(?P<version>\d[^/-]*)\.(?:tar\.gz|zip|tar\.bz2|tgz)", re.ASCII
)
_EGG = re.compile(rf"[#&]egg=(?P<name>{_NAME})", re.ASCII)


@dataclass(frozen=True)
class Requirement:
    """What somebody asks for."""

    name: str
    version: str
    """Empty unless exactly one would do."""
    wanted: str = ""
    marker: str = ""

    @property
    def is_extra(self) -> bool:
        """Whether it is needed only where somebody asks for more."""
        return bool(re.search(r"\bextra\s*==", self.marker))


def requirement(text: str) -> Requirement | None:
    """A requirement from its line; None where it is none."""
    found = _REQUIREMENT.fullmatch(" ".join(text.split()))
    if not found:
        return None
    marker = (found["marker"] or "").strip()
    if found["address"]:
        return _by_address(found["name"], found["address"], marker)
    wanted = re.sub(r"\s+", "", found["versions"] or "")
    pinned = _PINNED.match(wanted)
    return Requirement(found["name"], pinned["version"] if pinned else "", wanted, marker)


def by_address(address: str) -> Requirement | None:
    """A requirement that is an address or a path alone, if that tells the name."""
    path = re.split(r"[#?]", address, maxsplit=1)[0].rpartition("/")[2]
    file = _WHEEL.fullmatch(path) or _SOURCES.fullmatch(path)
    if file:
        return Requirement(file["name"], file["version"], address)
    egg = _EGG.search(address)
    return Requirement(egg["name"], "", address) if egg else None


def _by_address(name: str, address: str, marker: str) -> Requirement:
    told = by_address(address)
    version = told.version if told and told.name != "" else ""
    return Requirement(name, version, address, marker)
