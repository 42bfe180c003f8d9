"""SPDX 3.0 in JSON-LD.

Source: SPDX Specification 3.0.1, profiles Core, Software and SimpleLicensing; "Serialization:
JSON-LD".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from appliance.domain.components import Scope
from appliance.scanning.sbom.inventory import Entry, Inventory, entries

VERSION = "3.0"
CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_SPEC = "3.0.1"
_CREATION = "_:creation"
_SCOPES = {
    Scope.RUNTIME: "runtime",
    Scope.OPTIONAL: "other",
    Scope.DEVELOPMENT: "development",
}
Element = dict[str, Any]


def write(inventory: Inventory) -> dict[str, Any]:
    """A document as the value of its JSON."""
    base = f"urn:uuid:{inventory.serial}"
    found = entries(inventory)
    ids = {purl: f"{base}#package-{number}" for number, purl in enumerate(found, 1)}
    root = f"{base}#repository"
    elements = [
        *_packages(inventory, root, found, ids),
        *_relations(base, root, found, ids),
        *_licences(base, found, ids),
    ]
    named = [each["spdxId"] for each in elements]
    return {
        "@context": CONTEXT,
        "@graph": [_creation(inventory, base), *_heads(inventory, base, root, named), *elements],
    }


def _creation(inventory: Inventory, base: str) -> Element:
    created = inventory.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "type": "CreationInfo",
        "@id": _CREATION,
        "specVersion": _SPEC,
        "created": created,
        "createdBy": [f"{base}#organization"],
        "createdUsing": [f"{base}#tool"],
    }


def _heads(inventory: Inventory, base: str, root: str, named: list[str]) -> Iterator[Element]:
    """Who says it, with what, and what it is about."""
    owner = inventory.name.partition("/")[0]
    yield _element("Organization", f"{base}#organization", name=owner)
    yield _element("Tool", f"{base}#tool", name=f"codara-{inventory.tool_version}")
    profiles = ["core", "software", "simpleLicensing"]
    yield _element(
        *("SpdxDocument", f"{base}#document"),
        name=inventory.name,
        profileConformance=profiles,
        rootElement=[f"{base}#bill"],
        element=[f"{base}#organization", f"{base}#tool", f"{base}#bill", *named],
    )
    yield _element(
        *("software_Sbom", f"{base}#bill"),
        name=inventory.name,
        profileConformance=profiles,
        software_sbomType=["source"],
        rootElement=[root],
        element=named,
    )


def _packages(
    inventory: Inventory, root: str, found: dict[str, Entry], ids: dict[str, str]
) -> Iterator[Element]:
    of_root = {"software_packageVersion": inventory.version} if inventory.version else {}
    yield _element(
        *("software_Package", root),
        name=inventory.name,
        software_primaryPurpose="source",
        **of_root,
    )
    for purl, entry in found.items():
        component = entry.component
        version = {"software_packageVersion": component.version} if component.version else {}
        yield _element(
            *("software_Package", ids[purl]),
            name=component.name,
            software_packageUrl=purl,
            comment=f"Named in {', '.join(entry.places)}",
            **version,
        )


def _relations(
    base: str, root: str, found: dict[str, Entry], ids: dict[str, str]
) -> Iterator[Element]:
    """What depends on what, and when it is needed."""
    number = 0
    for purl, entry in found.items():
        if entry.is_direct:
            number += 1
            yield _element(
                *("LifecycleScopedRelationship", f"{base}#relation-{number}"),
                relationshipType="dependsOn",
                scope=_SCOPES[entry.component.scope],
                **_between(root, [ids[purl]]),
            )
        if entry.needs:
            number += 1
            yield _element(
                *("Relationship", f"{base}#relation-{number}"),
                relationshipType="dependsOn",
                **_between(ids[purl], [ids[need] for need in entry.needs]),
            )


def _licences(base: str, found: dict[str, Entry], ids: dict[str, str]) -> Iterator[Element]:
    """Each expression once, with all that declare it."""
    holders: dict[str, list[str]] = {}
    for purl, entry in found.items():
        if entry.licence:
            holders.setdefault(entry.licence, []).append(ids[purl])
    for number, (expression, packages) in enumerate(holders.items(), 1):
        licence = f"{base}#licence-{number}"
        yield _element(
            *("simplelicensing_LicenseExpression", licence),
            simplelicensing_licenseExpression=expression,
        )
        for place, package in enumerate(packages, 1):
            yield _element(
                *("Relationship", f"{licence}-of-{place}"),
                relationshipType="hasDeclaredLicense",
                **_between(package, [licence]),
            )


def _between(one: str, others: list[str]) -> Element:
    return {"from": one, "to": others}


def _element(kind: str, identifier: str, **fields: Any) -> Element:
    return {"type": kind, "spdxId": identifier, "creationInfo": _CREATION, **fields}
