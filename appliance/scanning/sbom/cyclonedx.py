"""CycloneDX in JSON.

Source: CycloneDX Specification 1.6 and 1.7 (ECMA-424).
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from appliance.domain.components import Ecosystem, Scope
from appliance.scanning.sbom.inventory import Entry, Inventory, entries

VERSIONS = ("1.6", "1.7")
_SCOPES = {
    Scope.RUNTIME: "required",
    Scope.OPTIONAL: "optional",
    Scope.DEVELOPMENT: "excluded",
}
_ROOT = "the-repository"


def write(inventory: Inventory, version: str = VERSIONS[0]) -> dict[str, Any]:
    """A bill as the value of its JSON, in one of `VERSIONS`."""
    found = entries(inventory)
    direct = [purl for purl, entry in found.items() if entry.is_direct]
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": f"urn:uuid:{inventory.serial}",
        "version": 1,
        "metadata": _metadata(inventory),
        "components": [_component(purl, entry) for purl, entry in found.items()],
        "dependencies": [
            {"ref": _ROOT, "dependsOn": direct},
            *({"ref": purl, "dependsOn": list(entry.needs)} for purl, entry in found.items()),
        ],
    }


def _metadata(inventory: Inventory) -> dict[str, Any]:
    tool = {"type": "application", "name": "codara", "version": inventory.tool_version}
    return {
        "timestamp": inventory.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "tools": {"components": [tool]},
        "component": {
            "type": "application",
            "bom-ref": _ROOT,
            "name": inventory.name,
            "version": inventory.version,
        },
    }


def _component(purl: str, entry: Entry) -> dict[str, Any]:
    component = entry.component
    group, name = _split(component.ecosystem, component.name)
    row: dict[str, Any] = {
        "type": "container" if component.ecosystem == Ecosystem.DOCKER else "library",
        "bom-ref": purl,
        "name": name,
        "purl": purl,
        "scope": _SCOPES[component.scope],
        "properties": [{"name": "codara:place", "value": place} for place in entry.places],
    }
    if group:
        row["group"] = group
    if component.version:
        row["version"] = component.version
    if entry.licence:
        row["licenses"] = [{"expression": entry.licence}]
    elif component.licence:
        row["licenses"] = [{"license": {"name": component.licence}}]
    return row


def _split(ecosystem: str, name: str) -> tuple[str, str]:
    """Group and name, where an ecosystem has both."""
    if ecosystem == Ecosystem.MAVEN:
        group, _, rest = name.partition(":")
        return group, rest
    if ecosystem in {Ecosystem.NPM, Ecosystem.PACKAGIST} and "/" in name:
        group, _, rest = name.partition("/")
        return group, rest
    return "", name
