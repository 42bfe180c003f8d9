"""Events about issues, and about what issues share with pull requests.

What is shared says which of the two it was, as `thing`. Texts are not kept in the log: titles and
names are, as personal values.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, personal

__all__ = [
    "IssueAssigneesChanged",
    "IssueChanged",
    "IssueClosed",
    "IssueCommentChanged",
    "IssueCommentDeleted",
    "IssueCommented",
    "IssueFollowed",
    "IssueLabelsChanged",
    "IssueLocked",
    "IssueMilestoneChanged",
    "IssueOpened",
    "IssuePinned",
    "IssueReacted",
    "IssueReactionRemoved",
    "IssueReferenced",
    "IssueReopened",
    "IssueTransferred",
    "IssueUnfollowed",
    "IssueUnlocked",
    "IssueUnpinned",
    "IssuesImported",
    "LabelChanged",
    "LabelCreated",
    "LabelDeleted",
    "MilestoneChanged",
    "MilestoneCreated",
    "MilestoneDeleted",
]


@dataclass(frozen=True, kw_only=True)
class IssueOpened(Event):
    """Somebody opened an issue."""

    kind = "issue.opened"
    target = "repo"
    number: int
    title: str = personal()


@dataclass(frozen=True, kw_only=True)
class IssueChanged(Event):
    """Title or text of a conversation was changed."""

    kind = "issue.changed"
    target = "repo"
    number: int
    thing: str
    changed: list[str]
    title: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class IssueClosed(Event):
    """An issue was closed, by somebody or by a commit."""

    kind = "issue.closed"
    target = "repo"
    number: int
    reason: str
    duplicate_of: int | None = None
    commit: str | None = None


@dataclass(frozen=True, kw_only=True)
class IssueReopened(Event):
    """A closed issue is open again."""

    kind = "issue.reopened"
    target = "repo"
    number: int


@dataclass(frozen=True, kw_only=True)
class IssueLabelsChanged(Event):
    """A conversation has other labels."""

    kind = "issue.labels_changed"
    target = "repo"
    number: int
    thing: str
    added: list[str]
    removed: list[str]


@dataclass(frozen=True, kw_only=True)
class IssueAssigneesChanged(Event):
    """The assignees of a conversation were changed."""

    kind = "issue.assignees_changed"
    target = "repo"
    number: int
    thing: str
    added: list[str]
    removed: list[str]


@dataclass(frozen=True, kw_only=True)
class IssueMilestoneChanged(Event):
    """A conversation belongs to another milestone, or to none."""

    kind = "issue.milestone_changed"
    target = "repo"
    number: int
    thing: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class IssueLocked(Event):
    """Only triagers may comment on a conversation."""

    kind = "issue.locked"
    target = "repo"
    number: int
    thing: str


@dataclass(frozen=True, kw_only=True)
class IssueUnlocked(Event):
    """A conversation was unlocked: whoever may read it may comment again."""

    kind = "issue.unlocked"
    target = "repo"
    number: int
    thing: str


@dataclass(frozen=True, kw_only=True)
class IssuePinned(Event):
    """An issue was pinned."""

    kind = "issue.pinned"
    target = "repo"
    number: int


@dataclass(frozen=True, kw_only=True)
class IssueUnpinned(Event):
    """An issue was unpinned."""

    kind = "issue.unpinned"
    target = "repo"
    number: int


@dataclass(frozen=True, kw_only=True)
class IssueReferenced(Event):
    """A commit on the default branch references a conversation."""

    kind = "issue.referenced"
    target = "repo"
    number: int
    thing: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class IssueCommented(Event):
    """Somebody commented on a conversation."""

    kind = "issue.commented"
    target = "repo"
    number: int
    thing: str
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class IssueCommentChanged(Event):
    """The text of a comment was changed."""

    kind = "issue.comment_changed"
    target = "repo"
    number: int
    thing: str
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class IssueCommentDeleted(Event):
    """A comment was deleted; a mark stands in its place."""

    kind = "issue.comment_deleted"
    target = "repo"
    number: int
    thing: str
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class IssueReacted(Event):
    """Somebody reacted to a text with an emoji."""

    kind = "issue.reacted"
    target = "repo"
    number: int
    thing: str
    reaction: str
    comment_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class IssueReactionRemoved(Event):
    """Somebody removed a reaction."""

    kind = "issue.reaction_removed"
    target = "repo"
    number: int
    thing: str
    reaction: str
    comment_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class IssueFollowed(Event):
    """Somebody subscribed to a conversation."""

    kind = "issue.followed"
    target = "repo"
    number: int
    thing: str


@dataclass(frozen=True, kw_only=True)
class IssueUnfollowed(Event):
    """Somebody unsubscribed from a conversation."""

    kind = "issue.unfollowed"
    target = "repo"
    number: int
    thing: str


@dataclass(frozen=True, kw_only=True)
class LabelCreated(Event):
    """A repository has one more label."""

    kind = "issue.label_created"
    target = "repo"
    label_id: str
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class LabelChanged(Event):
    """A label has another name, colour or description."""

    kind = "issue.label_changed"
    target = "repo"
    label_id: str
    changed: list[str]
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class LabelDeleted(Event):
    """A label was deleted, and taken from whatever had it."""

    kind = "issue.label_deleted"
    target = "repo"
    label_id: str
    conversations: int
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class MilestoneCreated(Event):
    """A repository has one more milestone."""

    kind = "issue.milestone_created"
    target = "repo"
    milestone_id: str
    title: str = personal()


@dataclass(frozen=True, kw_only=True)
class MilestoneChanged(Event):
    """A milestone has another title, text, date or state."""

    kind = "issue.milestone_set"
    target = "repo"
    milestone_id: str
    changed: list[str]
    title: str = personal()


@dataclass(frozen=True, kw_only=True)
class MilestoneDeleted(Event):
    """A milestone was deleted; its conversations belong to none."""

    kind = "issue.milestone_deleted"
    target = "repo"
    milestone_id: str
    conversations: int
    title: str = personal()


@dataclass(frozen=True, kw_only=True)
class IssuesImported(Event):
    """Conversations were brought in from elsewhere, with what was said in them."""

    kind = "issue.imported"
    target = "repo"
    conversations: int
    comments: int
    pull_requests: int = 0
    reviews: int = 0
    line_comments: int = 0


@dataclass(frozen=True, kw_only=True)
class IssueTransferred(Event):
    """An issue was moved to another repository."""

    kind = "issue.transferred"
    target = "repo"
    number: int
    to_repository_id: str
    to_number: int
