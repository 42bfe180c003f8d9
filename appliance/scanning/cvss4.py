"""CVSS 4.0: a vector belongs to one of 270 classes, and where in its class it is moves its score.

Source: FIRST, CVSS v4.0 Specification Document, section 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from appliance.scanning.cvss4_table import SCORES

Metrics = Mapping[str, str]

_MANDATORY: dict[str, str] = {
    "AV": "NALP",
    "AC": "LH",
    "AT": "NP",
    "PR": "NLH",
    "UI": "NPA",
    **dict.fromkeys(("VC", "VI", "VA", "SC", "SI", "SA"), "HLN"),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "E": tuple("XAPU"),
    **dict.fromkeys(("CR", "IR", "AR"), tuple("XHML")),
    **{f"M{name}": ("X", *values) for name, values in _MANDATORY.items()},
    **dict.fromkeys(("MSI", "MSA"), tuple("XSHLN")),
    "S": tuple("XNP"),
    "AU": tuple("XNY"),
    "R": tuple("XAUI"),
    "V": tuple("XDC"),
    "RE": tuple("XLMH"),
    "U": ("X", "Clear", "Green", "Amber", "Red"),
}
_WORST = {"E": "A", "CR": "H", "IR": "H", "AR": "H"}
"""What a metric counts as that nobody has defined."""

# How far down each value is, in steps.
_STEPS: dict[str, str] = {
    "AV": "NALP",
    "PR": "NLH",
    "UI": "NPA",
    "AC": "LH",
    "AT": "NP",
    **dict.fromkeys(("VC", "VI", "VA"), "HLN"),
    **dict.fromkeys(("SC", "SI", "SA"), "SHLN"),
    **dict.fromkeys(("CR", "IR", "AR"), "HML"),
}
_GROUPS: tuple[tuple[str, ...], ...] = (
    ("AV", "PR", "UI"),
    ("AC", "AT"),
    ("VC", "VI", "VA", "CR", "IR", "AR"),
    ("SC", "SI", "SA"),
)
# The worst vectors of each class, their values in the order of the group's metrics.
_HIGHEST: tuple[dict[str, tuple[str, ...]], ...] = (
    {"0": ("NNN",), "1": ("ANN", "NLN", "NNP"), "2": ("PNN", "ALP")},
    {"0": ("LN",), "1": ("HN", "LP")},
    {
        "00": ("HHHHHH",),
        "01": ("HHLMMH", "HHHMMM"),
        "10": ("LHHHHH", "HLHHHH"),
        "11": ("LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"),
        "21": ("LLLHHH",),
    },
    {"0": ("HSS",), "1": ("HHH",), "2": ("LLL",)},
)
# How many steps a class is deep.
_DEPTHS: tuple[dict[str, int], ...] = (
    {"0": 1, "1": 4, "2": 5},
    {"0": 1, "1": 2},
    {"00": 7, "01": 6, "10": 8, "11": 8, "21": 10},
    {"0": 6, "1": 5, "2": 4},
)


def is_complete(metrics: Metrics) -> bool:
    """Whether every mandatory metric is there, and every value is one."""
    return _MANDATORY.keys() <= metrics.keys() and all(
        value in _MANDATORY.get(name, _OPTIONAL.get(name, ())) and value
        for name, value in metrics.items()
    )


def score(metrics: Metrics) -> float:
    """Between 0 and 10, of a complete vector."""
    said = {name: _said(metrics, name) for name in (*_STEPS, "E")}
    if all(said[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    place = _class(said)
    value = SCORES["".join(place)]
    steps = next(_steps_below(said, place))
    moved = [
        (value - lower) * share
        for lower, share in zip(_next_lower(place), (*_shares(place, steps), 0.0), strict=True)
        if lower is not None
    ]
    value -= sum(moved) / len(moved) if moved else 0
    return int(max(0.0, min(10.0, value)) * 10 + 0.5 + 1e-6) / 10


def _said(metrics: Metrics, name: str) -> str:
    modified = metrics.get(f"M{name}", "X")
    plain = metrics.get(name, "X")
    said = modified if modified != "X" else plain
    return _WORST.get(name, said) if said == "X" else said


def _class(said: Metrics) -> tuple[str, str, str, str, str, str]:
    """The six digits of a vector's class, by tables 24 to 29."""
    ways_in = [said[name] == "N" for name in ("AV", "PR", "UI")]
    one = 0 if all(ways_in) else 1 if any(ways_in) and said["AV"] != "P" else 2
    two = 0 if said["AC"] == "L" and said["AT"] == "N" else 1
    harmed = [said[name] == "H" for name in ("VC", "VI", "VA")]
    three = 0 if harmed[0] and harmed[1] else 1 if any(harmed) else 2
    is_unsafe = "S" in {said["SI"], said["SA"]}
    four = 0 if is_unsafe else 1 if "H" in {said["SC"], said["SI"], said["SA"]} else 2
    needed = [said[name] == "H" for name in ("CR", "IR", "AR")]
    six = 0 if any(need and harm for need, harm in zip(needed, harmed, strict=True)) else 1
    return str(one), str(two), str(three), str(four), str("APU".index(said["E"])), str(six)


def _in_groups(place: tuple[str, ...]) -> tuple[str, str, str, str]:
    """The third and the sixth digit belong together."""
    return place[0], place[1], place[2] + place[5], place[3]


def _steps_below(said: Metrics, place: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
    """For each worst vector that is nowhere better: how many steps below it this one is."""
    worst = (table[each] for table, each in zip(_HIGHEST, _in_groups(place), strict=True))
    for chosen in product(*worst):
        below = [
            [
                _STEPS[name].index(said[name]) - _STEPS[name].index(value)
                for name, value in zip(group, values, strict=True)
            ]
            for group, values in zip(_GROUPS, chosen, strict=True)
        ]
        if all(step >= 0 for steps in below for step in steps):
            yield tuple(sum(steps) for steps in below)


def _shares(place: tuple[str, ...], steps: tuple[int, ...]) -> tuple[float, ...]:
    depths = (table[each] for table, each in zip(_DEPTHS, _in_groups(place), strict=True))
    return tuple(step / depth for step, depth in zip(steps, depths, strict=True))


def _next_lower(place: tuple[str, str, str, str, str, str]) -> tuple[float | None, ...]:
    """The score of the class below in each group; None where there is none."""
    one, two, three, four, five, six = place
    if (three, six) == ("0", "0"):
        below = [(three, "1"), ("1", six)]
    elif (three, six) == ("1", "0"):
        below = [(three, "1")]
    else:
        below = [(str(int(three) + 1), six)]
    joint = [SCORES.get(f"{one}{two}{a}{four}{five}{b}") for a, b in below]
    return (
        SCORES.get(f"{int(one) + 1}{two}{three}{four}{five}{six}"),
        SCORES.get(f"{one}{int(two) + 1}{three}{four}{five}{six}"),
        max((each for each in joint if each is not None), default=None),
        SCORES.get(f"{one}{two}{three}{int(four) + 1}{five}{six}"),
        SCORES.get(f"{one}{two}{three}{four}{int(five) + 1}{six}"),
    )
