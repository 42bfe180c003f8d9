"""composer.lock.

Source: Composer documentation, "composer.lock".
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows

_SECTIONS = {"packages": Scope.RUNTIME, "packages-dev": Scope.DEVELOPMENT}


def read(source: Source) -> Iterator[Component]:
    """All locked packages."""
    lock = source.json()
    if "packages" not in lock:
        raise missing(1, "packages")
    direct = _asked_for(source)
    parents: dict[str, list[str]] = {}
    for section in _SECTIONS:
        for each in lock.rows(section).trees(section):
            label = f"{each.text('name')}@{each.text('version')}"
            for need in _keys(each.get("require")):
                parents.setdefault(need.lower(), []).append(label)
    for section, scope in _SECTIONS.items():
        for each in lock.rows(section).trees(section):
            name = each.text("name")
            yield Component(
                ecosystem=Ecosystem.PACKAGIST,
                name=name,
                version=each.text("version"),
                line=each.line_of("name"),
                scope=scope,
                is_direct=None if direct is None else name.lower() in direct,
                licence=" OR ".join(_texts(each.get("license"))),
                parents=few(parents.get(name.lower(), ())),
            )


def _keys(value: object) -> list[str]:
    """An empty mapping is written as an empty list there."""
    return list(value) if isinstance(value, dict) else []


def _texts(value: object) -> list[str]:
    """Of several licences one may choose."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, Rows) else []


def _asked_for(source: Source) -> set[str] | None:
    """What the composer.json beside the lock asks for; None where there is none."""
    beside = source.other("composer.json")
    if beside is None:
        return None
    manifest = beside.json()
    fields = ("require", "require-dev")
    return {name.lower() for field in fields for name in _keys(manifest.get(field))}
