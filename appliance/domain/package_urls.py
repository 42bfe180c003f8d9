"""A package URL taken apart: which ecosystem, name and version it means.

Source: Package-URL specification, "parse" and "known types"; OSV schema, "Defined ecosystems".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from appliance.domain.components import TYPES, Ecosystem

LONGEST = 2048
_URL = re.compile(
    r"pkg:/*(?P<type>[A-Za-z][A-Za-z0-9.+-]*)/(?P<path>[^@?#\s]+)"
    r"(?:@(?P<version>[^?#\s]*))?(?:\?(?P<query>[^#\s]*))?(?:#(?P<inside>\S*))?",
    re.ASCII,
)
_OF_TYPE = {kind: ecosystem for ecosystem, kind in TYPES.items()}
_DISTRIBUTIONS = {
    "almalinux": "AlmaLinux",
    "alpine": "Alpine",
    "chainguard": "Chainguard",
    "debian": "Debian",
    "redhat": "Red Hat",
    "rocky": "Rocky Linux",
    "rocky-linux": "Rocky Linux",
    "ubuntu": "Ubuntu",
    "wolfi": "Wolfi",
}
_WITHOUT_RELEASE = frozenset({"Chainguard", "Red Hat", "Wolfi"})


@dataclass(frozen=True, slots=True)
class Package:
    """What a package URL means."""

    ecosystem: str
    """One of `Ecosystem`, or a distribution with its release, as in Debian:12."""
    name: str
    version: str


def parsed(url: str) -> Package | None:
    """What a URL means; None where it is none, or of a type that nobody here knows."""
    found = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if not found:
        return None
    kind = found["type"].lower()
    parts = [unquote(each) for each in found["path"].split("/") if each]
    version = unquote(found["version"] or "")
    query = {key: values[-1] for key, values in parse_qs(found["query"] or "").items()}
    if kind in {"deb", "apk", "rpm"}:
        return _of_distribution(parts, version, query)
    ecosystem = _OF_TYPE.get(kind)
    if ecosystem is None or not parts:
        return None
    return Package(ecosystem, _name(ecosystem, parts, query, found["inside"] or ""), version)


def _name(ecosystem: Ecosystem, parts: list[str], query: dict[str, str], inside: str) -> str:
    if ecosystem == Ecosystem.MAVEN:
        return ":".join(parts[-2:])
    if ecosystem == Ecosystem.COCOAPODS and inside:
        return f"{parts[-1]}/{unquote(inside)}"
    if ecosystem == Ecosystem.DOCKER and "repository_url" in query:
        return f"{query['repository_url']}/{'/'.join(parts)}"
    return "/".join(parts)


def _of_distribution(parts: list[str], version: str, query: dict[str, str]) -> Package | None:
    """Advisories name the source a package is built of, and the release of the distribution."""
    family = _DISTRIBUTIONS.get(parts[0].lower()) if len(parts) > 1 else None
    if family is None:
        return None
    name = re.sub(r"[@ ].*", "", query.get("upstream", "")) or parts[-1]
    numbers = re.findall(r"[0-9]+", query.get("distro", ""))
    release = _release(family, numbers)
    if release is None:
        return None
    epoch = query.get("epoch", "")
    spelt = f"{epoch}:{version}" if epoch.isdigit() and ":" not in version else version
    return Package(f"{family}{release}", re.sub(r"\.src\.rpm\Z", "", name), spelt)


def _release(family: str, numbers: list[str]) -> str | None:
    """As the ecosystem is called; None where the release is needed and not there."""
    if family in _WITHOUT_RELEASE:
        return ""
    if not numbers:
        return None
    if family == "Alpine":
        return f":v{'.'.join(numbers[:2])}"
    return f":{'.'.join(numbers[:2])}" if family == "Ubuntu" else f":{numbers[0]}"
