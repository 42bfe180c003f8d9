"""What other systems say of a commit: statuses and check runs, and what follows from them.

A **status** is one word under a name. A **check run** has a course, a report, annotations of lines
and links to what it made. Both hang on a commit: when a branch moves on, its new commit has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from appliance.domain.merge_facts import CheckOutcome
from appliance.errors import InvalidError, sentence

MOST_STATUSES = 1000
"""Of one commit."""
MOST_RUNS = 1000
"""Of one commit."""
MOST_ANNOTATIONS = 1000
"""Of one check run."""
MOST_ANNOTATIONS_AT_ONCE = 100
MOST_ARTEFACTS = 50
LONGEST_NAME = 255
LONGEST_DESCRIPTION = 255
LONGEST_ADDRESS = 2048


class StatusState(StrEnum):
    """The one word of a status."""

    ERROR = "error"
    FAILURE = "failure"
    PENDING = "pending"
    SUCCESS = "success"


class RunState(StrEnum):
    """How far a check run is."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Conclusion(StrEnum):
    """How a check run ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    ACTION_REQUIRED = "action_required"
    STALE = "stale"


class AnnotationLevel(StrEnum):
    """How bad it is what is said of lines."""

    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


class Standing(StrEnum):
    """How a required check stands for a commit."""

    PASSED = "passed"
    PENDING = "pending"
    FAILED = "failed"
    STALE = "stale"
    """It was reported for an earlier commit of the branch, and not for this one."""
    MISSING = "missing"


@dataclass(frozen=True)
class Report:
    """The latest word of one reporter under one name."""

    name: str
    reporter_id: UUID | None
    outcome: CheckOutcome


@dataclass(frozen=True)
class Required:
    """A required check, and how it stands."""

    name: str
    standing: Standing

    @property
    def is_met(self) -> bool:
        """Whether it is in nobody's way."""
        return self.standing is Standing.PASSED


OF_POLICIES = "policy/"
OF_SCANS = "scan/"
OWN = OF_POLICIES, OF_SCANS
"""How the names of the appliance's own check runs begin."""
PASSING = frozenset({Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.SKIPPED})
OF_STATUS = {
    StatusState.ERROR: CheckOutcome.FAILED,
    StatusState.FAILURE: CheckOutcome.FAILED,
    StatusState.PENDING: CheckOutcome.PENDING,
    StatusState.SUCCESS: CheckOutcome.PASSED,
}
_WORST_FIRST = (CheckOutcome.FAILED, CheckOutcome.PENDING, CheckOutcome.PASSED)


def of_run(state: RunState, conclusion: Conclusion | None) -> CheckOutcome:
    """What a check run means for rules."""
    if state is not RunState.COMPLETED:
        return CheckOutcome.PENDING
    return CheckOutcome.PASSED if conclusion in PASSING else CheckOutcome.FAILED


def worst(outcomes: Iterable[CheckOutcome]) -> CheckOutcome | None:
    """The one that is in the way most; None of none."""
    found = set(outcomes)
    return next((each for each in _WORST_FIRST if each in found), None)


def by_name(reports: Iterable[Report]) -> dict[str, CheckOutcome]:
    """What came of each check, in the order of their names.

    Of one reporter the latest word counts, and of several the worst: nobody makes good by a report
    of their own what another has found bad. `reports` begins with the newest.
    """
    latest: dict[tuple[str, UUID | None], CheckOutcome] = {}
    for each in reports:
        latest.setdefault((each.name, each.reporter_id), each.outcome)
    found: dict[str, list[CheckOutcome]] = {}
    for (name, _), outcome in sorted(latest.items(), key=lambda item: item[0][0]):
        found.setdefault(name, []).append(outcome)
    return {name: worst(each) or CheckOutcome.PENDING for name, each in found.items()}


def required(
    names: Iterable[str],
    of_head: Mapping[str, CheckOutcome],
    before: Iterable[str] = (),
) -> tuple[Required, ...]:
    """How each required check stands for a commit; `before` names what earlier ones had."""
    earlier = frozenset(before)
    return tuple(
        Required(name, _standing(of_head.get(name), was_there=name in earlier))
        for name in dict.fromkeys(names)
    )


def unmet(found: Iterable[Required]) -> tuple[Required, ...]:
    """The required checks that are in the way."""
    return tuple(each for each in found if not each.is_met)


def _standing(outcome: CheckOutcome | None, *, was_there: bool) -> Standing:
    if outcome is not None:
        return Standing(outcome.value)
    return Standing.STALE if was_there else Standing.MISSING


def insist_on_free_name(name: str, *, field: str = "name") -> None:
    """Go on only if others than the appliance may report under a name.

    Errors:
        InvalidError: it is kept for what policies and scans find.
    """
    for start in OWN:
        if name.startswith(start):
            raise InvalidError.of(
                field,
                sentence(
                    "Names that begin with %(start)s are for the appliance's own checks.",
                    start=start,
                ),
            )


def check_name(name: str, *, field: str = "name") -> str:
    """What a check is called, on one line.

    Errors:
        InvalidError: nothing can be called so.
    """
    found = " ".join(name.split())
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise InvalidError.of(
            field, sentence("A check's name has 1 to %(most)s characters.", most=LONGEST_NAME)
        )
    return found


def check_description(description: str) -> str:
    """A few words on one line.

    Errors:
        InvalidError: there are too many.
    """
    found = " ".join(description.split())
    if len(found) > LONGEST_DESCRIPTION or not found.isprintable():
        raise InvalidError.of(
            "description",
            sentence("A description has at most %(most)s characters.", most=LONGEST_DESCRIPTION),
        )
    return found


def check_address(address: str, *, field: str) -> str:
    """An address that a page may link to, or nothing.

    Errors:
        InvalidError: it is no address of the web.
    """
    found = address.strip()
    if not found:
        return ""
    try:
        parts = urlsplit(found)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good or len(found) > LONGEST_ADDRESS or not found.isprintable() or " " in found:
        raise InvalidError.of(field, sentence("Give an address that begins with https://."))
    return found


def check_conclusion(state: RunState, conclusion: Conclusion | None) -> None:
    """Go on only if a check run has a conclusion when, and only when, it has ended.

    Errors:
        InvalidError: it has not.
    """
    if (state is RunState.COMPLETED) != (conclusion is not None):
        raise InvalidError.of(
            "conclusion", sentence("A check run has a conclusion once it is completed.")
        )
