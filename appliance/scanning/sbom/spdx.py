"""SPDX 2.3 in JSON.

Source: SPDX Specification 2.3 (ISO/IEC 5962), clauses 6, 7 and 11.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from appliance.domain.components import Scope
from appliance.scanning.sbom.inventory import Entry, Inventory, entries

VERSION = "SPDX-2.3"
_DOCUMENT, _ROOT = "SPDXRef-DOCUMENT", "SPDXRef-Repository"
_UNKNOWN = "NOASSERTION"


def write(inventory: Inventory) -> dict[str, Any]:
    """A document as the value of its JSON."""
    found = entries(inventory)
    ids = {purl: f"SPDXRef-Package-{number}" for number, purl in enumerate(found, 1)}
    created = inventory.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "spdxVersion": VERSION,
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": inventory.name,
        "documentNamespace": f"urn:uuid:{inventory.serial}",
        "creationInfo": {
            "created": created,
            "creators": [f"Tool: codara-{inventory.tool_version}"],
        },
        "packages": [
            _root(inventory),
            *(_package(ids[purl], purl, entry) for purl, entry in found.items()),
        ],
        "relationships": [
            _related(_DOCUMENT, "DESCRIBES", _ROOT),
            *(_to_root(ids[purl], entry) for purl, entry in found.items() if entry.is_direct),
            *(
                _related(ids[purl], "DEPENDS_ON", ids[need])
                for purl, entry in found.items()
                for need in entry.needs
            ),
        ],
    }


def _root(inventory: Inventory) -> dict[str, Any]:
    return {
        "SPDXID": _ROOT,
        "name": inventory.name,
        "versionInfo": inventory.version,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
        "primaryPackagePurpose": "SOURCE",
    }


def _package(identifier: str, purl: str, entry: Entry) -> dict[str, Any]:
    component = entry.component
    row: dict[str, Any] = {
        "SPDXID": identifier,
        "name": component.name,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": entry.licence or _UNKNOWN,
        "copyrightText": _UNKNOWN,
        "sourceInfo": f"Named in {', '.join(entry.places)}",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl,
            }
        ],
    }
    return {**row, "versionInfo": component.version} if component.version else row


def _to_root(identifier: str, entry: Entry) -> dict[str, str]:
    """What is needed at run time, or only on the way there."""
    if entry.component.scope == Scope.DEVELOPMENT:
        return _related(identifier, "DEV_DEPENDENCY_OF", _ROOT)
    if entry.component.scope == Scope.OPTIONAL:
        return _related(identifier, "OPTIONAL_DEPENDENCY_OF", _ROOT)
    return _related(_ROOT, "DEPENDS_ON", identifier)


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}
