"""Python's versions: those of PEP 440, and before all of them the older ones that never knew it.

Source: PEP 440, "Summary of permitted suffixes and relative ordering" and appendix B; for older
ones setuptools before version 8, `pkg_resources.parse_version`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.scanning.versions.refusal import Key, no_version

_VERSION = re.compile(
    r"v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(?P<before>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<before_number>[0-9]+)?)?"
    r"(?P<after>-(?P<after_bare>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<after_number>[0-9]+)?)?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]+)?)?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII | re.IGNORECASE,
)
_SPELLINGS = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_LEGACY = re.compile(r"[a-z0-9._+!~*:/-]+", re.ASCII)
_LEGACY_PARTS = re.compile(r"(\d+|[a-z]+|\.|-)", re.ASCII)
_LEGACY_SPELLINGS = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


def key(text: str) -> Key:
    """By epoch, release, pre-release, post-release, development release and local part."""
    found = _VERSION.fullmatch(text)
    if not found:
        return 0, tuple(_legacy(text.lower()))
    return (
        1,
        int(found["epoch"] or 0),
        _release(found["release"]),
        _before(found),
        -1 if found["after"] is None else int(found["after_bare"] or found["after_number"] or 0),
        (1, 0) if found["dev"] is None else (0, int(found["dev_number"] or 0)),
        _local(found["local"]),
    )


def _release(text: str) -> tuple[int, ...]:
    """Its numbers, without zeros at the end: 1.0 is 1."""
    numbers = [int(each) for each in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _before(found: re.Match[str]) -> Key:
    """The pre-release. A development release of nothing else comes before all of them."""
    if found["before"]:
        word = found["before"].lower()
        return 1, _SPELLINGS.get(word, word), int(found["before_number"] or 0)
    is_development = found["dev"] is not None and found["after"] is None
    return (0, "", 0) if is_development else (2, "", 0)


def _local(text: str | None) -> Key:
    parts = re.split(r"[-_.]", text.lower()) if text else ()
    return tuple((1, int(each), "") if each.isdigit() else (0, 0, each) for each in parts)


def _legacy(text: str) -> Iterator[str]:
    """Words and numbers, so spelt that letters put them in order."""
    if not _LEGACY.fullmatch(text) or not any(each.isalnum() for each in text):
        raise no_version(text)
    parts: list[str] = []
    for each in [*_LEGACY_PARTS.split(text), "final"]:
        part = _LEGACY_SPELLINGS.get(each, each)
        if part in {"", "."}:
            continue
        if part.isdigit():
            parts.append(part.zfill(8))
            continue
        _drop_before(parts, f"*{part}")
        parts.append(f"*{part}")
    yield from parts


def _drop_before(parts: list[str], word: str) -> None:
    """A word before `final` takes hyphens with it, and every word the zeros before it."""
    if word < "*final":
        while parts and parts[-1] == "*final-":
            parts.pop()
    while parts and parts[-1] == "00000000":
        parts.pop()
