"""Who is told what happens in conversations, and why: a pure decision over plain facts.

Nobody is told of what they did themselves, nor of what they may not read: whoever hands the facts
in leaves those out. Who has muted a repository, or left a conversation, is told nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from appliance.domain.conversations import Following


class WatchLevel(StrEnum):
    """How much of a repository somebody wants to be told."""

    PARTICIPATING = "participating"
    """Only of conversations that they take part in, or are mentioned in. So it is without a row."""
    ALL = "all"
    IGNORED = "ignored"


class Reason(StrEnum):
    """Why somebody is told, the strongest first."""

    MENTION = "mention"
    REVIEW_REQUESTED = "review_requested"
    ASSIGNED = "assigned"
    TEAM_MENTION = "team_mention"
    AUTHOR = "author"
    COMMENT = "comment"
    SUBSCRIBED = "subscribed"
    WATCHING = "watching"


class Tale(StrEnum):
    """What is told."""

    OPENED = "opened"
    COMMENTED = "commented"
    CLOSED = "closed"
    REOPENED = "reopened"
    MENTIONED = "mentioned"
    """A text that was there before speaks of somebody now."""
    ASSIGNED = "assigned"
    REVIEW_REQUESTED = "review_requested"
    REVIEWED = "reviewed"
    REVIEW_DISMISSED = "review_dismissed"
    PUSHED = "pushed"
    MERGED = "merged"
    QUEUED = "queued"
    DEQUEUED = "dequeued"
    MERGE_FAILED = "merge_failed"


TALES: dict[str, Tale] = {
    "issue.opened": Tale.OPENED,
    "issue.commented": Tale.COMMENTED,
    "issue.changed": Tale.MENTIONED,
    "issue.comment_changed": Tale.MENTIONED,
    "issue.closed": Tale.CLOSED,
    "issue.reopened": Tale.REOPENED,
    "issue.assignees_changed": Tale.ASSIGNED,
    "merge.requested": Tale.OPENED,
    "merge.changed": Tale.MENTIONED,
    "merge.closed": Tale.CLOSED,
    "merge.reopened": Tale.REOPENED,
    "merge.merged": Tale.MERGED,
    "merge.head_pushed": Tale.PUSHED,
    "merge.queued": Tale.QUEUED,
    "merge.dequeued": Tale.DEQUEUED,
    "merge.failed": Tale.MERGE_FAILED,
    "review.requested": Tale.REVIEW_REQUESTED,
    "review.submitted": Tale.REVIEWED,
    "review.dismissed": Tale.REVIEW_DISMISSED,
    "review.comment_added": Tale.COMMENTED,
    "commit.commented": Tale.COMMENTED,
    "commit.comment_changed": Tale.MENTIONED,
}
"""What is told of each recorded action. Each says the `number` of a conversation, or the `commit`:
of what is said of that only those are told whom it mentions.
"""

ONLY_TO_NAMED = frozenset({Tale.MENTIONED, Tale.ASSIGNED, Tale.REVIEW_REQUESTED})
"""Of these only those are told whom it is about."""
NOT_TO_WATCHERS = frozenset({Tale.QUEUED, Tale.DEQUEUED, Tale.REVIEW_DISMISSED})
DIRECT = frozenset({Reason.MENTION, Reason.REVIEW_REQUESTED, Reason.ASSIGNED, Reason.TEAM_MENTION})
"""Somebody is asked for: it stays the reason until they have read it."""
BECAUSE: dict[Following, Reason] = {
    Following.AUTHOR: Reason.AUTHOR,
    Following.COMMENT: Reason.COMMENT,
    Following.ASSIGNED: Reason.ASSIGNED,
    Following.MENTION: Reason.SUBSCRIBED,
    Following.REVIEW: Reason.REVIEW_REQUESTED,
    Following.CHOSEN: Reason.SUBSCRIBED,
}
_STRENGTH = {reason: at for at, reason in enumerate(Reason)}


@dataclass(frozen=True)
class Audience:
    """Who may have to be told of one thing that happened, before anybody asks whether they may."""

    actor: UUID | None
    """Who did it."""
    named: Mapping[UUID, Reason] = field(default_factory=dict)
    """Who is asked for by it: mentioned, assigned, asked for a review."""
    following: Mapping[UUID, Following] = field(default_factory=dict)
    left: frozenset[UUID] = frozenset()
    """Who followed, and does not want to any more."""
    watching: frozenset[UUID] = frozenset()
    ignoring: frozenset[UUID] = frozenset()
    wanting_own: frozenset[UUID] = frozenset()
    """Who wants to be told of what they do themselves, too."""


def to_tell(tale: Tale, audience: Audience) -> dict[UUID, Reason]:
    """Who is to be told, and why."""
    found: dict[UUID, Reason] = {}
    if tale not in ONLY_TO_NAMED:
        if tale not in NOT_TO_WATCHERS:
            found |= dict.fromkeys(audience.watching, Reason.WATCHING)
        found |= {user: BECAUSE[why] for user, why in audience.following.items()}
    found |= dict(audience.named)
    silent = set(audience.ignoring | audience.left)
    if audience.actor is not None and audience.actor not in audience.wanting_own:
        silent.add(audience.actor)
    return {user: reason for user, reason in found.items() if user not in silent}


def stronger(reason: Reason, other: Reason) -> Reason:
    """The one of two reasons that says more."""
    return min(reason, other, key=_STRENGTH.__getitem__)


def reason_to_keep(before: Reason, new: Reason, *, is_unread: bool) -> Reason:
    """Why a conversation is in an inbox after one thing more happened in it."""
    return stronger(before, new) if is_unread and before in DIRECT else new


class MailWhen(StrEnum):
    """When somebody is written to."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    """Together with others, in one letter."""
    NEVER = "never"


class DigestEvery(StrEnum):
    """How often others come together in one letter."""

    DAY = "day"
    WEEK = "week"


class MailState(StrEnum):
    """Where a letter is on its way."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    """They may not read it any more, have read it already, or it is gone."""
    GIVEN_UP = "given_up"


DIGEST_HOUR = 6
"""In UTC."""
MONDAY = 0
RETRY_MINUTES = (1, 5, 15, 60, 180, 360, 720)
"""Pauses after each try that failed; then a letter is given up."""


@dataclass(frozen=True)
class Choices:
    """How somebody wants to be told; this is what holds without a choice."""

    own_mail: MailWhen = MailWhen.AT_ONCE
    """Of conversations that they take part in, or are named in."""
    watching_mail: MailWhen = MailWhen.DIGEST
    """Of those in repositories that they watch."""
    digest: DigestEvery = DigestEvery.DAY
    tells_own: bool = False
    """Whether they are told of what they do themselves, too."""

    def mail_for(self, reason: Reason) -> MailWhen:
        """When they are written to for a reason."""
        return self.watching_mail if reason is Reason.WATCHING else self.own_mail


def next_digest(every: DigestEvery, now: datetime) -> datetime:
    """When the next letter is due that brings several together."""
    found = now.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    while found <= now or (every is DigestEvery.WEEK and found.weekday() != MONDAY):
        found += timedelta(days=1)
    return found


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When a letter is tried again that failed so often; None: not any more."""
    if attempts > len(RETRY_MINUTES):
        return None
    return now + timedelta(minutes=RETRY_MINUTES[attempts - 1])
