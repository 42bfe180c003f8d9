"""Package.resolved of the Swift Package Manager, and Podfile.lock of CocoaPods.

Source: Swift Package Manager documentation; CocoaPods Guides, "Using CocoaPods".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, normal_name
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing, not_understood, unfit, unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree, checked

_POD = re.compile(r"(?P<name>[^\s()]+)(?: \((?P<version>[^()]*)\))?\Z")


def resolved(source: Source) -> Iterator[Component]:
    """Package.resolved, versions 1 to 3. A package that follows a branch has no version."""
    file = source.json()
    version = file.text("version")
    if version not in {"1", "2", "3"}:
        raise unknown_version(file.line_of("version"), version)
    holder, address = (
        (file.tree("object"), "repositoryURL") if version == "1" else (file, "location")
    )
    if "pins" not in holder:
        raise missing(holder.line, "pins")
    for pin in holder.rows("pins").trees("pins"):
        state = pin.tree("state")
        if pin.maybe("kind") in {"localSourceControl", "fileSystem"}:
            continue
        registered = pin.maybe("identity") if pin.maybe("kind") == "registry" else ""
        yield Component(
            ecosystem=Ecosystem.SWIFT,
            name=registered or normal_name(Ecosystem.SWIFT, pin.text(address)),
            version=state.maybe("version"),
            line=pin.line,
            wanted=state.maybe("branch") or state.maybe("revision"),
        )


def pods(source: Source) -> Iterator[Component]:
    """Podfile.lock. Pods that lie in the repository are own code."""
    lock = source.yaml()
    if "PODS" not in lock:
        raise missing(1, "PODS")
    own = {
        name
        for name, each in lock.tree("EXTERNAL SOURCES").trees()
        if {":path", ":podspec"} & each.keys()
    }
    direct = {_pod(text, line)[0] for text, line in lock.rows("DEPENDENCIES").texts("DEPENDENCIES")}
    rows = lock.rows("PODS")
    found = [_entry(value, line) for value, line in zip(rows, rows.lines, strict=True)]
    parents: dict[str, list[str]] = {}
    for component, needs in found:
        for need in needs:
            parents.setdefault(need, []).append(component.label)
    for component, _ in found:
        if component.name.partition("/")[0] not in own:
            yield Component(
                ecosystem=Ecosystem.COCOAPODS,
                name=component.name,
                version=component.version,
                line=component.line,
                is_direct=component.name in direct,
                parents=few(parents.get(component.name, ())),
            )


def _entry(value: object, line: int) -> tuple[Component, list[str]]:
    """A pod alone, or with what it needs."""
    needs: list[str] = []
    if isinstance(value, Tree) and len(value) == 1:
        (said,) = value
        rows = value.get(said)
        if not isinstance(rows, Rows):
            raise unfit(line, "PODS")
        needs = [_pod(text, at)[0] for text, at in rows.texts("PODS")]
        value = said
    name, version = _pod(checked(value, line, "PODS"), line)
    if not version:
        raise missing(line, "version")
    return Component(Ecosystem.COCOAPODS, name, version, line), needs


def _pod(text: str, line: int) -> tuple[str, str]:
    found = _POD.match(text)
    if not found:
        raise not_understood(line)
    return found["name"], found["version"] or ""
