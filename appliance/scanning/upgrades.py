"""Which version to go to, and whom to ask for it: the way from what a project asks for itself.

A way is a list of components, from the direct one down to the one that is affected.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from appliance.domain.components import Component
from appliance.scanning.advisories import Affected, EventKind
from appliance.scanning.matching import Verdict, judge_affected, place_of
from appliance.scanning.versions.refusal import Key

MOST_WAYS = 5
"""Shown to people. There may be thousands, and the shortest are found first."""
DEEPEST = 30
MOST_STEPS = 20_000
"""Looked at on the way: a lock may have been made to have no end of them."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about one component."""

    version: str
    """The smallest later one that none of the advisories affects; empty where there is none."""
    ways: tuple[tuple[str, ...], ...]
    """Each from a direct component to this one, as `name@version`; shortest first."""


def advice(
    component: Component, affected: Sequence[Affected], components: Iterable[Component]
) -> Advice:
    """What to do about a component of a manifest, whose other components are given, too."""
    return Advice(smallest_fixed(component, affected), tuple(ways(component, components)))


def smallest_fixed(component: Component, affected: Sequence[Affected]) -> str:
    """A version that is called fixed somewhere, comes later, and is affected nowhere."""
    here = place_of(component.ecosystem, component.version)
    candidates: list[tuple[Key, str]] = []
    for each in affected:
        for happening in (one for span in each.ranges for one in span.happenings):
            place = place_of(component.ecosystem, happening.version)
            is_later = place is not None and (here is None or place > here)
            if happening.kind == EventKind.FIXED and place is not None and is_later:
                candidates.append((place, happening.version))
    for _, version in sorted(candidates):
        if all(judge_affected(each, version) == Verdict.UNAFFECTED for each in affected):
            return version
    return ""


def ways(component: Component, components: Iterable[Component]) -> Iterator[tuple[str, ...]]:
    """From the component upwards, breadth first, until something is asked for directly."""
    by_label = {each.label: each for each in components}
    waiting: deque[tuple[str, ...]] = deque([(component.label,)])
    found = 0
    for _ in range(MOST_STEPS):
        if not waiting or found == MOST_WAYS:
            return
        way = waiting.popleft()
        top = by_label.get(way[0])
        if top is not None and top.is_direct:
            found += 1
            yield way
        if top is not None and len(way) < DEEPEST:
            waiting.extend((parent, *way) for parent in top.parents if parent not in way)
