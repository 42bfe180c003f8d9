"""Who needs whom in a lock, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from appliance.domain.components import Scope

Key = tuple[str, ...]
"""A component's name and version, or whatever else a format tells them apart by."""
Needs = Mapping[Key, Iterable[Key]]
MOST_PARENTS = 200
"""Of one component. More help nobody, and a lock could be made of nothing else."""


def few(names: Iterable[str]) -> tuple[str, ...]:
    """The first of them, each once."""
    return tuple(dict.fromkeys(islice(names, MOST_PARENTS)))


def reached(wants: Mapping[Scope, Iterable[Key]], needs: Needs) -> dict[Key, Scope]:
    """When each is needed: in the first scope from which any way leads to it."""
    scopes: dict[Key, Scope] = {}
    for scope, first in wants.items():
        waiting = list(first)
        while waiting:
            key = waiting.pop()
            if key not in scopes:
                scopes[key] = scope
                waiting += needs.get(key, ())
    return scopes


def brought_along(needs: Needs) -> dict[Key, tuple[str, ...]]:
    """Who needs each, as `name@version`."""
    parents: dict[Key, list[str]] = {}
    for parent, targets in needs.items():
        for target in dict.fromkeys(targets):
            parents.setdefault(target, []).append("@".join(parent))
    return {key: few(found) for key, found in parents.items()}
