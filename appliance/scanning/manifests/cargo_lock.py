"""Cargo.lock.

Source: The Cargo Book, "Cargo.toml vs Cargo.lock", and the locks of its versions 1 to 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem
from appliance.scanning.manifests.graph import MOST_PARENTS, Key, brought_along
from appliance.scanning.manifests.refusal import missing, not_understood, unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Tree


def read(source: Source) -> Iterator[Component]:
    """All crates but those of the workspace, which have no source."""
    lock = source.toml()
    version = lock.maybe("version")
    if version not in {"", "1", "2", "3", "4"}:
        raise unknown_version(lock.line_of("version"), version)
    if not {"version", "package", "root"} & lock.keys():
        raise missing(1, "package")
    packages = list(lock.rows("package").trees("package"))
    roots = [each for each in packages if not each.maybe("source")]
    if "root" in lock:
        roots.append(lock.tree("root"))
    places = {(each.text("name"), each.text("version")): each for each in packages}
    by_name: dict[str, list[Key]] = {}
    for key in places:
        by_name.setdefault(key[0], []).append(key)
    direct = {key for each in roots for key in _targets(each, by_name)}
    parents = brought_along(
        {key: _targets(each, by_name) for key, each in places.items() if each.maybe("source")}
    )
    for key, each in places.items():
        if each.maybe("source"):
            yield Component(
                ecosystem=Ecosystem.CRATES,
                name=key[0],
                version=key[1],
                line=each.line_of("name"),
                is_direct=key in direct if roots else None,
                parents=parents.get(key, ()),
            )


def _targets(package: Tree, by_name: dict[str, list[Key]]) -> list[Key]:
    """Each is a name, with a version and a source where that alone is not clear."""
    found: list[Key] = []
    for text, line in package.rows("dependencies").texts("dependencies"):
        words = text.split(" ")
        if not words[0]:
            raise not_understood(line)
        found += (
            [(words[0], words[1])] if len(words) > 1 else by_name.get(words[0], ())[:MOST_PARENTS]
        )
    return found
