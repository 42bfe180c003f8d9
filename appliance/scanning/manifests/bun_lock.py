"""bun.lock, which is JSON with comments and trailing commas.

Source: Bun documentation, "Lockfile".
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.graph import Key, brought_along, reached
from appliance.scanning.manifests.refusal import DEEPEST, missing, unfit, unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree, checked

_FIELDS = {
    Scope.RUNTIME: ("dependencies", "peerDependencies"),
    Scope.OPTIONAL: ("optionalDependencies",),
    Scope.DEVELOPMENT: ("devDependencies",),
}
_NEEDS = ("dependencies", "optionalDependencies", "peerDependencies")


def read(source: Source) -> Iterator[Component]:
    """All packages but those of the workspace."""
    lock = source.json(is_lenient=True)
    version = lock.text("lockfileVersion")
    if version not in {"0", "1"}:
        raise unknown_version(lock.line_of("lockfileVersion"), version)
    if "packages" not in lock or "workspaces" not in lock:
        raise missing(1, "packages")
    packages = lock.tree("packages")
    named = {place: _named(packages, place) for place in packages}
    needs: dict[Key, list[Key]] = {
        (place,): _targets(place, _info(packages.rows(place)), _NEEDS, named) for place in named
    }
    workspaces = [each for _, each in lock.tree("workspaces").trees()]
    wants = {
        scope: [
            key for each in workspaces for key in _targets(each.maybe("name"), each, fields, named)
        ]
        for scope, fields in _FIELDS.items()
    }
    scopes = reached(wants, needs)
    direct = {key for keys in wants.values() for key in keys}
    parents = brought_along(
        {named[key[0]]: [named[each[0]] for each in found] for key, found in needs.items()}
    )
    for place, (name, found) in named.items():
        if found.startswith("workspace:"):
            continue
        yield Component(
            ecosystem=Ecosystem.NPM,
            name=name,
            version="" if ":" in found or "/" in found else found,
            line=packages.line_of(place),
            scope=scopes.get((place,), Scope.RUNTIME),
            is_direct=(place,) in direct,
            parents=parents.get((name, found), ()),
            wanted=found if ":" in found else "",
        )


def _named(packages: Tree, place: str) -> tuple[str, str]:
    """Name and version of the package at a place."""
    rows, line = packages.rows(place), packages.line_of(place)
    if not rows:
        raise unfit(line, "packages")
    said = checked(rows[0], line, "packages")
    at = said.find("@", 1)
    if at < 0 or place.count("/") > DEEPEST:
        raise unfit(line, "packages")
    return said[:at], said[at + 1 :]


def _info(rows: Rows) -> Tree:
    """What a package asks for: where it stands differs with where the package is from."""
    return next((each for each in rows if isinstance(each, Tree)), Tree(rows.line))


def _targets(
    place: str, asks: Tree, fields: tuple[str, ...], named: dict[str, tuple[str, str]]
) -> list[Key]:
    return [
        (found,)
        for field in fields
        for name in asks.tree(field)
        for found in [_resolved(place, name, named)]
        if found is not None
    ]


def _resolved(place: str, name: str, named: dict[str, tuple[str, str]]) -> str | None:
    """From inside outwards, as folders of modules are."""
    while place:
        if f"{place}/{name}" in named:
            return f"{place}/{name}"
        place = place.rpartition("/")[0]
    return name if name in named else None
