"""Events about access reviews."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, personal

__all__ = [
    "ReviewClosed",
    "ReviewStarted",
    "RightRemoved",
    "RightReviewed",
]


@dataclass(frozen=True, kw_only=True)
class ReviewStarted(Event):
    """A review of rights began; which rights, does not change any more."""

    kind = "role.review_started"
    target = "review"
    rights: list[str]
    reviewers: str
    items: int
    due_at: str
    at_due: str
    copied_from: str | None = None
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class RightReviewed(Event):
    """A reviewer kept a right or a credential, or took it away."""

    kind = "role.right_reviewed"
    target = "user"
    campaign_id: str
    item_id: str
    subject_type: str
    thing_type: str
    thing_id: str
    role: str
    kept: bool
    by_due_date: bool = False
    """Nobody had decided when the review ended."""
    result: str | None = None
    """Of taking it away: `revoked`, `to_be_removed` in a directory, `gone` or `failed`."""
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class RightRemoved(Event):
    """A directory no longer gives a right that a reviewer had decided against."""

    kind = "role.right_removed"
    target = "user"
    campaign_id: str
    item_id: str


@dataclass(frozen=True, kw_only=True)
class ReviewClosed(Event):
    """A review of rights ended; `digest` is the SHA-256 of its result."""

    kind = "role.review_closed"
    target = "review"
    kept: int
    revoked: int
    to_be_removed: int
    undecided: int
    digest: str
