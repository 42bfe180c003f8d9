"""uv.lock: who asks for what is in the lock itself.

Source: uv documentation, "Locking and syncing", and the locks it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.graph import MOST_PARENTS, Key, brought_along, reached
from appliance.scanning.manifests.refusal import unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree

_OWN_CODE = ("virtual", "editable", "directory")


@dataclass(frozen=True)
class _Index:
    """The locked packages, by name and version."""

    packages: dict[Key, Tree]
    by_name: dict[str, list[Key]]

    def targets(self, rows: Rows) -> list[Key]:
        """Which are meant; all of a name where no version is said."""
        found: list[Key] = []
        for each in rows.trees("dependencies"):
            name, version = each.text("name"), each.maybe("version")
            exact = (name, version)
            found += (
                [exact] if exact in self.packages else self.by_name.get(name, ())[:MOST_PARENTS]
            )
        return found

    def targets_of_groups(self, groups: Tree) -> list[Key]:
        """The same for all lists of a mapping."""
        return [key for group in groups for key in self.targets(groups.rows(group))]


def read(source: Source) -> Iterator[Component]:
    """All packages but the project's own."""
    lock = source.toml()
    if lock.text("version") != "1":
        raise unknown_version(lock.line_of("version"), lock.text("version"))
    packages = list(lock.rows("package").trees("package"))
    roots = [each for each in packages if _is_own(each)]
    index = _index(each for each in packages if not _is_own(each))
    wants = {
        Scope.RUNTIME: [key for each in roots for key in index.targets(each.rows("dependencies"))],
        Scope.OPTIONAL: _of_groups(index, roots, "optional-dependencies"),
        Scope.DEVELOPMENT: _of_groups(index, roots, "dev-dependencies"),
    }
    needs = {
        key: index.targets(package.rows("dependencies"))
        + index.targets_of_groups(package.tree("optional-dependencies"))
        for key, package in index.packages.items()
    }
    direct = {key for targets in wants.values() for key in targets}
    scopes, parents = reached(wants, needs), brought_along(needs)
    for key, package in index.packages.items():
        yield Component(
            ecosystem=Ecosystem.PYPI,
            name=key[0],
            version=key[1],
            line=package.line_of("name"),
            scope=scopes.get(key, Scope.RUNTIME),
            is_direct=key in direct if roots else None,
            parents=parents.get(key, ()),
        )


def _of_groups(index: _Index, roots: list[Tree], field: str) -> list[Key]:
    return [key for each in roots for key in index.targets_of_groups(each.tree(field))]


def _is_own(package: Tree) -> bool:
    return any(kind in package.tree("source") for kind in _OWN_CODE)


def _index(packages: Iterable[Tree]) -> _Index:
    found: dict[Key, Tree] = {(each.text("name"), each.maybe("version")): each for each in packages}
    by_name: dict[str, list[Key]] = {}
    for key in found:
        by_name.setdefault(key[0], []).append(key)
    return _Index(found, by_name)
