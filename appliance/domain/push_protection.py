"""Whether a secret may be pushed: why somebody wants to, who decides, how long it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

OPTION = "bypass-secret"
"""The push option with which somebody says why they push a secret."""
LONGEST_COMMENT = 1000


class BypassReason(StrEnum):
    """Why somebody wants to push what looks like a secret."""

    FALSE_POSITIVE = "false_positive"
    USED_IN_TESTS = "used_in_tests"
    FIX_LATER = "fix_later"


class BypassState(StrEnum):
    """How far a bypass has come."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True)
class BypassFacts:
    """All that decides whether a bypass counts."""

    state: BypassState
    expires_at: datetime

    def at(self, now: datetime) -> BypassState:
        """Its state then: what nobody used or decided in time has expired."""
        is_open = self.state in (BypassState.PENDING, BypassState.APPROVED)
        return BypassState.EXPIRED if is_open and now >= self.expires_at else self.state

    def lets_through(self, now: datetime) -> bool:
        """Whether the secret may be pushed with it."""
        return self.at(now) is BypassState.APPROVED


def said_in(option: str) -> tuple[BypassReason, str]:
    """What a push option says: `REASON: words`, or words alone, which promise a cure."""
    first, colon, rest = option.partition(":")
    word = first.strip().lower().replace("-", "_").replace(" ", "_")
    if word in set(BypassReason):
        return BypassReason(word), (rest if colon else "").strip()[:LONGEST_COMMENT]
    return BypassReason.FIX_LATER, option.strip()[:LONGEST_COMMENT]
