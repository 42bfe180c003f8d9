"""Bills of materials that others made: CycloneDX and SPDX 2 in JSON.

Source: CycloneDX Specification 1.2 to 1.7; SPDX Specification 2.2 and 2.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Scope
from appliance.domain.package_urls import parsed
from appliance.scanning.manifests.graph import few
from appliance.scanning.manifests.refusal import missing, unknown_version
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree

_CYCLONEDX = re.compile(r"1\.[2-7]")
_SPDX = re.compile(r"SPDX-2\.[0-3]")
_SCOPES = {"optional": Scope.OPTIONAL, "excluded": Scope.DEVELOPMENT}


def read(source: Source) -> Iterator[Component]:
    """What has a package URL of a known type. Of anything else nobody could say what it is."""
    bill = source.json()
    if bill.maybe("bomFormat") == "CycloneDX":
        version = bill.text("specVersion")
        if not _CYCLONEDX.fullmatch(version):
            raise unknown_version(bill.line_of("specVersion"), version)
        yield from _cyclonedx(bill)
        return
    version = bill.text("spdxVersion")
    if not _SPDX.fullmatch(version):
        raise unknown_version(bill.line_of("spdxVersion"), version)
    if "packages" not in bill:
        raise missing(1, "packages")
    yield from _spdx(bill)


def _cyclonedx(bill: Tree) -> Iterator[Component]:
    root = bill.tree("metadata").tree("component").maybe("bom-ref")
    found = list(_inside(bill))
    labels = {
        each.maybe("bom-ref") or each.maybe("purl"): _label(each.maybe("purl")) for each in found
    }
    parents: dict[str, list[str]] = {}
    direct: set[str] = set()
    for each in bill.rows("dependencies").trees("dependencies"):
        ref = each.maybe("ref")
        for need, _ in each.rows("dependsOn").texts("dependsOn"):
            if ref == root:
                direct.add(need)
            elif labels.get(ref):
                parents.setdefault(need, []).append(labels[ref])
    for each in found:
        ref = each.maybe("bom-ref") or each.maybe("purl")
        component = _component(each.maybe("purl"), each.line_of("purl"))
        if component is None:
            continue
        yield Component(
            ecosystem=component.ecosystem,
            name=component.name,
            version=component.version or each.maybe("version"),
            line=component.line,
            scope=_SCOPES.get(each.maybe("scope"), Scope.RUNTIME),
            is_direct=ref in direct if direct else None,
            parents=few(parents.get(ref, ())),
            licence=_licence(each.rows("licenses")),
        )


def _inside(holder: Tree) -> Iterator[Tree]:
    """Components may hold components."""
    for each in holder.rows("components").trees("components"):
        yield each
        yield from _inside(each)


def _licence(rows: Rows) -> str:
    """Several that stand side by side all count."""
    said = []
    for each in rows.trees("licenses"):
        licence = each.tree("license")
        text = each.maybe("expression") or licence.maybe("id") or licence.maybe("name")
        if text:
            said.append(f"({text})" if " " in text and len(rows) > 1 else text)
    return " AND ".join(said)


def _spdx(bill: Tree) -> Iterator[Component]:
    for package in bill.rows("packages").trees("packages"):
        for each in package.rows("externalRefs").trees("externalRefs"):
            if each.maybe("referenceType") != "purl":
                continue
            component = _component(each.text("referenceLocator"), package.line_of("name"))
            if component is not None:
                licence = package.maybe("licenseDeclared")
                yield Component(
                    ecosystem=component.ecosystem,
                    name=component.name,
                    version=component.version or package.maybe("versionInfo"),
                    line=component.line,
                    licence="" if licence in {"NOASSERTION", "NONE"} else licence,
                )


def _component(url: str, line: int) -> Component | None:
    package = parsed(url) if url else None
    if package is None:
        return None
    return Component(package.ecosystem, package.name, package.version, line)


def _label(url: str) -> str:
    package = parsed(url) if url else None
    return f"{package.name}@{package.version}" if package else ""
