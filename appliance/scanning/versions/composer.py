"""Packagist's versions: up to four numbers, or a date, and how stable it is.

`dev-main` and `2.x-dev` are branches: what they hold today nobody knows, so they have no place.

Source: Composer documentation, "Versions and constraints"; PHP manual, `version_compare`.
"""

from __future__ import annotations

import re

from appliance.scanning.versions.refusal import Key, no_version

_STABILITY = (
    r"[._-]?(?:(?P<stability>stable|beta|b|rc|alpha|a|patch|pl|p)"
    r"(?P<number>(?:[.-]?[0-9]+)*))?(?P<dev>[.-]?dev)?"
)
_VERSION = re.compile(
    rf"v?(?P<numbers>[0-9]{{1,5}}(?:\.[0-9]+){{0,3}}){_STABILITY}", re.ASCII | re.IGNORECASE
)
_DATE = re.compile(
    r"v?(?P<numbers>[0-9]{4}(?:[.:-]?[0-9]{2}){1,6}(?:[.:-]?[0-9]{1,3}){0,2})" + _STABILITY,
    re.ASCII | re.IGNORECASE,
)
_BRANCH = re.compile(
    r"dev-.+|.+[.-]?dev|(?:v?[0-9]+\.)+[x*](?:-dev)?|master|trunk|default|main", re.IGNORECASE
)
_BEHIND = re.compile(r"(?:\s+as\s+.*|\+[^\s]+|@(?:stable|rc|beta|alpha|dev))\Z", re.IGNORECASE)
_DEV, _RELEASE = 0, 4
_RANKS = {"alpha": 1, "a": 1, "beta": 2, "b": 2, "rc": 3, "stable": 4, "": 4}
_PATCH = 5


def key(text: str) -> Key | None:
    """By its numbers, its stability and that one's number."""
    plain = _BEHIND.sub("", text)
    found = _VERSION.fullmatch(plain) or _DATE.fullmatch(plain)
    if found:
        return _key(found)
    if _BRANCH.fullmatch(plain):
        return None
    raise no_version(text)


def _key(found: re.Match[str]) -> Key:
    numbers = [int(each) for each in re.findall(r"[0-9]+", found["numbers"])]
    if found.re is _VERSION:
        numbers = [*numbers, 0, 0, 0][:4]
    word = (found["stability"] or "").lower()
    rank = _RANKS.get(word, _PATCH)
    further = tuple(int(each) for each in re.findall(r"[0-9]+", found["number"] or ""))
    if rank == _RELEASE:
        rank, further = (_DEV if found["dev"] else _RELEASE), ()
    return tuple(numbers), rank, further, 0 if found["dev"] else 1
