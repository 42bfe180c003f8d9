"""package-lock.json and npm-shrinkwrap.json, in their versions 1 to 3.

Source: npm documentation, "package-lock.json".
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import (
    DEEPEST,
    LONGEST_TEXT,
    missing,
    too_deep,
    unknown_version,
)
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Tree

_FOLDER = "node_modules/"
_NEEDS = ("dependencies", "optionalDependencies", "peerDependencies")
_ASKS = (*_NEEDS, "devDependencies")


def read(source: Source) -> Iterator[Component]:
    """All that is installed from elsewhere."""
    lock = source.json()
    version = lock.text("lockfileVersion")
    if version not in {"1", "2", "3"}:
        raise unknown_version(lock.line_of("lockfileVersion"), version)
    if "packages" not in lock and (version == "1" or "dependencies" in lock):
        yield from _nested(lock.tree("dependencies"), _asked_for(source))
        return
    if "packages" not in lock and "name" not in lock:
        raise missing(1, "packages")
    yield from _flat(lock.tree("packages"))


def _flat(packages: Tree) -> Iterator[Component]:
    """Versions 2 and 3: every installed package under its folder."""
    folders = dict(packages.trees())
    direct, parents = _edges(folders)
    for folder, package in folders.items():
        if _FOLDER not in folder or package.flag("link"):
            continue
        yield Component(
            ecosystem=Ecosystem.NPM,
            name=_name(folder, package),
            version=package.maybe("version"),
            line=packages.line_of(folder),
            scope=_scope(package),
            is_direct=folder in direct,
            parents=few(parents.get(folder, ())),
            wanted=_elsewhere(package.maybe("resolved")),
            licence=_licence(package),
        )


def _name(folder: str, package: Tree) -> str:
    return package.maybe("name") or folder.rpartition(_FOLDER)[2]


def _licence(package: Tree) -> str:
    """A text, or in old packages a mapping."""
    value = package.get("license")
    return value.maybe("type") if isinstance(value, Tree) else _text(value)


def _text(value: object) -> str:
    """What is no text says nothing here: packages were published with anything."""
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else ""


def _scope(package: Tree) -> Scope:
    if package.flag("dev"):
        return Scope.DEVELOPMENT
    is_optional = package.flag("optional") or package.flag("devOptional")
    return Scope.OPTIONAL if is_optional else Scope.RUNTIME


def _elsewhere(address: str) -> str:
    """Where it comes from, unless from a registry."""
    return address if address.startswith(("git", "file:")) else ""


def _edges(folders: dict[str, Tree]) -> tuple[set[str], dict[str, list[str]]]:
    """Which folders the project and its workspaces ask for, and who asks for the others."""
    direct: set[str] = set()
    parents: dict[str, list[str]] = {}
    for folder, package in folders.items():
        if folder.count("/") > DEEPEST:
            raise too_deep(package.line)
        is_own = _FOLDER not in folder
        for field in _ASKS if is_own else _NEEDS:
            for name in package.tree(field):
                found = _resolved(folder, name, folders)
                if found is None:
                    continue
                if is_own:
                    direct.add(found)
                else:
                    label = f"{_name(folder, package)}@{package.maybe('version')}"
                    parents.setdefault(found, []).append(label)
    return direct, parents


def _resolved(folder: str, name: str, folders: dict[str, Tree]) -> str | None:
    """The folder that Node would find, from inside outwards."""
    while True:
        found = f"{folder}/{_FOLDER}{name}" if folder else f"{_FOLDER}{name}"
        if found in folders:
            return found
        if not folder:
            return None
        head, mark, _ = folder.rpartition(f"/{_FOLDER}")
        folder = head if mark else folder.rpartition("/")[0] if _FOLDER not in folder else ""


def _nested(packages: Tree, direct: set[str] | None, parent: str = "") -> Iterator[Component]:
    """Version 1: packages inside those that need a version of their own."""
    for name, package in packages.trees():
        version, wanted = _version_1(package.text("version"))
        real_name = name
        if version.startswith("npm:"):
            real_name, _, version = version.removeprefix("npm:").rpartition("@")
        component = Component(
            ecosystem=Ecosystem.NPM,
            name=real_name,
            version=version,
            line=packages.line_of(name),
            scope=_scope(package),
            is_direct=None if direct is None else name in direct and not parent,
            parents=(parent,) if parent else (),
            wanted=wanted,
        )
        if not wanted.startswith("file:") or version:
            yield component
        yield from _nested(package.tree("dependencies"), direct, component.label)


def _version_1(text: str) -> tuple[str, str]:
    """A version, or where it comes from instead."""
    is_address = ":" in text and not text.startswith("npm:")
    return ("", text) if is_address else (text, "")


def _asked_for(source: Source) -> set[str] | None:
    """What the package.json beside the lock asks for; None where there is none."""
    beside = source.other("package.json")
    if beside is None:
        return None
    manifest = beside.json()
    return {name for field in _ASKS for name in manifest.tree(field)}
