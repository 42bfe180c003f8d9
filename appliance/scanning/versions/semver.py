"""Semantic versions, in the dialects of npm, crates, Hex, Swift, Go and pub.

Registries hold what their clients once took, so a leading `v` is read here, too, and fewer or more
numbers than three: `1.2` is `1.2.0`.

Source: Semantic Versioning 2.0.0, items 9 to 11.
"""

from __future__ import annotations

import re

from appliance.scanning.versions.refusal import Key, no_version

_VERSION = re.compile(
    r"[v=]?(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-(?P<before>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
# npm takes a pre-release without its hyphen, as in 1.2.3beta.
_LOOSE = re.compile(
    r"[v=]*(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-?(?P<before>(?:(?<=-)[0-9]|[A-Za-z-])[0-9A-Za-z-]*(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_RELEASE: Key = ((2, 0, ""),)
"""Stands where no pre-release is: after all of them."""


def key(text: str) -> Key:
    """Build metadata counts for nothing."""
    return _key(_VERSION, text)[:2]


def npm_key(text: str) -> Key:
    """What npm compares by, which is less strict about how a pre-release is written."""
    return _key(_LOOSE, text)[:2]


def pub_key(text: str) -> Key:
    """Dart's pub puts builds in order, too, after the version without one.

    Source: pub_semver, README, "Semantics".
    """
    return _key(_VERSION, text)


def go_key(text: str) -> Key:
    """Pseudo-versions are pre-releases by their spelling, and `+incompatible` is build metadata.

    Source: Go Modules Reference, "Versions" and "Pseudo-versions".
    """
    return key(re.sub(r"\A(?:go)?(\d+(?:\.\d+)*)(rc|beta|alpha)(\d+)\Z", r"\1-\2.\3", text))


def _key(pattern: re.Pattern[str], text: str) -> Key:
    found = pattern.fullmatch(text)
    if not found:
        raise no_version(text)
    numbers = [int(each) for each in found["numbers"].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    before = identifiers(found["before"]) if found["before"] else _RELEASE
    build = identifiers(found["build"]) if found["build"] else ()
    return tuple(numbers), before, build


def identifiers(text: str) -> Key:
    """Parts between dots: numbers by size, and before all words."""
    return tuple((0, int(each), "") if each.isdigit() else (1, 0, each) for each in text.split("."))
