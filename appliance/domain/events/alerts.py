"""Events about alerts: what scans found in a repository, and what became of it.

Each says the alert's `number` and what kind it is, as `type`. No secret is ever part of one, and
no text that somebody wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event

__all__ = [
    "AlertAssigned",
    "AlertCommented",
    "AlertDismissalExpired",
    "AlertDismissalRefused",
    "AlertDismissalRequested",
    "AlertDismissed",
    "AlertExploited",
    "AlertFixed",
    "AlertOpened",
    "AlertPolicyChanged",
    "AlertReopened",
    "AlertReportUploaded",
    "AlertRevoked",
    "AlertSecretShown",
    "LicencePolicyChanged",
    "SuppressionsChanged",
    "VexUploaded",
]


@dataclass(frozen=True, kw_only=True)
class AlertOpened(Event):
    """A scan found something that was not known before."""

    kind = "alert.opened"
    target = "repo"
    number: int
    type: str
    rule: str
    severity: str
    confidence: str
    lane: str
    scan_id: str


@dataclass(frozen=True, kw_only=True)
class AlertReopened(Event):
    """An alert counts again: it was seen again, somebody reopened it, or a new fact did."""

    kind = "alert.reopened"
    target = "repo"
    number: int
    type: str
    severity: str
    why: str


@dataclass(frozen=True, kw_only=True)
class AlertExploited(Event):
    """Attackers are known to use what an alert is about."""

    kind = "alert.exploited"
    target = "repo"
    number: int
    type: str
    severity: str


@dataclass(frozen=True, kw_only=True)
class AlertFixed(Event):
    """What was found is gone, or who had warned of it took that back."""

    kind = "alert.fixed"
    target = "repo"
    number: int
    type: str
    severity: str
    how: str


@dataclass(frozen=True, kw_only=True)
class AlertDismissed(Event):
    """An alert counts no more, by a decision or by a rule."""

    kind = "alert.dismissed"
    target = "repo"
    number: int
    type: str
    severity: str
    reason: str
    until: str | None = None
    automatic: bool = False
    asked_by: str | None = None
    """The pseudonym of whoever asked for it, where another approved."""
    carried_from: str | None = None
    """The repository's id and the number of the alert that was decided about first."""


@dataclass(frozen=True, kw_only=True)
class AlertDismissalRequested(Event):
    """Somebody wants that an alert counts no more; another has to approve."""

    kind = "alert.dismissal_requested"
    target = "repo"
    number: int
    type: str
    severity: str
    reason: str
    until: str | None = None
    carried_from: str | None = None
    """The repository's id and the number of the alert that was decided about first."""


@dataclass(frozen=True, kw_only=True)
class AlertDismissalRefused(Event):
    """An alert counts on, although somebody asked otherwise, or they took that back."""

    kind = "alert.dismissal_refused"
    target = "repo"
    number: int
    type: str
    severity: str


@dataclass(frozen=True, kw_only=True)
class AlertDismissalExpired(Event):
    """The time is over for which an alert was dismissed."""

    kind = "alert.dismissal_expired"
    target = "repo"
    number: int
    type: str
    severity: str
    state: str
    """What it is now."""


@dataclass(frozen=True, kw_only=True)
class AlertRevoked(Event):
    """Somebody attested that a secret works no more."""

    kind = "alert.revoked"
    target = "repo"
    number: int
    type: str
    severity: str
    revoked_at: str


@dataclass(frozen=True, kw_only=True)
class AlertSecretShown(Event):
    """Somebody let the appliance show them a secret as it stands in the repository."""

    kind = "alert.secret_shown"
    target = "repo"
    number: int
    type: str
    severity: str


@dataclass(frozen=True, kw_only=True)
class AlertAssigned(Event):
    """Another, or nobody any more, is to deal with an alert."""

    kind = "alert.assigned"
    target = "repo"
    number: int
    type: str
    severity: str
    assignee: str | None = None
    """The pseudonym."""


@dataclass(frozen=True, kw_only=True)
class AlertCommented(Event):
    """Somebody said something of an alert."""

    kind = "alert.commented"
    target = "repo"
    number: int
    type: str
    severity: str
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class AlertPolicyChanged(Event):
    """An organisation deals with alerts in another way."""

    kind = "alert.policy_changed"
    target = "org"
    approved_kinds: list[str]
    maintainers_settle_secrets: bool
    days: dict[str, Any]
    exploited_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class LicencePolicyChanged(Event):
    """An organisation says otherwise which licences are allowed."""

    kind = "alert.licence_policy_changed"
    target = "org"
    allowed: list[str]
    denied: list[str]
    decided: list[list[str]]
    """Each a package, its licence, why, and until when."""
    alerts_for_review: bool


@dataclass(frozen=True, kw_only=True)
class AlertReportUploaded(Event):
    """Somebody handed in what another tool had found."""

    kind = "alert.report_uploaded"
    target = "repo"
    scan_id: str
    tool: str
    found: int
    opened: int
    fixed: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class SuppressionsChanged(Event):
    """The file that says what a repository wants no alerts of is another on its default branch."""

    kind = "alert.suppressions_changed"
    target = "repo"
    commit: str
    entries: int
    error: str
    """Why nothing of it counts."""


@dataclass(frozen=True, kw_only=True)
class VexUploaded(Event):
    """Somebody handed in what others say of vulnerabilities (VEX)."""

    kind = "alert.vex_uploaded"
    target = "repo"
    sha256: str
    format: str
    statements: int
    changed: list[int]
    """Numbers of the alerts that changed by it."""
