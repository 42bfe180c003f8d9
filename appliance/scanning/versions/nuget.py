"""NuGet's versions: semantic ones with up to four numbers, in which case of letters says nothing.

Source: NuGet documentation, "Package versioning".
"""

from __future__ import annotations

import re

from appliance.scanning.versions.refusal import Key, no_version
from appliance.scanning.versions.semver import identifiers

_VERSION = re.compile(
    r"v?(?P<numbers>[0-9]+(?:\.[0-9]+){0,3})"
    r"(?:-(?P<before>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_RELEASE: Key = ((2, 0, ""),)


def key(text: str) -> Key:
    """By four numbers, then as semantic versions do."""
    found = _VERSION.fullmatch(text)
    if not found:
        raise no_version(text)
    numbers = [int(each) for each in found["numbers"].split(".")]
    before = found["before"]
    return (*numbers, 0, 0, 0)[:4], identifiers(before.lower()) if before else _RELEASE
