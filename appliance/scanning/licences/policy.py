"""What an organisation makes of a licence: allowed, to be looked at, or denied.

Nobody is asked about what was never decided: what is unknown is to be looked at, never allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.scanning.licences import expressions
from appliance.scanning.licences.expressions import Either, Expression, Licence


class Decision(StrEnum):
    """What a policy says, from the best to the worst."""

    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"


_ORDER = list(Decision)


@dataclass(frozen=True)
class Policy:
    """Licences by what is made of them. A licence WITH an exception is one of its own."""

    allowed: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judgement:
    """What was decided, and which licences decided it."""

    decision: Decision
    because: tuple[str, ...] = ()


def judge(policy: Policy, text: str) -> Judgement:
    """What a policy says of an expression as somebody wrote it."""
    expression = expressions.read(text)
    if expression is None:
        return Judgement(Decision.REVIEW, (text[: expressions.LONGEST],) if text.strip() else ())
    return judge_expression(policy, expression)


def judge_expression(policy: Policy, expression: Expression) -> Judgement:
    """Of a choice the best counts, of what holds together the worst."""
    if isinstance(expression, Licence):
        return Judgement(_of(policy, expression), (str(expression),))
    found = [judge_expression(policy, part) for part in expression.parts]
    pick = min if isinstance(expression, Either) else max
    decision = pick((each.decision for each in found), key=_ORDER.index)
    because = [name for each in found if each.decision == decision for name in each.because]
    return Judgement(decision, tuple(dict.fromkeys(because)))


def _of(policy: Policy, licence: Licence) -> Decision:
    """Case says nothing in identifiers. What is on both lists is denied."""
    name = str(licence).lower()
    if name in {each.lower() for each in policy.denied}:
        return Decision.DENY
    is_allowed = licence.is_known and name in {each.lower() for each in policy.allowed}
    return Decision.ALLOW if is_allowed else Decision.REVIEW
