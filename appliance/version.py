"""Which release this is."""

from __future__ import annotations

from importlib import metadata

try:
    RELEASE = metadata.version("codara-appliance")
except metadata.PackageNotFoundError:  # A checkout that was not installed.
    RELEASE = "0.1.0"

API = "1"
STATIC = RELEASE.replace(".", "")
