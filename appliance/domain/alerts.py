"""Alerts: what scans of a repository found, and what becomes of it. Pure decisions.

Four kinds share one life. An alert is **open** until somebody dismisses it with a reason, or until
what it says is gone. Deleting a line does not end a secret: only a revocation does that somebody
attests. Whoever builds a `Sighting` gives it an identity from `alert_identity`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from appliance.errors import ConflictError, InvalidError, sentence

LONGEST_TITLE = 500
LONGEST_RULE = 255
LONGEST_PREVIEW = 255
LONGEST_COMMENT = 10_000
LONGEST_TICKET = 500
MOST_OCCURRENCES = 1000
"""Kept of one alert: whoever copies one thing a million times learns nothing from more of them."""


NO_REASON = sentence("Say why the alert is dismissed.")


class AlertKind(StrEnum):
    """What was found."""

    SECRET = "secret"  # noqa: S105 - the name of a kind.
    DEPENDENCY = "dependency"
    CODE = "code"
    LICENCE = "licence"


class Severity(StrEnum):
    """How bad it is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"
    """Nobody has said; it is not the same as low."""


class Confidence(StrEnum):
    """How sure it is, the surest first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Lane(StrEnum):
    """Whether it may stop a push, or somebody looks at it later."""

    BLOCK = "block"
    REVIEW = "review"


class AlertState(StrEnum):
    """Whether anything is left to do."""

    OPEN = "open"
    DISMISSED = "dismissed"
    FIXED = "fixed"


class DismissalReason(StrEnum):
    """Why somebody lives with it."""

    FALSE_POSITIVE = "false_positive"
    USED_IN_TESTS = "used_in_tests"
    WONT_FIX = "wont_fix"
    TOLERABLE_RISK = "tolerable_risk"


class Resolution(StrEnum):
    """What made it fixed."""

    GONE = "gone"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    """Who had warned of it took that back."""


class ScanCause(StrEnum):
    """Why a scan ran."""

    PUSH = "push"
    HISTORY = "history"
    RULES = "rules"
    """The rules are others than before."""
    FEED = "feed"
    UPLOAD = "upload"
    """Another tool ran, and somebody handed its report in."""


class Verdict(StrEnum):
    """What a scan said of an object."""

    CLEAN = "clean"
    FOUND = "found"
    SKIPPED = "skipped"


class Step(StrEnum):
    """What can happen to an alert. The words are those of its history."""

    SEEN_AGAIN = "seen_again"
    GONE = "gone"
    DISMISSED = "dismissed"
    AUTO_DISMISSED = "auto_dismissed"
    DISMISSAL_REQUESTED = "dismissal_requested"
    DISMISSAL_APPROVED = "dismissal_approved"
    DISMISSAL_REFUSED = "dismissal_refused"
    EXPIRED = "expired"
    REOPENED = "reopened"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    EXPLOITED = "exploited"
    """It is known to be used by attackers now."""
    ASSIGNED = "assigned"
    COMMENTED = "commented"


@dataclass(frozen=True)
class Sighting:
    """One thing that a scan found at one place. A secret's value is not in it, and never stored."""

    kind: AlertKind
    rule: str
    """The rule's name; of a dependency the canonical advisory, of a licence the expression."""
    title: str
    identity: str
    """In hex, from `alert_identity`. Neither a commit nor the number of a line is part of it."""
    severity: Severity
    confidence: Confidence
    lane: Lane = Lane.REVIEW
    identity_version: int = 1
    scope_identity: str = ""
    """The same without the path, for what moves with its function to another file."""
    was_at: tuple[bytes, int] | None = None
    """Path and line in what was scanned last, where git can say so."""
    cure: str = ""
    preview: str = ""
    """What was found, for people: of a secret masked."""
    object_id: str = ""
    path: bytes = b""
    line: int | None = None
    end_line: int | None = None
    first_commit: str = ""
    """Where it came in, for people."""
    layers: tuple[str, ...] = ()
    """In which spelling or archive, from the outside in."""
    is_exploited: bool = False
    known_since: datetime | None = None
    """When its advisory came in."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Small JSON: of a dependency package, version, fixed version; of code its data flow."""


@dataclass(frozen=True)
class Dismissal:
    """Why an alert is set aside, and until when."""

    reason: DismissalReason
    until: datetime | None = None
    is_automatic: bool = False
    """Whether a rule has dismissed it: it is counted beside open ones."""


@dataclass(frozen=True)
class AlertFacts:
    """All that decides what may become of an alert."""

    kind: AlertKind
    state: AlertState = AlertState.OPEN
    is_present: bool = True
    """Whether the last scan saw it."""
    dismissal: Dismissal | None = None
    asked: Dismissal | None = None
    """A dismissal that waits for somebody's approval."""
    resolution: Resolution | None = None
    is_exploited: bool = False


def after(
    facts: AlertFacts,
    step: Step,
    *,
    now: datetime,
    dismissal: Dismissal | None = None,
    cause: ScanCause = ScanCause.PUSH,
) -> AlertFacts:
    """The alert after a step.

    Errors:
        ConflictError: it is not in a state for that.
        InvalidError: what is said of it does not go together.
    """
    match step:
        case Step.SEEN_AGAIN:
            return _seen(facts, cause)
        case Step.DISMISSED | Step.AUTO_DISMISSED | Step.DISMISSAL_REQUESTED:
            return _dismissed(facts, step, dismissal, now)
        case Step.ASSIGNED | Step.COMMENTED:
            return facts
    return _STEPS[step](facts)


def _seen(facts: AlertFacts, cause: ScanCause) -> AlertFacts:
    """A revoked secret stays in the history: only who pushes it again brings it back."""
    seen = replace(facts, is_present=True)
    if facts.state is not AlertState.FIXED:
        return seen
    if facts.resolution is Resolution.REVOKED and cause is not ScanCause.PUSH:
        return seen
    return _open(seen)


def _dismissed(
    facts: AlertFacts, step: Step, dismissal: Dismissal | None, now: datetime
) -> AlertFacts:
    if dismissal is None:
        raise InvalidError.of("reason", NO_REASON)
    if dismissal.until is not None and dismissal.until <= now:
        raise InvalidError.of("until", sentence("A dismissal must end in the future."))
    by_rule = facts.dismissal is not None and facts.dismissal.is_automatic
    if facts.state is not AlertState.OPEN and not by_rule:
        raise ConflictError(_NOT_OPEN[facts.state])
    if step is Step.DISMISSAL_REQUESTED:
        if facts.asked is not None:
            raise ConflictError(sentence("Its dismissal waits for approval already."))
        return replace(facts, asked=dismissal)
    dismissal = replace(dismissal, is_automatic=step is Step.AUTO_DISMISSED)
    return replace(facts, state=AlertState.DISMISSED, dismissal=dismissal, asked=None)


def _approved(facts: AlertFacts) -> AlertFacts:
    if facts.asked is None:
        raise ConflictError(_NOTHING_ASKED)
    return replace(facts, state=AlertState.DISMISSED, dismissal=facts.asked, asked=None)


def _refused(facts: AlertFacts) -> AlertFacts:
    if facts.asked is None:
        raise ConflictError(_NOTHING_ASKED)
    return replace(facts, asked=None)


def _gone(facts: AlertFacts) -> AlertFacts:
    """Not there any more: that ends what is open, except a secret, which somebody may still use."""
    gone = replace(facts, is_present=False)
    if facts.kind is AlertKind.SECRET or facts.state is not AlertState.OPEN:
        return gone
    return _fixed(gone, Resolution.GONE)


def _expired(facts: AlertFacts) -> AlertFacts:
    if facts.state is not AlertState.DISMISSED:
        raise ConflictError(_NOT_DISMISSED)
    return _undismissed(facts)


def _reopened(facts: AlertFacts) -> AlertFacts:
    if facts.state is AlertState.OPEN:
        raise ConflictError(sentence("The alert is open already."))
    if facts.resolution in {Resolution.GONE, Resolution.WITHDRAWN}:
        raise ConflictError(
            sentence("It is fixed. It opens again by itself when a scan sees it again.")
        )
    return _undismissed(facts)


def _revoked(facts: AlertFacts) -> AlertFacts:
    if facts.kind is not AlertKind.SECRET:
        raise ConflictError(sentence("Only secrets can be revoked."))
    if facts.state is AlertState.FIXED:
        raise ConflictError(_NOT_OPEN[facts.state])
    return _fixed(facts, Resolution.REVOKED)


def _withdrawn(facts: AlertFacts) -> AlertFacts:
    if facts.kind is AlertKind.SECRET:
        raise ConflictError(sentence("A secret is only ended by its revocation."))
    return _fixed(facts, Resolution.WITHDRAWN)


def _exploited(facts: AlertFacts) -> AlertFacts:
    """Whoever took the risk did not know of this."""
    found = replace(facts, is_exploited=True)
    was = facts.dismissal
    if was is None:
        return found
    is_risk = was.reason is DismissalReason.TOLERABLE_RISK or was.is_automatic
    return _undismissed(found) if is_risk else found


def _undismissed(facts: AlertFacts) -> AlertFacts:
    """What it would be without the dismissal or the attestation."""
    if facts.is_present or facts.kind is AlertKind.SECRET:
        return _open(facts)
    return _fixed(facts, Resolution.GONE)


def _open(facts: AlertFacts) -> AlertFacts:
    return replace(facts, state=AlertState.OPEN, dismissal=None, asked=None, resolution=None)


def _fixed(facts: AlertFacts, how: Resolution) -> AlertFacts:
    return replace(facts, state=AlertState.FIXED, dismissal=None, asked=None, resolution=how)


_NOTHING_ASKED = sentence("Nobody has asked for its dismissal.")
_NOT_DISMISSED = sentence("The alert is not dismissed.")
_NOT_OPEN = {
    AlertState.DISMISSED: sentence("The alert is dismissed already. Reopen it first."),
    AlertState.FIXED: sentence("The alert is fixed already."),
}
_STEPS = {
    Step.GONE: _gone,
    Step.DISMISSAL_APPROVED: _approved,
    Step.DISMISSAL_REFUSED: _refused,
    Step.EXPIRED: _expired,
    Step.REOPENED: _reopened,
    Step.REVOKED: _revoked,
    Step.WITHDRAWN: _withdrawn,
    Step.EXPLOITED: _exploited,
}
