"""What Gradle keeps: gradle.lockfile, verification-metadata.xml and libs.versions.toml.

Source: Gradle User Manual, "Locking Versions", "Verifying Dependencies" and "Version Catalogs".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests import xml_text
from appliance.scanning.manifests.refusal import missing, not_understood, unfit
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Tree, checked

_LOCKED = re.compile(r"(?P<name>[^:=\s]+:[^:=\s]+):(?P<version>[^:=\s]+)=(?P<where>[\w.,$-]*)\Z")
_EXACT = ("strictly", "require", "prefer")
_OPEN = re.compile(r"[\[\](),+]|latest\.")


def lockfile(source: Source) -> Iterator[Component]:
    """gradle.lockfile: each line names the configurations that need it."""
    is_build = source.name.startswith("buildscript")
    for number, line in source.lines():
        if not line or line.startswith(("#", "empty=")):
            continue
        found = _LOCKED.match(line)
        if not found:
            raise not_understood(number)
        where = [each for each in found["where"].split(",") if each]
        is_for_tests = bool(where) and all("test" in each.lower() for each in where)
        yield Component(
            ecosystem=Ecosystem.MAVEN,
            name=checked(found["name"], number, "name"),
            version=checked(found["version"], number, "version"),
            line=number,
            scope=Scope.DEVELOPMENT if is_for_tests or is_build else Scope.RUNTIME,
        )


def verification(source: Source) -> Iterator[Component]:
    """verification-metadata.xml: everything whose checksum was once written down."""
    source.text()  # For its limits.
    root = xml_text.read(source.content, "verification-metadata")
    for each in xml_text.children(xml_text.child(root, "components"), "component"):
        line = xml_text.line(each)
        group, name, version = (each.get(key) for key in ("group", "name", "version"))
        if not group or not name or not version:
            raise missing(line, "version")
        yield Component(
            ecosystem=Ecosystem.MAVEN,
            name=checked(f"{group}:{name}", line, "name"),
            version=checked(version, line, "version"),
            line=line,
        )


def catalogue(source: Source) -> Iterator[Component]:
    """libs.versions.toml: libraries, and plugins under the names they are published by."""
    file = source.toml()
    if not {"versions", "libraries", "plugins", "bundles", "metadata"} & file.keys():
        raise missing(1, "libraries")
    versions = file.tree("versions")
    for section in ("libraries", "plugins"):
        entries = file.tree(section)
        for key, value in entries.items():
            line = entries.line_of(key)
            name, wanted = _entry(value, line, versions, is_plugin=section == "plugins")
            yield Component(
                ecosystem=Ecosystem.MAVEN,
                name=name,
                version="" if _OPEN.search(wanted) else wanted,
                line=line,
                scope=Scope.DEVELOPMENT if section == "plugins" else Scope.RUNTIME,
                is_direct=True,
                wanted=wanted if _OPEN.search(wanted) else "",
            )


def _entry(value: object, line: int, versions: Tree, *, is_plugin: bool) -> tuple[str, str]:
    """Name and version of an entry in any of its spellings."""
    if isinstance(value, str):
        name, _, version = checked(value, line, "libraries").rpartition(":")
        if not name or name.count(":") != (0 if is_plugin else 1):
            raise unfit(line, "libraries")
        return _published(name, is_plugin=is_plugin), version
    if not isinstance(value, Tree):
        raise unfit(line, "libraries")
    name = value.text("id") if is_plugin else value.maybe("module")
    if not name:
        name = f"{value.text('group')}:{value.text('name')}"
    return _published(name, is_plugin=is_plugin), _version(value, "version", versions)


def _published(name: str, *, is_plugin: bool) -> str:
    return f"{name}:{name}.gradle.plugin" if is_plugin else name


def _version(tree: Tree, key: str, versions: Tree) -> str:
    """A version as text, by reference, or as a rich one. Empty where somebody else decides."""
    value = tree.get(key)
    if not isinstance(value, Tree):
        return tree.maybe(key)
    reference = value.maybe("ref")
    if reference:
        if reference not in versions:
            raise missing(tree.line_of(key), reference)
        return _version(versions, reference, Tree())
    return next((value.maybe(each) for each in _EXACT if value.maybe(each)), "")
