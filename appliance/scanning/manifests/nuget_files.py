"""NuGet's files: packages.lock.json, project.assets.json, *.deps.json and packages.config.

Source: NuGet documentation, "PackageReference in project files", "packages.config reference"; .NET
documentation, "Runtime configuration files".
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope, normal_name
from appliance.scanning.manifests import xml_text
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing, unfit, unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Tree, checked


def lock(source: Source) -> Iterator[Component]:
    """packages.lock.json: for each framework, what was resolved, and why."""
    file = source.json()
    version = file.text("version")
    if version not in {"1", "2"}:
        raise unknown_version(file.line_of("version"), version)
    for _, packages in file.tree("dependencies").trees():
        parents = _parents(packages)
        for name, package in packages.trees():
            if package.text("type") == "Project":
                continue
            yield Component(
                ecosystem=Ecosystem.NUGET,
                name=name,
                version=package.text("resolved"),
                line=packages.line_of(name),
                is_direct=package.text("type") == "Direct",
                parents=few(parents.get(name.lower(), ())),
                wanted=package.maybe("requested"),
            )


def _parents(packages: Tree) -> dict[str, list[str]]:
    parents: dict[str, list[str]] = {}
    for name, package in packages.trees():
        version = package.maybe("resolved")
        for need in package.tree("dependencies"):
            parents.setdefault(need.lower(), []).append(f"{name}@{version}" if version else name)
    return parents


def assets(source: Source) -> Iterator[Component]:
    """project.assets.json: what a restore has found, with the names of frameworks' targets."""
    file = source.json()
    if "targets" not in file or "libraries" not in file:
        raise missing(1, "targets")
    frameworks = file.tree("project").tree("frameworks")
    asked = {
        normal_name(Ecosystem.NUGET, name)
        for _, each in frameworks.trees()
        for name in each.tree("dependencies")
    }
    yield from _libraries(file, asked if "project" in file else None)


def dependencies(source: Source) -> Iterator[Component]:
    """*.deps.json: what a program was published with. What its project asks for is direct."""
    file = source.json()
    if "runtimeTarget" not in file or "libraries" not in file:
        raise missing(1, "runtimeTarget")
    projects = {
        key for key, each in file.tree("libraries").trees() if each.maybe("type") == "project"
    }
    asked = {
        normal_name(Ecosystem.NUGET, name)
        for _, target in file.tree("targets").trees()
        for key, each in target.trees()
        if key in projects
        for name in each.tree("dependencies")
    }
    yield from _libraries(file, asked)


def _libraries(file: Tree, asked: set[str] | None) -> Iterator[Component]:
    parents: dict[str, dict[str, None]] = {}
    for _, target in file.tree("targets").trees():
        for key, each in target.trees():
            label = key.replace("/", "@", 1)
            for need in each.tree("dependencies"):
                if each.maybe("type") != "project":
                    parents.setdefault(need.lower(), {})[label] = None
    libraries = file.tree("libraries")
    for key, library in libraries.trees():
        if library.maybe("type") != "package":
            continue
        name, mark, version = key.partition("/")
        if not mark or not version:
            raise unfit(libraries.line_of(key), "libraries")
        yield Component(
            ecosystem=Ecosystem.NUGET,
            name=name,
            version=version,
            line=libraries.line_of(key),
            is_direct=None if asked is None else name.lower() in asked,
            parents=few(parents.get(name.lower(), ())),
        )


def config(source: Source) -> Iterator[Component]:
    """packages.config: every package a project has, whoever wanted it."""
    source.text()  # For its limits.
    root = xml_text.read(source.content, "packages")
    for each in xml_text.children(root, "package"):
        line = xml_text.line(each)
        name, version = each.get("id"), each.get("version")
        if not name or not version:
            raise missing(line, "version" if name else "id")
        is_development = each.get("developmentDependency") == "true"
        yield Component(
            ecosystem=Ecosystem.NUGET,
            name=checked(name, line, "id"),
            version=checked(version, line, "version"),
            line=line,
            scope=Scope.DEVELOPMENT if is_development else Scope.RUNTIME,
        )
