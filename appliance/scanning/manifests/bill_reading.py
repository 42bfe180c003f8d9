"""A bill of materials that somebody hands in: which format it is in, and what is in it."""

from __future__ import annotations

from appliance.domain.components import Component
from appliance.scanning.manifests import reading
from appliance.scanning.manifests.source import Source


def read(name: str, content: bytes) -> tuple[tuple[Component, ...], str]:
    """Its components, and the name of its format with the version.

    Errors:
        ManifestError: it is no bill that is read here. The message has the line.
    """
    whole = Source(name, content).json()
    components = reading.read("sbom.json", content)
    if whole.maybe("bomFormat") == "CycloneDX":
        return components, f"CycloneDX {whole.maybe('specVersion')}"
    return components, whole.maybe("spdxVersion").replace("-", " ")
