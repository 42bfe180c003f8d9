"""Which advisories speak of one vulnerability under several names."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.scanning.advisories import Advisory

_FIRST = ("CVE-", "GHSA-")
"""Whose names people know: these are preferred, in this order."""


def canonical_names(advisories: Iterable[Advisory]) -> dict[str, str]:
    """For every name in them, the one name of its vulnerability.

    Aliases work both ways and through one another. What was withdrawn ties nothing together: it was
    often withdrawn because it did so wrongly.
    """
    leaders: dict[str, str] = {}
    for advisory in advisories:
        _leader(leaders, advisory.id)
        if not advisory.is_withdrawn:
            for alias in advisory.aliases:
                _join(leaders, advisory.id, alias)
    return {name: _leader(leaders, name) for name in list(leaders)}


def _join(leaders: dict[str, str], one: str, other: str) -> None:
    first, second = sorted((_leader(leaders, one), _leader(leaders, other)), key=_preference)
    leaders[second] = first


def _leader(leaders: dict[str, str], name: str) -> str:
    """Whoever stands for all, found by way of those in between, which are shortened."""
    leaders.setdefault(name, name)
    passed = []
    while leaders[name] != name:
        passed.append(name)
        name = leaders[name]
    for each in passed:
        leaders[each] = name
    return name


def _preference(name: str) -> tuple[int, str]:
    place = next((at for at, start in enumerate(_FIRST) if name.startswith(start)), len(_FIRST))
    return place, name
