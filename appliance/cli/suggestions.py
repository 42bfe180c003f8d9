"""Names that there are: what was meant by a wrong one, and what a begun one may become."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from appliance.cli.client import Client, segment
from appliance.errors import ApplianceError

LOOKED_AT = 100
ENOUGH_ALIKE = 0.6


def alike(api: Client, words: Mapping[str, Any]) -> str:
    """The name that was likely meant by one that names nothing; empty if nobody knows.

    The names of a command's arguments say what kind of thing each of them is.
    """
    for kind, word in words.items():
        if kind not in NAMES or not isinstance(word, str):
            continue
        there = known(api, kind, word)
        if word.lower() in {name.lower() for name in there}:
            continue
        close = difflib.get_close_matches(word, there, n=1, cutoff=ENOUGH_ALIKE)
        if close:
            return close[0]
    return ""


def known(api: Client, kind: str, word: str) -> list[str]:
    """The names of that kind near a word; none where one may not see them."""
    try:
        return list(NAMES[kind](api, word))
    except ApplianceError:
        return []


def _users(api: Client, _word: str) -> Iterator[str]:
    yield from (each["name"] for each in _first(api, "/users"))


def _organisations(api: Client, _word: str) -> Iterator[str]:
    yield from (each["name"] for each in _first(api, "/orgs"))


def _teams(api: Client, word: str) -> Iterator[str]:
    organisation = word.partition("/")[0]
    if "/" in word:
        found = _first(api, f"/orgs/{segment(organisation)}/teams")
        yield from (f"{organisation}/{each['name']}" for each in found)


def _repositories(api: Client, word: str) -> Iterator[str]:
    owner = word.partition("/")[0] if "/" in word else None
    found = _first(api, "/repos", owner=owner) or _first(api, "/repos")
    yield from (each["path"] for each in found)


def _first(api: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.call("GET", path, query={**query, "limit": LOOKED_AT})[
        "items"
    ]
    return items


NAMES: dict[str, Callable[[Client, str], Iterable[str]]] = {
    "user": _users,
    "organisation": _organisations,
    "team": _teams,
    "repository": _repositories,
}
