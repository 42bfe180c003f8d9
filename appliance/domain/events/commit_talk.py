"""Events about what people say of commits. Texts are not kept in the log."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event

__all__ = [
    "CommitCommentChanged",
    "CommitCommentDeleted",
    "CommitCommented",
    "CommitLabelsChanged",
    "CommitReacted",
    "CommitReactionRemoved",
]


@dataclass(frozen=True, kw_only=True)
class CommitCommented(Event):
    """Somebody commented on a commit, or on lines of its diff."""

    kind = "commit.commented"
    target = "repo"
    commit: str
    comment_id: str
    in_file: bool


@dataclass(frozen=True, kw_only=True)
class CommitCommentChanged(Event):
    """A comment on a commit was changed."""

    kind = "commit.comment_changed"
    target = "repo"
    commit: str
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class CommitCommentDeleted(Event):
    """A comment on a commit was deleted."""

    kind = "commit.comment_deleted"
    target = "repo"
    commit: str
    comment_id: str


@dataclass(frozen=True, kw_only=True)
class CommitReacted(Event):
    """Somebody reacted to a comment on a commit."""

    kind = "commit.reacted"
    target = "repo"
    commit: str
    comment_id: str
    reaction: str


@dataclass(frozen=True, kw_only=True)
class CommitReactionRemoved(Event):
    """Somebody removed a reaction from a comment on a commit."""

    kind = "commit.reaction_removed"
    target = "repo"
    commit: str
    comment_id: str
    reaction: str


@dataclass(frozen=True, kw_only=True)
class CommitLabelsChanged(Event):
    """A commit has other labels."""

    kind = "commit.labels_changed"
    target = "repo"
    commit: str
    added: list[str]
    removed: list[str]
