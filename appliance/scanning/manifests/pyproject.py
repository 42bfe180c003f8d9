"""pyproject.toml: what a Python project asks for, as the standard and as the tools write it.

Source: PEP 621 and PEP 735; Poetry, PDM and uv documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.python_names import requirement
from appliance.scanning.manifests.refusal import not_understood, unfit
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree

_EXACT = re.compile(
    r"={1,3}\s*(?P<version>[0-9][^\s,*|]*)|(?P<bare>[0-9]+\.[0-9]+\.[0-9][^\s,*|]*)"
)


def read(source: Source) -> Iterator[Component]:
    """Everything asked for. A range tells no version."""
    project = source.toml()
    yield from _standard(project.tree("project"))
    yield from _groups(project.tree("dependency-groups"))
    tool = project.tree("tool")
    yield from _groups(tool.tree("pdm").tree("dev-dependencies"))
    yield from _listed(tool.tree("uv").rows("dev-dependencies"), Scope.DEVELOPMENT)
    yield from _poetry(tool.tree("poetry"))


def _standard(project: Tree) -> Iterator[Component]:
    yield from _listed(project.rows("dependencies"), Scope.RUNTIME)
    optional = project.tree("optional-dependencies")
    for extra in optional:
        yield from _listed(optional.rows(extra), Scope.OPTIONAL)


def _groups(groups: Tree) -> Iterator[Component]:
    for group in groups:
        yield from _listed(groups.rows(group), Scope.DEVELOPMENT)


def _listed(rows: Rows, scope: Scope) -> Iterator[Component]:
    for item, line in zip(rows, rows.lines, strict=True):
        if isinstance(item, Tree) and "include-group" in item:
            continue
        if not isinstance(item, str):
            raise unfit(line, "dependencies")
        wanted = requirement(item)
        if wanted is None:
            raise not_understood(line)
        yield Component(
            ecosystem=Ecosystem.PYPI,
            name=wanted.name,
            version=wanted.version,
            line=line,
            scope=scope,
            is_direct=True,
            wanted=wanted.wanted,
            condition=wanted.marker,
        )


def _poetry(poetry: Tree) -> Iterator[Component]:
    yield from _mapped(poetry.tree("dependencies"), Scope.RUNTIME)
    yield from _mapped(poetry.tree("dev-dependencies"), Scope.DEVELOPMENT)
    for _, group in poetry.tree("group").trees():
        scope = Scope.OPTIONAL if group.flag("optional") else Scope.DEVELOPMENT
        yield from _mapped(group.tree("dependencies"), scope)


def _mapped(wanted: Tree, scope: Scope) -> Iterator[Component]:
    for name, value in wanted.items():
        if name.lower() == "python":
            continue
        line = wanted.line_of(name)
        for each in value if isinstance(value, Rows) else [value]:
            said, is_optional = _said(each, line)
            exact = _EXACT.fullmatch(said.strip())
            yield Component(
                ecosystem=Ecosystem.PYPI,
                name=name,
                version=(exact["version"] or exact["bare"]) if exact else "",
                line=line,
                scope=Scope.OPTIONAL if is_optional else scope,
                is_direct=True,
                wanted=said,
            )


def _said(value: object, line: int) -> tuple[str, bool]:
    """A version's text and whether it is optional; an address where there is no version."""
    if isinstance(value, str):
        return value, False
    if not isinstance(value, Tree):
        raise unfit(line, "dependencies")
    places = ("version", "git", "url", "path")
    said = next((value.maybe(each) for each in places if value.maybe(each)), "")
    return said, value.flag("optional")
