"""Events about reviews of pull requests. Texts are not kept in the log."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, personal

__all__ = [
    "ReviewCommentAdded",
    "ReviewCommentChanged",
    "ReviewCommentDeleted",
    "ReviewDismissed",
    "ReviewRequestWithdrawn",
    "ReviewRequested",
    "ReviewSubmitted",
    "ReviewThreadReopened",
    "ReviewThreadResolved",
]


@dataclass(frozen=True, kw_only=True)
class ReviewRequested(Event):
    """A review was asked for."""

    kind = "review.requested"
    target = "repo"
    number: int
    reviewer_id: str
    reviewer_type: str


@dataclass(frozen=True, kw_only=True)
class ReviewRequestWithdrawn(Event):
    """A review request was withdrawn."""

    kind = "review.request_withdrawn"
    target = "repo"
    number: int
    reviewer_id: str
    reviewer_type: str


@dataclass(frozen=True, kw_only=True)
class ReviewSubmitted(Event):
    """A reviewer approved, asked for changes, or commented."""

    kind = "review.submitted"
    target = "repo"
    number: int
    review_id: str
    verdict: str
    head: str
    patch_set: int
    comments: int


@dataclass(frozen=True, kw_only=True)
class ReviewDismissed(Event):
    """A review was dismissed."""

    kind = "review.dismissed"
    target = "repo"
    number: int
    review_id: str
    why: str
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class ReviewCommentAdded(Event):
    """Somebody commented on lines of a change."""

    kind = "review.comment_added"
    target = "repo"
    number: int
    thread_id: str
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class ReviewCommentChanged(Event):
    """A comment on lines was edited, or its suggestion was applied."""

    kind = "review.comment_changed"
    target = "repo"
    number: int
    comment_id: str
    applied_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewCommentDeleted(Event):
    """A comment on lines was deleted; a mark stands in its place."""

    kind = "review.comment_deleted"
    target = "repo"
    number: int
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class ReviewThreadResolved(Event):
    """A review thread was resolved."""

    kind = "review.thread_resolved"
    target = "repo"
    number: int
    thread_id: str


@dataclass(frozen=True, kw_only=True)
class ReviewThreadReopened(Event):
    """A review thread was reopened."""

    kind = "review.thread_reopened"
    target = "repo"
    number: int
    thread_id: str
