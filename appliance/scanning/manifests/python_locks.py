"""The locks of Poetry, PDM and Pipenv, and pylock.toml.

Source: the tools' documentation; PEP 751 for pylock.toml.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope, normal_name
from appliance.scanning.manifests import pyproject
from appliance.scanning.manifests.python_names import requirement
from appliance.scanning.manifests.refusal import missing, unfit, unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree

_FOR_RUNTIME = frozenset({"main", "default"})


def _normal(name: str) -> str:
    return normal_name(Ecosystem.PYPI, name)


def poetry(source: Source) -> Iterator[Component]:
    """poetry.lock: categories in old ones, groups in new ones."""
    lock = source.toml()
    if "package" not in lock and "metadata" not in lock:
        raise missing(1, "package")
    direct = _asked_for(source)
    packages = list(lock.rows("package").trees("package"))
    parents = _parents((each, list(each.tree("dependencies"))) for each in packages)
    for each in packages:
        name = each.text("name")
        yield Component(
            ecosystem=Ecosystem.PYPI,
            name=name,
            version=each.text("version"),
            line=each.line_of("name"),
            scope=_poetry_scope(each),
            is_direct=_normal(name) in direct if direct is not None else None,
            parents=parents.get(_normal(name), ()),
            condition=each.maybe("markers") if isinstance(each.get("markers"), str) else "",
        )


def _poetry_scope(package: Tree) -> Scope:
    if package.flag("optional"):
        return Scope.OPTIONAL
    return _scope_of_groups(package.rows("groups")) or (
        Scope.DEVELOPMENT if package.maybe("category") == "dev" else Scope.RUNTIME
    )


def _scope_of_groups(groups: Rows) -> Scope | None:
    names = {text for text, _ in groups.texts("groups")}
    if not names:
        return None
    return Scope.RUNTIME if names & _FOR_RUNTIME else Scope.DEVELOPMENT


def pdm(source: Source) -> Iterator[Component]:
    """pdm.lock."""
    lock = source.toml()
    if "metadata" not in lock:
        raise missing(1, "metadata")
    direct = _asked_for(source)
    packages = list(lock.rows("package").trees("package"))
    parents = _parents((each, _names(each.rows("dependencies"))) for each in packages)
    seen = set()
    for each in packages:
        name, version = each.text("name"), each.text("version")
        if (name, version) in seen or each.maybe("path"):
            continue  # Once more for its extras, or the project's own code.
        seen.add((name, version))
        yield Component(
            ecosystem=Ecosystem.PYPI,
            name=name,
            version=version,
            line=each.line_of("name"),
            scope=_scope_of_groups(each.rows("groups")) or Scope.RUNTIME,
            is_direct=_normal(name) in direct if direct is not None else None,
            parents=parents.get(_normal(name), ()),
            condition=each.maybe("marker"),
        )


def _names(rows: Rows) -> list[str]:
    """The names of requirements; what is none counts for nothing here."""
    found = [requirement(text) for text, _ in rows.texts("dependencies")]
    return [each.name for each in found if each]


def _parents(
    packages: Iterator[tuple[Tree, list[str]]],
) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for package, needs in packages:
        label = f"{package.text('name')}@{package.maybe('version')}"
        for need in needs:
            found.setdefault(_normal(need), {})[label] = None
    return {name: tuple(each) for name, each in found.items()}


def _asked_for(source: Source) -> set[str] | None:
    """What the pyproject.toml beside a lock asks for; None where there is none."""
    beside = source.other("pyproject.toml")
    return {_normal(each.name) for each in pyproject.read(beside)} if beside else None


def pylock(source: Source) -> Iterator[Component]:
    """pylock.toml."""
    lock = source.toml()
    version = lock.text("lock-version")
    if version.split(".")[0] != "1":
        raise unknown_version(lock.line_of("lock-version"), version)
    packages = list(lock.rows("packages").trees("packages"))
    parents = _parents(
        (each, [need.text("name") for need in each.rows("dependencies").trees("dependencies")])
        for each in packages
    )
    for each in packages:
        if "directory" in each:
            continue
        name = each.text("name")
        marker = each.maybe("marker")
        is_extra = " in extras" in marker or " in dependency_groups" in marker
        yield Component(
            ecosystem=Ecosystem.PYPI,
            name=name,
            version=each.maybe("version"),
            line=each.line_of("name"),
            scope=Scope.OPTIONAL if is_extra else Scope.RUNTIME,
            parents=parents.get(_normal(name), ()),
            condition=marker,
        )


def pipfile(source: Source) -> Iterator[Component]:
    """Pipfile.lock: one mapping for each category of packages."""
    lock = source.json()
    if "_meta" not in lock:
        raise missing(1, "_meta")
    for category, packages in lock.trees():
        if category == "_meta":
            continue
        scope = Scope.RUNTIME if category == "default" else Scope.DEVELOPMENT
        for name, package in packages.trees():
            version = package.maybe("version")
            if version and not version.startswith("=="):
                raise unfit(package.line_of("version"), "version")
            if not version and package.maybe("path"):
                continue  # The project's own code.
            yield Component(
                ecosystem=Ecosystem.PYPI,
                name=name,
                version=version.lstrip("="),
                line=packages.line_of(name),
                scope=scope,
                wanted=package.maybe("git") or package.maybe("file"),
                condition=package.maybe("markers"),
            )
