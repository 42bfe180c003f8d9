"""paket.lock.

Source: Paket documentation, "The paket.lock file".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing, not_understood
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import checked

_SECTIONS = frozenset({"NUGET", "GITHUB", "GIT", "HTTP", "GIST", "CLITOOL"})
_OPTION = re.compile(r"[A-Z][A-Z-]*:")
_PACKAGE = re.compile(r"    (?P<name>[A-Za-z0-9._-]+) \((?P<version>[^()\s]+)\)(?:.*)\Z")
_NEED = re.compile(r"      (?P<name>[A-Za-z0-9._-]+)(?: \(.*)?(?:\s.*)?\Z")
_FOR_DEVELOPMENT = re.compile(r"test|build|dev|docs", re.IGNORECASE)


@dataclass
class _Locked:
    """What was read so far, and where in the file we are."""

    packages: list[tuple[str, str, int, Scope]] = field(default_factory=list)
    parents: dict[str, list[str]] = field(default_factory=dict)
    section: str = ""
    scope: Scope = Scope.RUNTIME
    label: str = ""
    """The package whose needs follow."""


def read(source: Source) -> Iterator[Component]:
    """The packages of NuGet, in all groups."""
    found = _Locked()
    is_paket = False
    for number, line in source.lines():
        if line and not line.startswith(" "):
            _start(found, line, number)
            is_paket = True
        elif line and not found.section:
            raise not_understood(number)
        elif found.section in {"NUGET", "CLITOOL"} and line.startswith("    "):
            _take(found, line, number)
    if not is_paket:
        raise missing(1, "NUGET")
    for name, version, line_number, scope in found.packages:
        yield Component(
            ecosystem=Ecosystem.NUGET,
            name=name,
            version=version,
            line=line_number,
            scope=scope,
            parents=few(found.parents.get(name.lower(), ())),
        )


def _take(found: _Locked, line: str, number: int) -> None:
    """A package, or what the last one needs."""
    package, need = _PACKAGE.match(line), _NEED.match(line)
    if package:
        name = checked(package["name"], number, "name")
        version = checked(package["version"], number, "version")
        found.packages.append((name, version, number, found.scope))
        found.label = f"{name}@{version}"
    elif need and found.label:
        found.parents.setdefault(need["name"].lower(), []).append(found.label)
    else:
        raise not_understood(number)


def _start(found: _Locked, line: str, number: int) -> None:
    """A line at the margin starts a section or a group, or says something of all that follows."""
    found.label = ""
    if line in _SECTIONS:
        found.section = line
    elif line.startswith("GROUP "):
        is_development = bool(_FOR_DEVELOPMENT.search(line[6:]))
        found.section = ""
        found.scope = Scope.DEVELOPMENT if is_development else Scope.RUNTIME
    elif not _OPTION.match(line):
        raise not_understood(number)
