"""yarn.lock, of Yarn 1 in its own notation and of later ones in YAML.

Source: Yarn documentation, "yarn.lock"; Yarn's protocols.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.domain.components import Component, Ecosystem
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing, not_understood
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Tree, checked

_HEADER = "# yarn lockfile v1"
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|[^\s\",]+")
_FIELD = re.compile(r"  (?P<key>\"[^\"]+\"|[A-Za-z][\w-]*)(?:\s+(?P<value>.+)|:)\Z")
_NEED = re.compile(r"    (?P<name>\"[^\"]+\"|\S+)\s+(?P<wanted>.+)\Z")
_OWN = ("workspace:", "link:", "portal:")
_NEEDS = frozenset({"dependencies", "optionalDependencies"})


@dataclass
class _Entry:
    """One locked package: all that asked for it, and what it asks for itself."""

    line: int
    asked: list[str]
    version: str = ""
    needs: list[tuple[str, str]] = field(default_factory=list)
    resolution: str = ""


def read(source: Source) -> Iterator[Component]:
    """All packages but those of the workspace."""
    text = source.text()
    is_later = bool(re.search(r"^__metadata:", text, re.MULTILINE))
    entries = list(_later(source.yaml()) if is_later else _first(source))
    if not entries and not is_later and "yarn" not in text:
        raise missing(1, _HEADER)
    direct = _asked_for(source, entries)
    parents = _parents(entries)
    for index, entry in enumerate(entries):
        if _is_own(entry):
            continue
        yield Component(
            ecosystem=Ecosystem.NPM,
            name=_name(entry),
            version=entry.version,
            line=entry.line,
            is_direct=None if direct is None else any(each in direct for each in entry.asked),
            parents=parents.get(index, ()),
        )


def _is_own(entry: _Entry) -> bool:
    said = [entry.resolution] if entry.resolution else entry.asked
    return any(f"@{protocol}" in each for each in said for protocol in _OWN)


def _name(entry: _Entry) -> str:
    """By what it resolved to; `a@npm:b@1` asks for b under the name of a."""
    asked = entry.resolution or entry.asked[0]
    name, wanted = _split(asked)
    if not entry.resolution and wanted.startswith("npm:") and "@" in wanted[5:]:
        return _split(wanted.removeprefix("npm:"))[0]
    return name


def _split(asked: str) -> tuple[str, str]:
    """A name, which may start with an @, and what is asked of it."""
    at = asked.find("@", 1)
    return (asked, "") if at < 0 else (asked[:at], asked[at + 1 :])


def _first(source: Source) -> Iterator[_Entry]:
    """Yarn 1: blocks that are indented by two and by four."""
    entry: _Entry | None = None
    section = ""
    for number, line in source.lines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            if entry:
                yield _whole(entry)
            if not line.endswith(":"):
                raise not_understood(number)
            asked = [_plain(each) for each in _QUOTED.findall(line[:-1])]
            entry, section = _Entry(number, asked), ""
            if not asked:
                raise not_understood(number)
        else:
            section = _inside(entry, section, line, number)
    if entry:
        yield _whole(entry)


def _inside(entry: _Entry | None, section: str, line: str, number: int) -> str:
    """Take a line of a block, and say in which of its sections we are."""
    need = _NEED.match(line) if section else None
    if entry is not None and need:
        if section in _NEEDS:
            entry.needs.append((_plain(need["name"]), _plain(need["wanted"])))
        return section
    found = _FIELD.match(line)
    if entry is None or not found:
        raise not_understood(number)
    key = _plain(found["key"])
    if found["value"] is None:
        return key
    if key == "version":
        entry.version = checked(_plain(found["value"]), number, "version")
    return ""


def _whole(entry: _Entry) -> _Entry:
    if not entry.version:
        raise missing(entry.line, "version")
    return entry


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _later(lock: Tree) -> Iterator[_Entry]:
    """Yarn 2 and later."""
    for key, package in lock.trees():
        if key == "__metadata":
            continue
        needs = [*package.tree("dependencies").texts()]
        yield _Entry(
            line=lock.line_of(key),
            asked=[each.strip() for each in key.split(",")],
            version=package.text("version"),
            needs=needs,
            resolution=package.text("resolution"),
        )


def _parents(entries: list[_Entry]) -> dict[int, tuple[str, ...]]:
    """By the place of each entry: who asks for it."""
    places = {asked: index for index, entry in enumerate(entries) for asked in entry.asked}
    parents: dict[int, dict[str, None]] = {}
    for entry in entries:
        if _is_own(entry):
            continue
        label = f"{_name(entry)}@{entry.version}"
        for name, wanted in entry.needs:
            place = _place(places, name, wanted)
            if place is not None:
                parents.setdefault(place, {})[label] = None
    return {index: few(found) for index, found in parents.items()}


def _place(places: dict[str, int], name: str, wanted: str) -> int | None:
    plain = places.get(f"{name}@{wanted}")
    return places.get(f"{name}@npm:{wanted}") if plain is None else plain


def _asked_for(source: Source, entries: list[_Entry]) -> set[str] | None:
    """What the workspace asks for, as the lock writes it; None where nothing tells."""
    own = [entry for entry in entries if _is_own(entry) and entry.resolution]
    if own:
        pairs = [need for entry in own for need in entry.needs]
    else:
        beside = source.other("package.json")
        if beside is None:
            return None
        manifest = beside.json()
        fields = ("dependencies", "devDependencies", "optionalDependencies")
        pairs = [pair for each in fields for pair in manifest.tree(each).texts()]
    return {f"{name}@{how}{wanted}" for name, wanted in pairs for how in ("", "npm:")}
