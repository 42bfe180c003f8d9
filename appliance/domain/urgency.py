"""What is dealt with first, of vulnerable components: a number, of which the smallest comes first.

Its digits are, in this order: whether the match is certain, whether attackers are known to use the
vulnerability (KEV), its severity, how likely its use is (EPSS), how far code reaches it, when the
component is needed, and who asks for it. So a later one only decides between equals of all before.
"""

from __future__ import annotations

from appliance.domain.alerts import Severity
from appliance.domain.components import Scope

LIKELY = (0.95, 0.9, 0.5)
"""Percentiles of EPSS at which another band begins, the likeliest first. Source: FIRST, "EPSS
User Guide": percentiles, not scores, compare vulnerabilities."""
NO_SCORE = len(LIKELY) + 1
REACHES = {"called": 0, "imported": 1, "unknown": 2, "not_imported": 3}
"""What is not known comes before what is known to be out of reach."""
SCOPES = {Scope.RUNTIME: 0, Scope.OPTIONAL: 1, Scope.DEVELOPMENT: 2}
DIRECT, UNTOLD, TRANSITIVE = 0, 1, 2
UNCERTAIN = 1000
"""Added to a match of which nobody can say whether the version is affected."""
UNKNOWN_MATCH = 199
NOTHING_KNOWN = 9_000_000
_SEVERITIES = list(Severity)


def band(percentile: float | None) -> int:
    """How likely use is, in bands; the last one is that there is no score."""
    if percentile is None:
        return NO_SCORE
    return next((at for at, least in enumerate(LIKELY) if percentile >= least), len(LIKELY))


def of_match(severity: str, *, is_exploited: bool, percentile: float | None) -> int:
    """The digits that a vulnerability has wherever it is."""
    rank = _SEVERITIES.index(Severity(severity))
    return (0 if is_exploited else 100) + 10 * rank + band(percentile)


def of_component(match: int, reach: str, scope: Scope, *, is_direct: bool | None) -> int:
    """The whole number of a component, for the worst of its matches."""
    who = UNTOLD if is_direct is None else DIRECT if is_direct else TRANSITIVE
    return match * 1000 + REACHES[reach] * 100 + SCOPES[scope] * 10 + who
