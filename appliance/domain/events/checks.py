"""Events about what other systems say of commits."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event

__all__ = ["CheckRunChanged", "CheckRunCreated", "CheckStatusReported"]


@dataclass(frozen=True, kw_only=True)
class CheckStatusReported(Event):
    """A commit status was reported under a context."""

    kind = "check.status_reported"
    target = "repo"
    commit: str
    context: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CheckRunCreated(Event):
    """A check run was created: queued, in progress or completed."""

    kind = "check.run_created"
    target = "repo"
    commit: str
    run_id: str
    name: str
    state: str
    conclusion: str | None = None
    """None, too, where the appliance's own scans say it: it is for who may read alerts."""


@dataclass(frozen=True, kw_only=True)
class CheckRunChanged(Event):
    """A check run was updated or completed."""

    kind = "check.run_changed"
    target = "repo"
    commit: str
    run_id: str
    name: str
    state: str
    changed: list[str]
    annotations: int
    """How many it has in all."""
    conclusion: str | None = None
