"""Events about secrets in pushes. No secret is part of one, not even masked."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal

__all__ = [
    "PushBlocked",
    "PushBypassed",
    "PushUnscanned",
    "SecretBypassDecided",
    "SecretBypassRequested",
    "SecretPatternAdded",
    "SecretPatternRemoved",
    "SecretPolicyChanged",
    "SecretScanCompleted",
]


@dataclass(frozen=True, kw_only=True)
class PushBlocked(Event):
    """A push was refused for secrets in it."""

    kind = "secret_scan.push_blocked"
    target = "repo"
    outcome = Outcome.REFUSED
    rules: list[str]
    blocks: list[str]
    """The ids under which a bypass can be requested."""
    alerts: int
    """How many secrets there were."""


@dataclass(frozen=True, kw_only=True)
class SecretBypassRequested(Event):
    """Somebody said why they want to push what looks like a secret."""

    kind = "secret_scan.bypass_requested"
    target = "repo"
    bypass_id: str
    rule: str
    why: str
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class SecretBypassDecided(Event):
    """A bypass was approved or refused: by somebody, or by the rule that nobody has to be asked."""

    kind = "secret_scan.bypass_decided"
    target = "repo"
    bypass_id: str
    rule: str
    decision: str
    by_rule: bool
    reason: str = personal("")


@dataclass(frozen=True, kw_only=True)
class PushBypassed(Event):
    """Somebody pushed a secret all the same: with a bypass, or as an account that is exempt."""

    kind = "secret_scan.push_bypassed"
    target = "repo"
    push_id: str
    rules: list[str]
    bypasses: list[str]
    exempt: bool
    reason: str = personal("")


@dataclass(frozen=True, kw_only=True)
class PushUnscanned(Event):
    """A push could not be scanned. `decision` is what became of it: `accepted` or `refused`."""

    kind = "secret_scan.push_unscanned"
    target = "repo"
    push_id: str
    decision: str
    why: str
    protected: bool


@dataclass(frozen=True, kw_only=True)
class SecretPolicyChanged(Event):
    """An organisation decides otherwise about secrets in pushes."""

    kind = "secret_scan.policy_changed"
    target = "org"
    delegated: bool | None = None
    exempted: str | None = None
    no_longer_exempt: str | None = None
    reason: str = personal("")


@dataclass(frozen=True, kw_only=True)
class SecretScanCompleted(Event):
    """A repository was looked through for secrets."""

    kind = "secret_scan.completed"
    target = "repo"
    scope: str
    objects: int
    found: int
    skipped: int
    rules: str


@dataclass(frozen=True, kw_only=True)
class SecretPatternAdded(Event):
    """An organisation looks for secrets with a pattern of its own."""

    kind = "secret_scan.pattern_added"
    target = "org"
    name: str
    pattern: str
    lane: str


@dataclass(frozen=True, kw_only=True)
class SecretPatternRemoved(Event):
    """An organisation no longer looks for secrets with a pattern of its own."""

    kind = "secret_scan.pattern_removed"
    target = "org"
    name: str
