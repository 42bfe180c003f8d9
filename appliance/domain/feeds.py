"""Feeds of advisories: how fresh what we know is, and what may be concluded from it.

Knowing nothing is not the same as there being nothing: where no feed was taken in, or the newest
one is old, the answer to "is this vulnerable?" is "unknown", and a gate that asks fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

STALE_AFTER = timedelta(days=7)
MOST_SHOWN = 200
"""Names of advisories that a difference lists; all of them are counted."""


class FeedStep(StrEnum):
    """Where a feed is on its way."""

    READING = "reading"
    READY = "ready"
    """It was verified and read; nothing looks at it yet."""
    CURRENT = "current"
    EARLIER = "earlier"
    """It was current before this one, and can be again."""
    PAST = "past"
    FAILED = "failed"
    DISCARDED = "discarded"


UNDER_WAY = frozenset({FeedStep.READING, FeedStep.READY})


class FeedState(StrEnum):
    """How far what we know of vulnerabilities can be trusted."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"
    EMPTY = "empty"
    SAMPLE = "sample"
    """It only shows what a feed looks like."""

    @property
    def is_known(self) -> bool:
        """Whether "nothing was found" may be read as "there is nothing"."""
        return self is FeedState.FRESH


@dataclass(frozen=True)
class FeedFacts:
    """What is known of the feed that is current."""

    serial: int
    made_at: datetime
    expires_at: datetime
    advisories: int
    is_sample: bool = False


def feed_state(
    facts: FeedFacts | None, *, now: datetime, stale_after: timedelta = STALE_AFTER
) -> FeedState:
    """How far the current feed can be trusted; None is that there is none."""
    if facts is None or not facts.advisories:
        return FeedState.EMPTY
    if facts.is_sample:
        return FeedState.SAMPLE
    if now >= facts.expires_at:
        return FeedState.EXPIRED
    return FeedState.STALE if now - facts.made_at > stale_after else FeedState.FRESH
