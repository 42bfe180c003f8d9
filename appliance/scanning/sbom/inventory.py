"""The components of all manifests of a repository, each once, with all places that name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from appliance.domain.components import Component, Scope
from appliance.scanning.licences import expressions

_SOONEST = (Scope.RUNTIME, Scope.OPTIONAL, Scope.DEVELOPMENT)


@dataclass(frozen=True)
class Inventory:
    """What a bill is made of. Time and serial number come from whoever asks for one."""

    name: str
    version: str
    """The commit that was looked at."""
    made_at: datetime
    serial: UUID
    tool_version: str
    files: Mapping[str, tuple[Component, ...]]
    """The components of each manifest, by its path."""


@dataclass
class Entry:
    """One component of the bill."""

    component: Component
    places: list[str] = field(default_factory=list)
    """Each as `path:line`."""
    needs: dict[str, None] = field(default_factory=dict)
    """Package URLs of what it brings along."""
    is_direct: bool = False

    @property
    def licence(self) -> str:
        """Its licence as an expression of known identifiers; empty where that is not known."""
        found = expressions.read(self.component.licence)
        if found is None or not all(each.is_known for each in expressions.licences(found)):
            return ""
        return str(found)


def entries(inventory: Inventory) -> dict[str, Entry]:
    """All components by their package URL, in the order of files and lines."""
    found: dict[str, Entry] = {}
    for path in sorted(inventory.files):
        components = inventory.files[path]
        for each in components:
            entry = found.setdefault(each.purl, Entry(each))
            entry.places.append(f"{path}:{each.line}")
            entry.is_direct |= each.is_direct is not False and not each.parents
            entry.component = _joined(entry.component, each)
        _connect(found, components)
    return found


def _joined(one: Component, other: Component) -> Component:
    scope = min(one.scope, other.scope, key=_SOONEST.index)
    return replace(one, scope=scope, licence=one.licence or other.licence)


def _connect(found: dict[str, Entry], components: tuple[Component, ...]) -> None:
    """Parents are named within their own file only."""
    labels = {each.label: each.purl for each in components}
    for each in components:
        for parent in each.parents:
            if parent in labels and labels[parent] != each.purl:
                found[labels[parent]].needs[each.purl] = None
