"""The face of all comparators: which key a version has in its ecosystem.

What has no place in the order, like a branch of which nobody knows what it holds, has no key: None.
Whoever asks whether it is affected must answer that this is unknown, never that it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from appliance.scanning.versions import (
    alpine,
    composer,
    cran,
    debian,
    gem,
    maven,
    nuget,
    pypi,
    rpm,
    semver,
)
from appliance.scanning.versions.refusal import (
    LONGEST,
    MOST_DIGITS,
    Key,
    NoVersionError,
    no_version,
)

_KEYS: dict[str, Callable[[str], Key | None]] = {
    "AlmaLinux": rpm.key,
    "Alpaquita": alpine.key,
    "Alpine": alpine.key,
    "BellSoft Hardened Containers": alpine.key,
    "Bitnami": semver.key,
    "CRAN": cran.key,
    "Chainguard": alpine.key,
    "CocoaPods": gem.key,
    "ConanCenter": semver.npm_key,
    "Debian": debian.key,
    "Echo": debian.key,
    "GitHub Actions": semver.key,
    "Go": semver.go_key,
    "Hex": semver.key,
    "Mageia": rpm.key,
    "Maven": maven.key,
    "MinimOS": alpine.key,
    "NuGet": nuget.key,
    "Packagist": composer.key,
    "Pub": semver.pub_key,
    "PyPI": pypi.key,
    "Red Hat": rpm.key,
    "Rocky Linux": rpm.key,
    "RubyGems": gem.key,
    "SUSE": rpm.key,
    "SwiftURL": semver.key,
    "Ubuntu": debian.key,
    "Wolfi": alpine.key,
    "crates.io": semver.key,
    "npm": semver.npm_key,
    "openEuler": rpm.key,
    "openSUSE": rpm.key,
}
"""By the names that advisories give ecosystems. Source: OSV schema, "Defined ecosystems"."""

_NOT_PLACED = frozenset(
    {"(devel)", "devel", "head", "latest", "master", "main", "trunk", "unknown", "unspecified"}
)
_TOO_MANY_DIGITS = re.compile(rf"[0-9]{{{MOST_DIGITS + 1}}}")


def is_known(ecosystem: str) -> bool:
    """Whether versions of this ecosystem can be compared here."""
    return _family(ecosystem) in _KEYS


@lru_cache(maxsize=4096)
def key_of(ecosystem: str, text: str) -> Key | None:
    """What to compare a version of an ecosystem by; None where it has no place in the order.

    Errors:
        NoVersionError: it is no version there, or nothing is known of such an ecosystem.
    """
    key = _KEYS.get(_family(ecosystem))
    if key is None or not 0 < len(text) <= LONGEST or _TOO_MANY_DIGITS.search(text):
        raise no_version(text)
    return None if text.lower() in _NOT_PLACED else key(text)


def compare(ecosystem: str, one: str, other: str) -> int | None:
    """Negative, zero or positive, as `one` is before, the same as or after `other`.

    Errors:
        NoVersionError: one of them is no version there.
    """
    first, second = key_of(ecosystem, one), key_of(ecosystem, other)
    if first is None or second is None:
        return None
    return (first > second) - (first < second)


def _family(ecosystem: str) -> str:
    """Without the release that follows a colon, as in `Debian:12`."""
    return ecosystem.partition(":")[0]


__all__ = ["Key", "NoVersionError", "compare", "is_known", "key_of"]
