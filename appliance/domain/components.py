"""What software is put together from: a component, what it is called, and where that was read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote


class Ecosystem(StrEnum):
    """Where a component comes from. Source of the names: OSV schema, "Defined ecosystems"."""

    COCOAPODS = "CocoaPods"
    CONAN = "ConanCenter"
    CRAN = "CRAN"
    CRATES = "crates.io"
    DOCKER = "Docker"
    GITHUB_ACTIONS = "GitHub Actions"
    GO = "Go"
    HEX = "Hex"
    MAVEN = "Maven"
    NPM = "npm"
    NUGET = "NuGet"
    PACKAGIST = "Packagist"
    PUB = "Pub"
    PYPI = "PyPI"
    RUBYGEMS = "RubyGems"
    SWIFT = "SwiftURL"


class Scope(StrEnum):
    """When a component is needed."""

    RUNTIME = "runtime"
    DEVELOPMENT = "development"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Component:
    """One component that a file names."""

    ecosystem: str
    """One of `Ecosystem`, or a distribution with its release, as in Debian:12."""
    name: str
    version: str
    """Empty where the file does not say which one: then `wanted` may say which would do."""
    line: int
    """Where the file names it, counted from 1."""
    scope: Scope = Scope.RUNTIME
    is_direct: bool | None = None
    """Whether the project asks for it itself; None where the file cannot tell."""
    parents: tuple[str, ...] = ()
    """Who brings it along, each as `name@version`, as far as the file knows."""
    wanted: str = ""
    """The range or address that the file asks for, as written."""
    condition: str = ""
    """When it is needed at all, as written: an environment marker, a platform."""
    licence: str = ""
    """What the file repeats of its licence, as written."""

    @property
    def label(self) -> str:
        """How it is named as somebody's parent."""
        return f"{self.name}@{self.version}"

    @property
    def purl(self) -> str:
        """Its package URL."""
        return package_url(self.ecosystem, self.name, self.version)


def _folded(name: str) -> str:
    return name.lower()


def _python(name: str) -> str:
    """Source: PEP 503, "Normalized Names"."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _address(name: str) -> str:
    """A repository's address without what may differ: scheme, user, `.git`, case."""
    plain = re.sub(r"\A(?:[a-z+]+://)?(?:[^@/]*@)?", "", name.strip(), flags=re.IGNORECASE)
    plain = re.sub(r"\A([^/:]+):(?!\d+/)", r"\1/", plain)
    return plain.rstrip("/").removesuffix(".git").lower()


_NORMAL: dict[str, Callable[[str], str]] = {
    Ecosystem.GITHUB_ACTIONS: _folded,
    Ecosystem.HEX: _folded,
    Ecosystem.NUGET: _folded,
    Ecosystem.PACKAGIST: _folded,
    Ecosystem.PUB: _folded,
    Ecosystem.PYPI: _python,
    Ecosystem.SWIFT: _address,
}


def normal_name(ecosystem: str, name: str) -> str:
    """The spelling under which two names of one component are the same.

    Where an ecosystem is not in the table, case counts: Go and Maven tell capitals apart, and in Go
    a module with `/v2` behind it is another one.
    """
    normal = _NORMAL.get(ecosystem)
    return normal(name) if normal else name


TYPES: dict[Ecosystem, str] = {
    Ecosystem.COCOAPODS: "cocoapods",
    Ecosystem.CONAN: "conan",
    Ecosystem.CRAN: "cran",
    Ecosystem.CRATES: "cargo",
    Ecosystem.DOCKER: "docker",
    Ecosystem.GITHUB_ACTIONS: "github",
    Ecosystem.GO: "golang",
    Ecosystem.HEX: "hex",
    Ecosystem.MAVEN: "maven",
    Ecosystem.NPM: "npm",
    Ecosystem.NUGET: "nuget",
    Ecosystem.PACKAGIST: "composer",
    Ecosystem.PUB: "pub",
    Ecosystem.PYPI: "pypi",
    Ecosystem.RUBYGEMS: "gem",
    Ecosystem.SWIFT: "swift",
}
_OF_DISTRIBUTIONS = {
    **dict.fromkeys(("Debian", "Ubuntu"), "deb"),
    **dict.fromkeys(("Alpine", "Chainguard", "Wolfi"), "apk"),
    **dict.fromkeys(("AlmaLinux", "Red Hat", "Rocky Linux"), "rpm"),
}
_LOWER_CASE = frozenset(
    {
        *(Ecosystem.GITHUB_ACTIONS, Ecosystem.GO, Ecosystem.HEX),
        *(Ecosystem.NPM, Ecosystem.PACKAGIST, Ecosystem.PUB),
    }
)


def package_url(ecosystem: str, name: str, version: str) -> str:
    """The package URL of a component; without a version, that of all its versions.

    Source: Package-URL specification, "purl components" and "known types".
    """
    path, query, inside = name, "", ""
    if ecosystem == Ecosystem.MAVEN:
        path = name.replace(":", "/", 1)
    elif ecosystem == Ecosystem.PYPI:
        path = _python(name)
    elif ecosystem == Ecosystem.COCOAPODS:
        path, _, rest = name.partition("/")
        inside = f"#{quote(rest)}" if rest else ""
    elif ecosystem == Ecosystem.SWIFT:
        path = _address(name)
    elif ecosystem == Ecosystem.DOCKER:
        path, query = _image(name)
    if ecosystem in _LOWER_CASE:
        path = path.lower()
    spelt = "/".join(quote(part, safe=":") for part in path.split("/") if part)
    behind = f"@{quote(version, safe=':')}" if version else ""
    return f"pkg:{_type(ecosystem)}/{spelt}{behind}{query}{inside}"


def _type(ecosystem: str) -> str:
    """The type of an ecosystem; of a distribution, that of its packages and its own name."""
    family = ecosystem.partition(":")[0]
    if family in TYPES:
        return TYPES[Ecosystem(family)]
    kind = _OF_DISTRIBUTIONS.get(family, "generic")
    return f"{kind}/{family.lower().replace(' ', '')}"


def _image(name: str) -> tuple[str, str]:
    """An image's path, and where it is kept if not in the usual registry."""
    host, _, path = name.partition("/")
    if path and ("." in host or ":" in host or host == "localhost"):
        return path, f"?repository_url={quote(host, safe=':')}"
    return name, ""
