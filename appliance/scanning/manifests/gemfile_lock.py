"""Gemfile.lock.

Source: Bundler documentation, and the locks it writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.domain.components import Component, Ecosystem
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing, not_understood
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import checked

_REMOTES = frozenset({"GEM", "GIT", "PLUGIN SOURCE"})
_SECTION = re.compile(r"[A-Z][A-Z _]*\Z")
_SPEC = re.compile(r"    (?P<name>[A-Za-z0-9._-]+) \((?P<version>[^()\s]+)\)\Z")
_NEED = re.compile(r"      (?P<name>[A-Za-z0-9._-]+)(?: \([^()]*\))?!?\Z")
_WANTED = re.compile(r"  (?P<name>[A-Za-z0-9._-]+)(?: \([^()]*\))?!?\Z")


@dataclass
class _Locked:
    specs: list[tuple[str, str, int]] = field(default_factory=list)
    parents: dict[str, list[str]] = field(default_factory=dict)
    direct: set[str] = field(default_factory=set)
    sections: set[str] = field(default_factory=set)
    section: str = ""
    spec: str = ""
    """The gem whose needs follow."""


def read(source: Source) -> Iterator[Component]:
    """All gems but those that lie in the repository itself."""
    found = _Locked()
    for number, line in source.lines():
        if line and not line.startswith(" "):
            if not _SECTION.match(line):
                raise not_understood(number)
            found.section, found.spec = line, ""
            found.sections.add(line)
        elif line:
            _inside(found, line, number)
    if not found.sections & {"GEM", "GIT", "PATH", "DEPENDENCIES"}:
        raise missing(1, "GEM")
    for name, version, line_number in found.specs:
        yield Component(
            ecosystem=Ecosystem.RUBYGEMS,
            name=name,
            version=_without_platform(version),
            line=line_number,
            is_direct=name in found.direct,
            parents=few(found.parents.get(name, ())),
        )


def _inside(found: _Locked, line: str, number: int) -> None:
    """A line of the section we are in. Of platforms, checksums and the like nothing is read."""
    if found.section in {*_REMOTES, "PATH"}:
        found.spec = _take(found, line, number)
    elif found.section == "DEPENDENCIES":
        wanted = _WANTED.match(line)
        if not wanted:
            raise not_understood(number)
        found.direct.add(wanted["name"])
    elif not found.section:
        raise not_understood(number)


def _take(found: _Locked, line: str, number: int) -> str:
    """A line of a source of gems: which gem it is, or what the last one needs."""
    locked, need = _SPEC.match(line), _NEED.match(line)
    if locked:
        name = checked(locked["name"], number, "name")
        version = checked(locked["version"], number, "version")
        if found.section in _REMOTES:
            found.specs.append((name, version, number))
        return f"{name}@{_without_platform(version)}"
    if need and found.spec:
        found.parents.setdefault(need["name"], []).append(found.spec)
    elif line.startswith("    ") or not re.match(r"  [a-z_]+:", line):
        raise not_understood(number)
    return found.spec


def _without_platform(version: str) -> str:
    """1.10.0-x86_64-linux is 1.10.0: the gem comes built for one."""
    return version.partition("-")[0]
