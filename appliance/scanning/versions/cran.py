"""R's versions: numbers, with dots or hyphens between them.

Source: Writing R Extensions, section 1.1.1; `package_version`.
"""

from __future__ import annotations

import re

from appliance.scanning.versions.refusal import Key, no_version

_VERSION = re.compile(r"[0-9]+(?:[.-][0-9]+)*", re.ASCII)


def key(text: str) -> Key:
    """By its numbers."""
    if not _VERSION.fullmatch(text):
        raise no_version(text)
    return tuple(int(each) for each in re.split(r"[.-]", text))
