"""pom.xml, with parents, properties and managed versions as far as they are in the repository.

Source: Maven, POM Reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests import xml_text
from appliance.scanning.manifests.refusal import LONGEST_TEXT, MOST_FILES, missing, too_many
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import checked

_PLACE = re.compile(r"\$\{([^${}]+)\}")
_DEEPEST = 20
"""Properties in properties."""
_EXACT = re.compile(r"\[\s*([^,\s\[\]()]+)\s*\]")
_SCOPES = {"test": Scope.DEVELOPMENT, "provided": Scope.DEVELOPMENT, "system": Scope.RUNTIME}
_OF_PROJECT = ("groupId", "artifactId", "version", "packaging")


@dataclass(frozen=True)
class _Project:
    """What counts for a pom after all that it inherits."""

    properties: Mapping[str, str]
    managed: Mapping[str, tuple[str, str]]
    """By group and artifact: version and scope."""

    def said(self, text: str) -> str:
        """A text with its properties put in; those that nobody knows stay as they are."""
        for _ in range(_DEEPEST):
            put_in = _PLACE.sub(lambda place: self.properties.get(place[1], place[0]), text)
            if put_in == text or len(put_in) > LONGEST_TEXT:
                break
            text = put_in
        return text


def read(source: Source) -> Iterator[Component]:
    """What the project depends on, profiles included. What is unknown stays as it is written."""
    root = _root(source)
    project = _effective(source, root, 0)
    for dependency in _dependencies(root):
        yield _component(dependency, project)


def _root(source: Source) -> xml_text.Element:
    source.text()  # For its limits.
    return xml_text.read(source.content, "project")


def _dependencies(root: xml_text.Element) -> Iterator[xml_text.Element]:
    places = [root, *xml_text.children(xml_text.child(root, "profiles"), "profile")]
    for place in places:
        yield from xml_text.children(xml_text.child(place, "dependencies"), "dependency")


def _component(dependency: xml_text.Element, project: _Project) -> Component:
    line = xml_text.line(dependency)
    name = _name(dependency, project, line)
    managed_version, managed_scope = project.managed.get(name, ("", ""))
    wanted = project.said(xml_text.text(dependency, "version") or managed_version)
    scope = project.said(xml_text.text(dependency, "scope") or managed_scope)
    is_optional = project.said(xml_text.text(dependency, "optional")) == "true"
    exact = _EXACT.fullmatch(wanted)
    is_open = "${" in wanted or wanted[:1] in {"[", "("} or wanted in {"LATEST", "RELEASE"}
    version = exact[1] if exact else "" if is_open else wanted
    return Component(
        ecosystem=Ecosystem.MAVEN,
        name=name,
        version=checked(version, line, "version"),
        line=line,
        scope=Scope.OPTIONAL if is_optional else _SCOPES.get(scope, Scope.RUNTIME),
        is_direct=True,
        wanted="" if version == wanted else checked(wanted, line, "version"),
    )


def _name(dependency: xml_text.Element, project: _Project, line: int) -> str:
    parts = [project.said(xml_text.text(dependency, each)) for each in _OF_PROJECT[:2]]
    for part, field in zip(parts, _OF_PROJECT, strict=False):
        if not part:
            raise missing(line, field)
    return checked(":".join(parts), line, "artifactId")


def _effective(source: Source, root: xml_text.Element, depth: int) -> _Project:
    """What a pom says, over what its parent says."""
    if depth > MOST_FILES:
        raise too_many(1)
    above = _parent(source, root, depth)
    properties = {**above.properties, **_properties(root)}
    managing = xml_text.child(root, "dependencyManagement", "dependencies")
    project = _Project(properties, above.managed)
    managed = dict(above.managed)
    for each in xml_text.children(managing, "dependency"):
        name = _name(each, project, xml_text.line(each))
        managed[name] = (xml_text.text(each, "version"), xml_text.text(each, "scope"))
    return _Project(properties, managed)


def _parent(source: Source, root: xml_text.Element, depth: int) -> _Project:
    """The parent, if it stands where the pom says and is the one that is meant."""
    parent = xml_text.child(root, "parent")
    place = xml_text.child(parent, "relativePath")
    path = "../pom.xml" if place is None else (place.text or "").strip()
    other = source.other(path) if parent is not None and path else None
    if other is None and parent is not None and path:
        other = source.other(f"{path}/pom.xml")
    if other is None or other.path == source.path:
        return _Project({}, {})
    found = _root(other)
    if xml_text.text(found, "artifactId") != xml_text.text(parent, "artifactId"):
        return _Project({}, {})
    return _effective(other, found, depth + 1)


def _properties(root: xml_text.Element) -> dict[str, str]:
    """Those that a pom defines, and those that it has by being one."""
    found: dict[str, str] = {}
    parent = xml_text.child(root, "parent")
    for name in _OF_PROJECT:
        inherited = xml_text.text(parent, name)
        own = xml_text.text(root, name) or (inherited if name != "artifactId" else "")
        for prefix in ("project.", "pom.", ""):
            if own:
                found[prefix + name] = own
            if inherited:
                found[f"{prefix}parent.{name}"] = inherited
    defined = xml_text.child(root, "properties")
    for each in () if defined is None else defined:
        value = (each.text or "").strip()
        if len(value) <= LONGEST_TEXT:
            found[xml_text.local(each)] = value
    return found
