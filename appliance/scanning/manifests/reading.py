"""The face of all parsers: which one a path asks for, and what comes of it.

A component that a file names twice is one, with the scope that is needed soonest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from appliance.domain.components import Component, Scope
from appliance.errors import sentence
from appliance.scanning.manifests import (
    apple,
    bills,
    bun_lock,
    cargo_lock,
    composer_lock,
    dockerfile,
    gemfile_lock,
    go_modules,
    gradle,
    maven_pom,
    mix_lock,
    npm_lock,
    nuget_files,
    paket_lock,
    pnpm_lock,
    pubspec_lock,
    pyproject,
    python_locks,
    r_and_conan,
    requirements_txt,
    uv_lock,
    workflows,
    yarn_lock,
)
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import MOST_COMPONENTS, ManifestError, too_many, wrong
from appliance.scanning.manifests.source import Beside, Source, nothing_beside

Parser = Callable[[Source], Iterator[Component]]


@dataclass(frozen=True)
class Format:
    """One kind of file: its name for people, which paths it has, and who reads it."""

    name: str
    path: re.Pattern[str]
    parser: Parser


def _format(name: str, pattern: str, parser: Parser) -> Format:
    """`pattern` is looked for at the end of a path, behind a slash or alone."""
    return Format(name, re.compile(rf"(?:\A|.*/)(?:{pattern})\Z", re.IGNORECASE), parser)


FORMATS = (
    _format(
        "requirements.txt",
        r"[\w.-]*requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt",
        requirements_txt.read,
    ),
    _format("poetry.lock", r"poetry\.lock", python_locks.poetry),
    _format("uv.lock", r"uv\.lock", uv_lock.read),
    _format("pdm.lock", r"pdm\.lock", python_locks.pdm),
    _format("Pipfile.lock", r"pipfile\.lock", python_locks.pipfile),
    _format("pylock.toml", r"pylock(?:\.[\w-]+)?\.toml", python_locks.pylock),
    _format("pyproject.toml", r"pyproject\.toml", pyproject.read),
    _format("package-lock.json", r"package-lock\.json|npm-shrinkwrap\.json", npm_lock.read),
    _format("yarn.lock", r"yarn\.lock", yarn_lock.read),
    _format("pnpm-lock.yaml", r"pnpm-lock\.yaml", pnpm_lock.read),
    _format("bun.lock", r"bun\.lock", bun_lock.read),
    _format("go.mod", r"go\.mod", go_modules.read_mod),
    _format("go.sum", r"go\.sum", go_modules.read_sum),
    _format("Cargo.lock", r"cargo\.lock", cargo_lock.read),
    _format("pom.xml", r"pom\.xml|[\w.-]+\.pom", maven_pom.read),
    _format(
        "gradle.lockfile", r"(?:buildscript-)?gradle\.lockfile|[\w.-]+\.lockfile", gradle.lockfile
    ),
    _format("verification-metadata.xml", r"verification-metadata\.xml", gradle.verification),
    _format("libs.versions.toml", r"[\w.-]+\.versions\.toml", gradle.catalogue),
    _format(
        "Gemfile.lock", r"gemfile\.lock|gems\.locked|[\w.-]+\.gemfile\.lock", gemfile_lock.read
    ),
    _format("composer.lock", r"composer\.lock", composer_lock.read),
    _format("packages.lock.json", r"packages(?:\.[\w.-]+)?\.lock\.json", nuget_files.lock),
    _format("project.assets.json", r"project\.assets\.json", nuget_files.assets),
    _format("*.deps.json", r"[\w.-]+\.deps\.json", nuget_files.dependencies),
    _format("packages.config", r"packages(?:\.[\w.-]+)?\.config", nuget_files.config),
    _format("paket.lock", r"paket\.lock", paket_lock.read),
    _format("mix.lock", r"mix\.lock", mix_lock.read),
    _format("pubspec.lock", r"pubspec\.lock", pubspec_lock.read),
    _format("Package.resolved", r"package\.resolved", apple.resolved),
    _format("Podfile.lock", r"podfile\.lock", apple.pods),
    _format("renv.lock", r"renv\.lock", r_and_conan.renv),
    _format("conan.lock", r"conan\.lock", r_and_conan.conan),
    _format(
        "Dockerfile",
        r"(?:[\w.-]+\.)?(?:dockerfile|containerfile)|(?:dockerfile|containerfile)\.[\w.-]+",
        dockerfile.read,
    ),
    _format(
        "bill of materials",
        r"bom\.json|[\w.-]+\.(?:cdx|cyclonedx|spdx)\.json|sbom[\w.-]*\.json",
        bills.read,
    ),
    _format(
        "workflow",
        r"\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml|action\.ya?ml",
        workflows.read,
    ),
)
_SOONEST = (Scope.RUNTIME, Scope.OPTIONAL, Scope.DEVELOPMENT)


def format_of(path: str) -> Format | None:
    """Which format a path has; None where it is no manifest that is read here."""
    return next((each for each in FORMATS if each.path.match(path)), None)


def read(path: str, content: bytes, beside: Beside = nothing_beside) -> tuple[Component, ...]:
    """The components that a file names, in the order it does.

    `beside` gives other files of the same tree, for formats that are spread over several.

    Errors:
        ManifestError: it is not what its name says, or there is too much in it.
    """
    found = format_of(path)
    if found is None:
        raise wrong(1, sentence("%(path)s is no manifest that is read here.", path=path))
    try:
        return _merged(found.parser(Source(path, content, beside)))
    except RecursionError as error:
        raise too_many(1) from error


def _merged(components: Iterable[Component]) -> tuple[Component, ...]:
    merged: dict[tuple[str, str, str], Component] = {}
    for number, each in enumerate(components):
        if number >= MOST_COMPONENTS:
            raise too_many(each.line)
        key = (each.ecosystem, each.name, each.version)
        merged[key] = _joined(merged[key], each) if key in merged else each
    return tuple(merged.values())


def _joined(one: Component, other: Component) -> Component:
    known = [each.is_direct for each in (one, other) if each.is_direct is not None]
    parents = one.parents
    if other.parents != parents:
        parents = few((*parents, *other.parents))
    return replace(
        one,
        scope=min(one.scope, other.scope, key=_SOONEST.index),
        is_direct=any(known) if known else None,
        parents=parents,
        licence=one.licence or other.licence,
        condition=one.condition if one.condition == other.condition else "",
    )


__all__ = ["FORMATS", "ManifestError", "format_of", "read"]
