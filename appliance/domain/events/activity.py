"""Events about alerts of suspicious activity, and about who is exempt from its rules.

`actor` in them is a pseudonym. No text that somebody wrote is part of one.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event

__all__ = [
    "ActivityAlertAssigned",
    "ActivityAlertCommented",
    "ActivityAlertDismissed",
    "ActivityAlertReopened",
    "ActivityDetected",
    "ActivityExemptionAdded",
    "ActivityExemptionRemoved",
]


@dataclass(frozen=True, kw_only=True)
class ActivityDetected(Event):
    """A rule over the audit log found activity that is unlike what was before."""

    kind = "activity.detected"
    target = "activity_alert"
    rule: str
    subject: str
    """Whose activity: the pseudonym of a user, or the id of a deploy key."""
    count: int
    limit: int
    events: list[str]


@dataclass(frozen=True, kw_only=True)
class ActivityAlertDismissed(Event):
    """Somebody looked into suspicious activity, and it needs nothing more."""

    kind = "activity.alert_dismissed"
    target = "activity_alert"
    rule: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ActivityAlertReopened(Event):
    """Suspicious activity is to be looked into once more."""

    kind = "activity.alert_reopened"
    target = "activity_alert"
    rule: str


@dataclass(frozen=True, kw_only=True)
class ActivityAlertAssigned(Event):
    """Another, or nobody any more, is to look into suspicious activity."""

    kind = "activity.alert_assigned"
    target = "activity_alert"
    rule: str
    assignee: str | None = None
    """The pseudonym."""


@dataclass(frozen=True, kw_only=True)
class ActivityAlertCommented(Event):
    """Somebody said something of suspicious activity."""

    kind = "activity.alert_commented"
    target = "activity_alert"
    rule: str


@dataclass(frozen=True, kw_only=True)
class ActivityExemptionAdded(Event):
    """A rule on suspicious activity tells nothing of a user any more."""

    kind = "activity.exemption_added"
    target = "user"
    rule: str


@dataclass(frozen=True, kw_only=True)
class ActivityExemptionRemoved(Event):
    """A rule on suspicious activity holds for a user again."""

    kind = "activity.exemption_removed"
    target = "user"
    rule: str
