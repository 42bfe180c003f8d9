"""How severe a vulnerability is, computed from its CVSS vector: versions 3.0, 3.1 and 4.0.

Of version 3 the base metrics count. A score says nothing by itself of where the vulnerability is.

Source: FIRST, CVSS v3.0 and v3.1 Specification Documents, section 7.1 and appendix A.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from appliance.errors import InvalidError, sentence
from appliance.scanning import cvss4

LONGEST = 512
"""Characters of a vector; one with every metric of version 4.0 has about 200."""


class VectorError(InvalidError):
    """The text is no CVSS vector that is understood here."""


class Severity(StrEnum):
    """The words for scores. Source: CVSS v4.0, section 6."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Score:
    """What a vector comes to."""

    version: str
    value: float

    @property
    def severity(self) -> Severity:
        """Its word."""
        return severity_of(self.value)


_LEAST = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))

_HEADS = {f"CVSS:{version}": version for version in ("3.0", "3.1", "4.0")}
_BASE: dict[str, dict[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "S": {"U": 0, "C": 1},
    "C": {"H": 0.56, "L": 0.22, "N": 0},
    "I": {"H": 0.56, "L": 0.22, "N": 0},
    "A": {"H": 0.56, "L": 0.22, "N": 0},
}
_PRIVILEGES_WHERE_SCOPE_CHANGES = {"N": 0.85, "L": 0.68, "H": 0.5}
_ALLOWED = {
    **{name: "".join(values) for name, values in _BASE.items()},
    "E": "XUPFH",
    "RL": "XOTWU",
    "RC": "XURC",
    **dict.fromkeys(("CR", "IR", "AR"), "XLMH"),
    **{f"M{name}": "X" + "".join(values) for name, values in _BASE.items()},
}


def score(vector: str) -> Score:
    """What a vector comes to.

    Errors:
        VectorError: it is none of version 3.0, 3.1 or 4.0, or lacks a metric.
    """
    version, metrics = _parsed(vector)
    if version == "4.0" and cvss4.is_complete(metrics):
        return Score(version, cvss4.score(metrics))
    if version != "4.0" and _is_complete(metrics):
        return Score(version, _base(metrics, version))
    raise _no_vector(vector)


def severity_of(value: float) -> Severity:
    """The word for a score between 0 and 10."""
    for least, word in _LEAST:
        if value >= least:
            return word
    return Severity.LOW if value > 0 else Severity.NONE


def _no_vector(vector: str) -> VectorError:
    return VectorError(sentence("%(text)s is no CVSS vector.", text=repr(vector[:80])))


def _parsed(vector: str) -> tuple[str, dict[str, str]]:
    head, *parts = vector.rstrip("/").split("/") if len(vector) <= LONGEST else [""]
    metrics = dict(part.partition(":")[::2] for part in parts)
    if head not in _HEADS or len(metrics) < len(parts):
        raise _no_vector(vector)
    return _HEADS[head], metrics


def _is_complete(metrics: dict[str, str]) -> bool:
    return _BASE.keys() <= metrics.keys() and all(
        len(value) == 1 and value in _ALLOWED.get(name, "") for name, value in metrics.items()
    )


def _base(metrics: dict[str, str], version: str) -> float:
    weight = {name: values[metrics[name]] for name, values in _BASE.items()}
    is_changed = metrics["S"] == "C"
    if is_changed:
        weight["PR"] = _PRIVILEGES_WHERE_SCOPE_CHANGES[metrics["PR"]]
    lost = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 6.42 * lost
    if is_changed:
        impact = 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15
    if impact <= 0:
        return 0.0
    ease = 8.22 * weight["AV"] * weight["AC"] * weight["PR"] * weight["UI"]
    whole = min((impact + ease) * (1.08 if is_changed else 1), 10)
    return math.ceil(whole * 10) / 10 if version == "3.0" else _rounded_up(whole)


def _rounded_up(value: float) -> float:
    """To one decimal, whatever the machine makes of fractions. Source: v3.1, appendix A."""
    hundred_thousandths = round(value * 100_000)
    if hundred_thousandths % 10_000 == 0:
        return hundred_thousandths / 100_000
    return (hundred_thousandths // 10_000 + 1) / 10
