"""Which advisories speak of one vulnerability under several names."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from appliance.scanning.advisories import Advisory

_FIRST = ("CVE-", "GHSA-")
"""Whose names people know: these are preferred, in this order."""


def canonical_names(advisories: Iterable[Advisory]) -> dict[str, str]:
    """For every name in them, the one name of its vulnerability.

    Aliases work both ways and through one another. What was withdrawn ties nothing together: it was
    often withdrawn because it did so wrongly.
    """
    return canonical((each.id, () if each.is_withdrawn else each.aliases) for each in advisories)


def canonical(
    links: Iterable[tuple[str, Iterable[str]]], *, settled: Collection[str] = ()
) -> dict[str, str]:
    """The same for names with their aliases. `settled` names go before all others: a vulnerability
    that was known under one name keeps it, whatever names it is given later.
    """
    leaders: dict[str, str] = {}
    for name, aliases in links:
        _leader(leaders, name)
        for alias in aliases:
            one, other = _leader(leaders, name), _leader(leaders, alias)
            first, second = sorted((one, other), key=lambda each: _preference(each, settled))
            leaders[second] = first
    return {name: _leader(leaders, name) for name in list(leaders)}


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


def _preference(name: str, settled: Collection[str]) -> tuple[bool, int, str]:
    place = next((at for at, start in enumerate(_FIRST) if name.startswith(start)), len(_FIRST))
    return name not in settled, place, name
