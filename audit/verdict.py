"""What a verification found: every check, every problem, then one verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum


class Verdict(IntEnum):
    """The answer, as the exit code that programs see."""

    GOOD = 0
    TAMPERED = 10
    FORKED = 20
    INCOMPLETE = 30
    UNTRUSTED = 40
    MALFORMED = 50
    USAGE = 64


WORST_FIRST = (
    Verdict.MALFORMED,
    Verdict.TAMPERED,
    Verdict.FORKED,
    Verdict.INCOMPLETE,
    Verdict.UNTRUSTED,
)
MOST_LISTED_OF_A_SORT = 100
"""Problems of one check of one log beyond these are counted, not listed."""
MOST_LISTED = 5000
LONGEST_TEXT = 300
"""Characters of a problem's text: some of it may come from whoever wrote the export."""


@dataclass(frozen=True)
class Problem:
    """Something that is not as it must be. `log` and `file` are empty where none is meant."""

    verdict: Verdict
    check: str
    log: str
    file: str
    text: str


@dataclass(frozen=True)
class Check:
    """Something that was looked at, what is to be said of it, and how it went."""

    name: str
    log: str
    text: str
    verdict: Verdict


@dataclass
class Findings:
    """What was checked, and what was wrong."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is no fault and yet should be known."""
    _done: list[tuple[str, str, str]] = field(default_factory=list)
    _counts: Counter[tuple[Verdict, str, str, str]] = field(default_factory=Counter)

    def problem(
        self, verdict: Verdict, check: str, text: str, *, log: str = "", file: str = ""
    ) -> None:
        """Note a problem."""
        sort = (verdict, check, log, file)
        self._counts[sort] += 1
        if self._counts[sort] <= MOST_LISTED_OF_A_SORT and len(self.problems) < MOST_LISTED:
            self.problems.append(Problem(verdict, check, log, file, text[:LONGEST_TEXT]))

    def did(self, check: str, text: str, *, log: str = "") -> None:
        """Note that a check is over; whether it held is known from its problems."""
        self._done.append((check, log, text))

    def note(self, text: str) -> None:
        """Note something worth knowing."""
        if len(self.notes) < MOST_LISTED:
            self.notes.append(text[:LONGEST_TEXT])

    def count(self, log: str = "") -> int:
        """How many problems there are, listed or not; with `log`, those of that log alone."""
        if not log:
            return self._counts.total()
        return sum(number for (_, _, of, _), number in self._counts.items() if of == log)

    def blame_changes(self, changed: Collection[str]) -> None:
        """Say of files that are not as they were signed that they were changed.

        Nobody can say of such a file that its writer wrote nonsense.
        """
        self.problems = [
            replace(each, verdict=Verdict.TAMPERED)
            if each.verdict is Verdict.MALFORMED and each.file in changed
            else each
            for each in self.problems
        ]
        counts: Counter[tuple[Verdict, str, str, str]] = Counter()
        for (verdict, check, log, file), number in self._counts.items():
            is_blamed = verdict is Verdict.MALFORMED and file in changed
            counts[Verdict.TAMPERED if is_blamed else verdict, check, log, file] += number
        self._counts = counts

    def checks(self) -> list[Check]:
        """Every check that was made, in order."""
        verdicts: dict[tuple[str, str], list[Verdict]] = {}
        for verdict, check, log, _file in self._counts:
            verdicts.setdefault((check, log), []).append(verdict)
        return [
            Check(name, log, text, worst(verdicts.get((name, log), [])))
            for name, log, text in self._done
        ]

    @property
    def verdict(self) -> Verdict:
        """The one answer."""
        return worst(verdict for verdict, *_rest in self._counts)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that counts among several."""
    found = set(verdicts)
    return next((each for each in WORST_FIRST if each in found), Verdict.GOOD)
