"""Events about alerts: what scans found in a repository, and what became of it.

Each says the alert's `number` and what kind it is, as `type`. No secret is ever part of one, and
no text that somebody wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event

__all__ = ["AlertExploited", "AlertFixed", "AlertOpened", "AlertReopened"]


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
