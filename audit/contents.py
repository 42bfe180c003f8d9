"""Whether the details of the selected entries are there, and are what their headers committed to.

    bodies       each one selected is there, or a tombstone says by which entry it was pruned
    values       each commitment in a body is told, or a tombstone says by which entry it was erased
    tombstones   each entry that they name exists and allowed just that

It goes along with the headers and holds the rows of one entry at a time. What is held longer is one
small record for each entry that allowed something to go.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Protocol

from audit import entry as entries
from audit.rows import ERASED, PRUNED, Ahead, Body, Tombstone, Value, commitments
from audit.verdict import Verdict

ALLOWING = {ERASED: "privacy.erased", PRUNED: "log.pruned"}
MOST_CLAIMS = 100_000
MOST_ERASED = 10_000
"""Values of one entry: more than the longest body has room for."""


class Problem(Protocol):
    """How a problem is said."""

    def __call__(self, verdict: Verdict, check: str, text: str, file: str = "") -> None:
        """Say it."""


@dataclass
class _Claim:
    """What tombstones say that one entry allowed."""

    why: str
    start: int
    end: int
    values: int
    bodies: int = 0
    """How many bodies it let go."""


@dataclass(frozen=True)
class Sides:
    """What lies beside the headers."""

    bodies: Ahead[Body]
    values: Ahead[Value]
    tombstones: Ahead[Tombstone]


class Contents:
    """Follows one log from front to back."""

    def __init__(
        self,
        sides: Sides,
        problem: Problem,
        *,
        tells_all_values: bool,
        unpermitted: Verdict = Verdict.INCOMPLETE,
    ) -> None:
        self._sides = sides
        self._unpermitted = unpermitted
        self._problem = problem
        self._tells_all_values = tells_all_values
        self._pruned: Tombstone | None = None
        self._claims: dict[int, _Claim] = {}
        self.bodies = self.values = self.pruned = self.erased = self.unasked = 0

    def take(self, index: int, header: dict[str, Any], *, selected: bool) -> dict[str, Any] | None:
        """Check what belongs to an entry; gives its body."""
        erased = self._tombstones(index)
        body = self._body(index, header["b"])
        is_pruned = self._pruned is not None and index < self._pruned.end
        if body is not None and not selected:
            self.unasked += 1
        if body is not None and is_pruned:
            self._problem(Verdict.TAMPERED, "tombstones", f"entry {index}: pruned, and yet there")
        if body is None and header["b"] is not None:
            self._lacking(index, is_pruned=is_pruned, selected=selected)
        if body is not None or header["b"] is None:
            self._values(index, body, erased)
        else:
            self._pass_over(self._sides.values, index)  # Nothing can be said of them.
        return body

    def skip(self, index: int) -> None:
        """Pass over an entry that could not be read."""
        self._tombstones(index)
        self._pass_over(self._sides.bodies, index)
        self._pass_over(self._sides.values, index)

    def finish(self) -> None:
        """Say that no further entry comes."""
        for side in (self._sides.bodies, self._sides.values, self._sides.tombstones):
            side.finish()

    def from_outside(
        self, index: int, header: dict[str, Any], body: Body | None
    ) -> dict[str, Any] | None:
        """The body of an entry that is not among the headers but is proven to be in the tree."""
        if body is None or body.commitment == header["b"]:
            return body.members if body is not None else None
        self._problem(Verdict.TAMPERED, "tombstones", f"entry {index}: another body")
        return None

    def allow(
        self, index: int, header: dict[str, Any], body: dict[str, Any] | None, *, is_allowed: bool
    ) -> None:
        """Compare what tombstones say of an entry with what it allows, if it allows anything."""
        claim = self._claims.pop(index, None)
        if claim is None:
            return
        if header["action"] != ALLOWING[claim.why] or header["outcome"] != "success":
            text = f"entry {index} is {header['action']}, which lets nothing be {claim.why}"
        elif body is None:
            text = f"entry {index} does not say what it let be {claim.why}"
        elif not is_allowed:
            text = f"entry {index} was not permitted to let anything be {claim.why}"
            self._problem(self._unpermitted, "tombstones", text)
            return
        elif not _covers(claim, body):
            text = f"more was {claim.why} than entry {index} allowed"
        else:
            return
        self._problem(Verdict.INCOMPLETE, "tombstones", text)

    def unallowed(self) -> None:
        """Say of everything that is gone and that nothing allowed."""
        for by, claim in self._claims.items():
            text = (
                f"entry {by} is not in the export: it is said to have allowed that content of "
                f"entries {claim.start} to {claim.end - 1} was {claim.why}"
            )
            self._problem(Verdict.INCOMPLETE, "tombstones", text)
        self._claims.clear()

    def _pass_over(self, side: Ahead[Any], index: int) -> None:
        for _ in side.of(index):
            pass

    def _body(self, index: int, commitment: str | None) -> dict[str, Any] | None:
        found = None
        for row in self._sides.bodies.of(index):
            self.bodies += 1
            if found is not None:
                self._problem(Verdict.MALFORMED, "bodies", f"entry {index}: two bodies")
            elif commitment is None:
                self._problem(Verdict.TAMPERED, "bodies", f"entry {index}: a body it never had")
            elif row.commitment != commitment:
                self._problem(Verdict.TAMPERED, "bodies", f"entry {index}: another body")
            found = row.members
        return found

    def _lacking(self, index: int, *, is_pruned: bool, selected: bool) -> None:
        if is_pruned:
            self.pruned += 1
            claim = self._claims.get(self._pruned.by) if self._pruned is not None else None
            if claim is not None:
                claim.bodies += 1
        elif selected and not self._sides.bodies.is_broken:
            self._problem(Verdict.INCOMPLETE, "bodies", f"entry {index}: its body is left out")

    def _values(self, index: int, body: dict[str, Any] | None, erased: Counter[str]) -> None:
        owed = Counter(commitments(body)) if body is not None else Counter()
        for row in self._sides.values.of(index):
            self.values += 1
            told = row.field, entries.commit_personal(row.field, row.salt, row.text)
            if owed[told] > 0:
                owed[told] -= 1
            else:
                text = f"entry {index}: a value of {row.field} that its body does not hold"
                self._problem(Verdict.TAMPERED, "values", text)
        self._settle(index, +owed, erased)

    def _settle(self, index: int, owed: Counter[tuple[str, str]], erased: Counter[str]) -> None:
        """Compare what is not told with what is said to be erased."""
        for (field, _), number in owed.items():
            gone = min(number, erased[field])
            erased[field] -= gone
            self.erased += gone
            if gone < number and self._tells_all_values and not self._sides.values.is_broken:
                text = f"entry {index}: the value of {field} is left out"
                self._problem(Verdict.INCOMPLETE, "values", text)
        for field in +erased:
            text = f"entry {index}: {field} is said to be erased, and is told or never was"
            self._problem(Verdict.TAMPERED, "tombstones", text)

    def _tombstones(self, index: int) -> Counter[str]:
        """The fields of an entry that are erased, and how many values of each."""
        erased: Counter[str] = Counter()
        for number, row in enumerate(self._sides.tombstones.of(index)):
            if number >= MOST_ERASED:
                text = f"entry {index}: more is erased than any entry has"
                self._problem(Verdict.MALFORMED, "tombstones", text)
                continue
            if row.field is not None:
                erased[row.field] += 1
            elif self._pruned is not None and index < self._pruned.end:
                self._problem(Verdict.MALFORMED, "tombstones", f"entry {index}: pruned twice")
            else:
                self._pruned = row
            self._claim(row)
        return erased

    def _claim(self, row: Tombstone) -> None:
        if row.by < row.end:
            text = f"entry {row.by} cannot have allowed that entry {row.end - 1} was {row.why}"
            self._problem(Verdict.INCOMPLETE, "tombstones", text)
            return
        claim = self._claims.get(row.by)
        if claim is None:
            if len(self._claims) >= MOST_CLAIMS:
                self._problem(Verdict.MALFORMED, "tombstones", "more reasons than can be followed")
                return
            claim = self._claims[row.by] = _Claim(row.why, row.index, row.end, 0)
        if claim.why != row.why:
            text = f"entry {row.by} cannot have both erased and pruned"
            self._problem(Verdict.INCOMPLETE, "tombstones", text)
        claim.end = max(claim.end, row.end)
        claim.values += 1


def _covers(claim: _Claim, body: dict[str, Any]) -> bool:
    if claim.why == ERASED:
        allowed = body.get("values")
        return type(allowed) is int and claim.values <= allowed
    first, end = body.get("first"), body.get("end")
    if type(first) is not int or type(end) is not int:
        return False
    most = body.get("bodies")
    if type(most) is int and claim.bodies > most:
        return False
    return first <= claim.start and claim.end <= end
