"""renv.lock of R, and conan.lock of C and C++.

Source: renv documentation, "The lockfile"; Conan documentation, "Lockfiles".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing, not_understood
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree

_REFERENCE = re.compile(r"(?P<name>[A-Za-z0-9_][\w.+-]*)/(?P<version>[^@#%:\s]+)(?:[@#%:].*)?\Z")
_SECTIONS = {
    "requires": Scope.RUNTIME,
    "build_requires": Scope.DEVELOPMENT,
    "python_requires": Scope.DEVELOPMENT,
    "config_requires": Scope.DEVELOPMENT,
}


def renv(source: Source) -> Iterator[Component]:
    """renv.lock."""
    lock = source.json()
    if "Packages" not in lock:
        raise missing(1, "Packages")
    packages = lock.tree("Packages")
    parents: dict[str, list[str]] = {}
    for _, package in packages.trees():
        label = f"{package.text('Package')}@{package.text('Version')}"
        needs = package.get("Requirements")
        for need, _ in needs.texts("Requirements") if isinstance(needs, Rows) else ():
            parents.setdefault(need, []).append(label)
    for key, package in packages.trees():
        name = package.text("Package")
        yield Component(
            ecosystem=Ecosystem.CRAN,
            name=name,
            version=package.text("Version"),
            line=packages.line_of(key),
            parents=few(parents.get(name, ())),
            wanted=package.maybe("RemoteSha"),
        )


def conan(source: Source) -> Iterator[Component]:
    """conan.lock, of Conan 2 and of Conan 1."""
    lock = source.json()
    if "graph_lock" in lock:
        yield from _nodes(lock.tree("graph_lock").tree("nodes"))
        return
    if "version" not in lock or not _SECTIONS.keys() & lock.keys():
        raise missing(1, "requires")
    for section, scope in _SECTIONS.items():
        for text, line in lock.rows(section).texts(section):
            name, version = _reference(text, line)
            yield Component(Ecosystem.CONAN, name, version, line, scope)


def _nodes(nodes: Tree) -> Iterator[Component]:
    """Conan 1: a node for each package; the project itself may be one without a version."""
    labels: dict[str, tuple[str, str]] = {}
    for key, node in nodes.trees():
        field = "ref" if "ref" in node else "pref"
        if node.maybe(field) and not node.maybe("path"):
            labels[key] = _reference(node.text(field), node.line_of(field))
    asked: set[str] = set()
    parents: dict[str, list[str]] = {}
    for key, node in nodes.trees():
        for field in ("requires", "build_requires"):
            for need in _needs(node, field):
                if key in labels:
                    parents.setdefault(need, []).append("@".join(labels[key]))
                else:
                    asked.add(need)
    for key, (name, version) in labels.items():
        yield Component(
            ecosystem=Ecosystem.CONAN,
            name=name,
            version=version,
            line=nodes.line_of(key),
            scope=Scope.DEVELOPMENT
            if nodes.tree(key).maybe("context") == "build"
            else Scope.RUNTIME,
            is_direct=key in asked if asked else None,
            parents=few(parents.get(key, ())),
        )


def _needs(node: Tree, field: str) -> list[str]:
    """Numbers of nodes: in a list, or in the oldest locks under what they stand for."""
    needs = node.get(field)
    return (
        [each for _, each in needs.texts()]
        if isinstance(needs, Tree)
        else [text for text, _ in node.rows(field).texts(field)]
    )


def _reference(text: str, line: int) -> tuple[str, str]:
    found = _REFERENCE.match(text)
    if not found:
        raise not_understood(line)
    return found["name"], found["version"]
