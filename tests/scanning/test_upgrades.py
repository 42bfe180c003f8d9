"""Advice names the smallest version that helps against all, and whom to ask for it."""

from __future__ import annotations

from appliance.domain.components import Component, Ecosystem
from appliance.scanning.advisories import Affected, EventKind, Happening, Range
from appliance.scanning.upgrades import MOST_WAYS, advice, smallest_fixed, ways

NPM = Ecosystem.NPM


def affected(*events: tuple[str, str], versions=()):
    happenings = tuple(Happening(EventKind(kind), version) for kind, version in events)
    return Affected(NPM, "left", frozenset(versions), (Range(happenings),))


def component(name, *parents: str, version="1.0.0", is_direct=False):
    return Component(NPM, name, version, 1, is_direct=is_direct, parents=parents)


TWICE = affected(
    *(("fixed", "3.1.0"), ("introduced", "0"), ("introduced", "3.0.0"), ("fixed", "2.0.0"))
)


def test_the_smallest_later_version_that_is_fixed_is_found():
    assert smallest_fixed(component("left"), [TWICE]) == "2.0.0"
    assert smallest_fixed(component("left", version="3.0.0"), [TWICE]) == "3.1.0"
    assert smallest_fixed(component("left", version="3.1.0"), [TWICE]) == ""
    assert smallest_fixed(component("left", version=""), [TWICE]) == "2.0.0"


def test_it_helps_against_every_advisory():
    other = affected(("introduced", "1.5.0"), ("fixed", "2.0.1"))
    listed = affected(("introduced", "0"), ("fixed", "2.0.0"), versions=["2.0.0"])

    assert smallest_fixed(component("left"), [TWICE, other]) == "2.0.1"
    assert smallest_fixed(component("left"), [listed]) == ""
    endless = affected(("introduced", "0"))
    assert smallest_fixed(component("left"), [TWICE, endless]) == ""


def test_ways_lead_up_to_what_is_asked_for_directly():
    lock = [
        component("app", is_direct=True),
        component("other", is_direct=True),
        component("middle", "app@1.0.0"),
        component("left", "middle@1.0.0", "other@1.0.0", "unknown@1.0.0"),
    ]
    found = advice(lock[-1], [TWICE], lock)

    assert found.version == "2.0.0"
    assert found.ways == (
        ("other@1.0.0", "left@1.0.0"),
        ("app@1.0.0", "middle@1.0.0", "left@1.0.0"),
    )


def test_what_is_asked_for_directly_is_its_own_way():
    direct = component("left", is_direct=True)
    assert tuple(ways(direct, [direct])) == (("left@1.0.0",),)


def test_circles_and_crowds_end():
    circle = [component("a", "b@1.0.0"), component("b", "a@1.0.0")]
    assert tuple(ways(circle[0], circle)) == ()
    layers = [component("top", is_direct=True)]
    for layer in range(25):
        above = [each.label for each in layers[-10:]]
        layers += [component(f"n{layer}-{number}", *above) for number in range(10)]
    assert len(tuple(ways(layers[-1], layers))) <= MOST_WAYS
