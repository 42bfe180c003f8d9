"""pubspec.lock.

Source: Dart documentation, "Glossary: Lockfile", and the locks that pub writes.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.refusal import missing
from appliance.scanning.manifests.source import Source

_OWN_CODE = frozenset({"path", "sdk"})
"""In the repository, or part of what compiles it."""


def read(source: Source) -> Iterator[Component]:
    """All packages from elsewhere."""
    lock = source.yaml()
    if "packages" not in lock:
        raise missing(1, "packages")
    packages = lock.tree("packages")
    for name, package in packages.trees():
        if package.text("source") in _OWN_CODE:
            continue
        why = package.text("dependency")
        told = package.get("description")
        hosted = package.tree("description").maybe("name") if isinstance(told, dict) else ""
        yield Component(
            ecosystem=Ecosystem.PUB,
            name=hosted or name,
            version=package.text("version"),
            line=packages.line_of(name),
            scope=Scope.DEVELOPMENT if why == "direct dev" else Scope.RUNTIME,
            is_direct=why.startswith("direct"),
        )
