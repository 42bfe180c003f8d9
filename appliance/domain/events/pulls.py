"""Events about pull requests: from asking for a merge until it is done.

What they share with issues (title, comments, labels) is said by the events of issues. Texts are not
kept in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event, Outcome, personal

__all__ = [
    "AutoMergeDisabled",
    "AutoMergeEnabled",
    "HeadPushed",
    "MergeDequeued",
    "MergeFailed",
    "MergeGroupBuilt",
    "MergePrioritised",
    "MergeQueueChanged",
    "MergeQueueClosed",
    "MergeQueued",
    "MergeRulesChanged",
    "PullRequestChanged",
    "PullRequestClosed",
    "PullRequestMerged",
    "PullRequestOpened",
    "PullRequestReopened",
]


@dataclass(frozen=True, kw_only=True)
class PullRequestOpened(Event):
    """Somebody opened a pull request."""

    kind = "merge.requested"
    target = "repo"
    number: int
    source: str
    into: str
    head: str
    draft: bool
    source_id: str
    """The repository that the source branch is in."""
    title: str = personal()


@dataclass(frozen=True, kw_only=True)
class PullRequestChanged(Event):
    """A pull request became a draft or ready for review, or has another target branch."""

    kind = "merge.changed"
    target = "repo"
    number: int
    changed: list[str]
    draft: bool
    into: str


@dataclass(frozen=True, kw_only=True)
class HeadPushed(Event):
    """New commits came to a pull request, as a patch set."""

    kind = "merge.head_pushed"
    target = "repo"
    number: int
    patch_set: int
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class PullRequestClosed(Event):
    """A pull request was closed without a merge."""

    kind = "merge.closed"
    target = "repo"
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PullRequestReopened(Event):
    """A closed pull request is open again."""

    kind = "merge.reopened"
    target = "repo"
    number: int


@dataclass(frozen=True, kw_only=True)
class PullRequestMerged(Event):
    """A pull request was merged."""

    kind = "merge.merged"
    target = "repo"
    number: int
    method: str
    """`git` where it was merged by a push."""
    head: str
    base: str
    merged_as: str
    into: str
    approvals: list[str]
    by_queue: bool = False


@dataclass(frozen=True, kw_only=True)
class AutoMergeDisabled(Event):
    """Auto-merge of a pull request was disabled."""

    kind = "merge.auto_disabled"
    target = "repo"
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class AutoMergeEnabled(Event):
    """Auto-merge of a pull request was enabled."""

    kind = "merge.auto_enabled"
    target = "repo"
    number: int
    method: str


@dataclass(frozen=True, kw_only=True)
class MergeFailed(Event):
    """Auto-merge of a pull request failed."""

    kind = "merge.failed"
    target = "repo"
    outcome = Outcome.FAILED
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class MergeRulesChanged(Event):
    """The merge settings of a repository were changed."""

    kind = "merge.rules_changed"
    target = "repo"
    changed: list[str]
    methods: list[str]


@dataclass(frozen=True, kw_only=True)
class MergeQueued(Event):
    """A pull request was added to the merge queue."""

    kind = "merge.queued"
    target = "repo"
    number: int
    into: str
    head: str
    priority: str


@dataclass(frozen=True, kw_only=True)
class MergeDequeued(Event):
    """A pull request was removed from the merge queue without a merge."""

    kind = "merge.dequeued"
    target = "repo"
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class MergePrioritised(Event):
    """A pull request has another priority in the merge queue."""

    kind = "merge.prioritised"
    target = "repo"
    number: int
    priority: str


@dataclass(frozen=True, kw_only=True)
class MergeGroupBuilt(Event):
    """A merge group was built for its checks: the branch becomes exactly this commit if they
    pass.
    """

    kind = "merge.group_built"
    target = "repo"
    into: str
    base: str
    commit: str
    ref: str
    numbers: list[int]


@dataclass(frozen=True, kw_only=True)
class MergeQueueChanged(Event):
    """A branch's merge queue was created or changed."""

    kind = "merge.queue_changed"
    target = "repo"
    into: str
    changed: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class MergeQueueClosed(Event):
    """A branch's merge queue was deleted."""

    kind = "merge.queue_closed"
    target = "repo"
    into: str
    numbers: list[int]
