"""What an organisation makes of a licence: allowed, to be looked at, or denied.

Nobody is asked about what was never decided: what is unknown is to be looked at, never allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.domain.licences import LicenceDecision
from appliance.scanning.licences import expressions
from appliance.scanning.licences.expressions import Either, Expression, Licence

_ORDER = list(LicenceDecision)


@dataclass(frozen=True)
class Judgement:
    """What was decided, and which licences decided it."""

    decision: LicenceDecision
    because: tuple[str, ...] = ()


class Judge:
    """Says what becomes of licences by two lists. Its state is what it was asked before.

    A licence WITH an exception is one of its own.
    """

    def __init__(self, allowed: Iterable[str], denied: Iterable[str]) -> None:
        self._allowed = {each.lower() for each in allowed}
        self._denied = {each.lower() for each in denied}
        self._known: dict[str, tuple[str, Judgement]] = {}

    def judge(self, text: str) -> Judgement:
        """What becomes of an expression as somebody wrote it."""
        return self.read(text)[1]

    def read(self, text: str) -> tuple[str, Judgement]:
        """The same, with the expression in its one spelling: as it is, where it is none."""
        if text not in self._known:
            self._known[text] = self._read(text)
        return self._known[text]

    def _read(self, text: str) -> tuple[str, Judgement]:
        expression = expressions.read(text)
        if expression is None:
            said = text.strip()[: expressions.LONGEST]
            return said, Judgement(LicenceDecision.REVIEW, (said,) if said else ())
        return str(expression), self._of_expression(expression)

    def _of_expression(self, expression: Expression) -> Judgement:
        """Of a choice the best counts, of what holds together the worst."""
        if isinstance(expression, Licence):
            return Judgement(self._of(expression), (str(expression),))
        found = [self._of_expression(part) for part in expression.parts]
        pick = min if isinstance(expression, Either) else max
        decision = pick((each.decision for each in found), key=_ORDER.index)
        because = [name for each in found if each.decision == decision for name in each.because]
        return Judgement(decision, tuple(dict.fromkeys(because)))

    def _of(self, licence: Licence) -> LicenceDecision:
        """Case says nothing in identifiers. What is on both lists is denied."""
        name = str(licence).lower()
        if name in self._denied:
            return LicenceDecision.DENY
        is_allowed = licence.is_known and name in self._allowed
        return LicenceDecision.ALLOW if is_allowed else LicenceDecision.REVIEW
