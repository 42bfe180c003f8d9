"""pnpm-lock.yaml, in its versions 5 to 9.

Source: pnpm, specification of the lockfile, and the locks that its versions write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.graph import Key, brought_along, reached
from appliance.scanning.manifests.refusal import not_understood, unfit, unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Tree, checked

_FIELDS = {
    Scope.RUNTIME: "dependencies",
    Scope.OPTIONAL: "optionalDependencies",
    Scope.DEVELOPMENT: "devDependencies",
}
_NEEDS = ("dependencies", "optionalDependencies")
_OLD = re.compile(
    r"(?:/|[^/@]+\.[^/@]+/)?(?P<name>(?:@[^/]+/)?[^/]+)/(?P<version>[0-9][^/_(]*)(?:[_(].*)?\Z"
)
_NEW = re.compile(r"/?(?P<name>(?:@[^/@]+/)?[^@/]+)@(?P<version>[^(]+)(?:\(.*)?\Z", re.DOTALL)
_ADDRESS = re.compile(r"[^/@]+\.[^/@]+/.")
_ELSEWHERE = re.compile(r"[a-z+]+:|.*/.*/", re.IGNORECASE)


def read(source: Source) -> Iterator[Component]:
    """All that is installed from elsewhere."""
    lock = source.yaml()
    said = lock.text("lockfileVersion")
    is_old = said.startswith("5")
    if not re.fullmatch(r"(?:5(?:\.\d+)?|[679](?:\.\d+)?)", said):
        raise unknown_version(lock.line_of("lockfileVersion"), said)
    places = lock.tree("packages")
    packages = dict(_trees(places))
    needing = dict(_trees(lock.tree("snapshots"))) or packages
    asked = _asked(lock, is_old=is_old)
    needs: dict[Key, list[Key]] = {
        (key,): [(target,) for target in _targets(package, is_old=is_old)]
        for key, package in needing.items()
    }
    scopes = reached({scope: [(key,) for key in keys] for scope, keys in asked.items()}, needs)
    direct = {key for keys in asked.values() for key in keys}
    named = {key: _named(key, packages, places, is_old=is_old) for key in needing}
    parents = brought_along(
        {
            named[key[0]]: [named.get(t[0], ("", "")) for t in targets]
            for key, targets in needs.items()
        }
    )
    for key, name_and_version in named.items():
        name, version = name_and_version
        package = packages.get(key) or packages.get(_bare(key)) or Tree()
        if not name:
            continue
        yield Component(
            ecosystem=Ecosystem.NPM,
            name=name,
            version=version,
            line=places.line_of(key if key in packages else _bare(key)),
            scope=_scope(package, scopes.get((key,))),
            is_direct=key in direct,
            parents=parents.get(name_and_version, ()),
        )


def _trees(packages: Tree) -> Iterator[tuple[str, Tree]]:
    """A snapshot that needs nothing may be an empty mapping, or nothing at all."""
    for key, value in packages.items():
        if value is not None and not isinstance(value, Tree):
            raise unfit(packages.line_of(key), "packages")
        line = packages.line_of(key)
        yield checked(key, line, "packages"), Tree(line) if value is None else value


def _bare(key: str) -> str:
    """Without what its peers resolved to."""
    return key.partition("(")[0]


def _scope(package: Tree, found: Scope | None) -> Scope:
    if found is not None:
        return found
    if package.flag("dev"):
        return Scope.DEVELOPMENT
    return Scope.OPTIONAL if package.flag("optional") else Scope.RUNTIME


def _named(key: str, packages: dict[str, Tree], places: Tree, *, is_old: bool) -> tuple[str, str]:
    """Name and version; an empty name for what is the project's own."""
    package = packages.get(key) or packages.get(_bare(key)) or Tree()
    if package.tree("resolution").maybe("type") == "directory" or key.startswith("link:"):
        return "", ""
    if package.maybe("name"):
        return package.text("name"), package.maybe("version")
    first, second = (_OLD, _NEW) if is_old else (_NEW, _OLD)
    found = first.match(key) or second.match(key)
    if not found and _ADDRESS.match(key):
        return key.rpartition("/")[2], ""
    if not found:
        raise not_understood(places.line_of(key))
    version = package.maybe("version") or found["version"]
    return found["name"], "" if _ELSEWHERE.match(version) else version


def _asked(lock: Tree, *, is_old: bool) -> dict[Scope, list[str]]:
    """What the project and its workspaces ask for, as keys of packages."""
    importers = [each for _, each in _trees(lock.tree("importers"))] or [lock]
    return {
        scope: [
            target
            for importer in importers
            for name, version in _pairs(importer.tree(field))
            for target in _keys(name, version, is_old=is_old)
        ]
        for scope, field in _FIELDS.items()
    }


def _pairs(wanted: Tree) -> Iterator[tuple[str, str]]:
    for name, value in wanted.items():
        yield name, value.maybe("version") if isinstance(value, Tree) else wanted.maybe(name)


def _targets(package: Tree, *, is_old: bool) -> list[str]:
    return [
        target
        for field in _NEEDS
        for name, version in _pairs(package.tree(field))
        for target in _keys(name, version, is_old=is_old)
    ]


def _keys(name: str, version: str, *, is_old: bool) -> tuple[str, ...]:
    """Under which keys a package may stand that somebody asks for."""
    if version.startswith("link:"):
        return ()
    joints = "/@" if is_old else "@"  # Locks between the versions have both.
    ways = [f"{name}{joint}{version}" for joint in joints]
    return (version, *ways, *(f"/{way}" for way in ways))
