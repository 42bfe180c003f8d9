"""Events about asking for access, what was given until a time, and (by another file) reviewing."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.access_reviews import (
    ReviewClosed,
    ReviewStarted,
    RightRemoved,
    RightReviewed,
)
from appliance.domain.events.base import Event, Outcome, personal

__all__ = [
    "AccessApproved",
    "AccessEnded",
    "AccessNotGiven",
    "AccessProlonged",
    "AccessRequested",
    "AccessRuleChanged",
    "AccessUnanswered",
    "AccessWithdrawn",
    "ReviewClosed",
    "ReviewStarted",
    "RightRemoved",
    "RightReviewed",
]


@dataclass(frozen=True, kw_only=True)
class AccessRequested(Event):
    """Somebody asked for access. Without `thing_id` there is no such thing, or nobody to ask."""

    kind = "role.access_requested"
    target = "user"
    request_id: str
    thing_type: str
    thing_id: str | None
    role: str | None
    hours: int | None
    """None: without end."""
    name: str = personal()
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class AccessApproved(Event):
    """An access request was approved, in whole or in part."""

    kind = "role.access_approved"
    target = "user"
    request_id: str
    thing_type: str
    thing_id: str
    role: str | None
    until: str | None
    """None: without end."""
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class AccessNotGiven(Event):
    """An access request was refused."""

    kind = "role.access_refused"
    target = "user"
    outcome = Outcome.REFUSED
    request_id: str
    is_told: bool = True
    """Whether who asked learns of it: not, where they may not see what they asked for."""
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class AccessWithdrawn(Event):
    """An access request was withdrawn."""

    kind = "role.access_withdrawn"
    target = "user"
    request_id: str


@dataclass(frozen=True, kw_only=True)
class AccessUnanswered(Event):
    """An access request expired without an answer."""

    kind = "role.access_expired"
    target = "user"
    request_id: str
    was_refused: bool = False
    """Somebody did, and who asked may not know: for them it ended like this."""


@dataclass(frozen=True, kw_only=True)
class AccessProlonged(Event):
    """Temporary access was extended."""

    kind = "role.access_prolonged"
    target = "user"
    request_id: str
    thing_type: str
    thing_id: str
    before: str
    until: str
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class AccessEnded(Event):
    """Temporary access ended."""

    kind = "role.access_ended"
    target = "user"
    request_id: str
    thing_type: str
    thing_id: str
    why: str
    """`time`, `early`, `replaced`, `removed` or `reviewed`."""
    until: str
    """When it counted last."""
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class AccessRuleChanged(Event):
    """Owners changed what may be asked for in their organisation, and who answers."""

    kind = "role.access_rule_changed"
    target = "org"
    is_open: bool
    approvers: str
    longest_hours: int
    allows_endless: bool
    highest_role: str
