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
    """Somebody asked to merge one branch into another."""

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
    """A pull request is a draft, or no longer; or it goes to another branch."""

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
    """A pull request will not be merged by itself."""

    kind = "merge.auto_disabled"
    target = "repo"
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class AutoMergeEnabled(Event):
    """A pull request will be merged as soon as nothing stands in the way."""

    kind = "merge.auto_enabled"
    target = "repo"
    number: int
    method: str


@dataclass(frozen=True, kw_only=True)
class MergeFailed(Event):
    """A merge that was promised could not be done."""

    kind = "merge.failed"
    target = "repo"
    outcome = Outcome.FAILED
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class MergeRulesChanged(Event):
    """Pull requests of a repository are merged in other ways than before."""

    kind = "merge.rules_changed"
    target = "repo"
    changed: list[str]
    methods: list[str]


@dataclass(frozen=True, kw_only=True)
class MergeQueued(Event):
    """A pull request waits for its turn to be tested and merged."""

    kind = "merge.queued"
    target = "repo"
    number: int
    into: str
    head: str
    priority: str


@dataclass(frozen=True, kw_only=True)
class MergeDequeued(Event):
    """A pull request left the queue without a merge."""

    kind = "merge.dequeued"
    target = "repo"
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class MergePrioritised(Event):
    """A pull request in the queue comes sooner or later than before."""

    kind = "merge.prioritised"
    target = "repo"
    number: int
    priority: str


@dataclass(frozen=True, kw_only=True)
class MergeGroupBuilt(Event):
    """A commit is there to be tested: the branch will be just that if it is good."""

    kind = "merge.group_built"
    target = "repo"
    into: str
    base: str
    commit: str
    ref: str
    numbers: list[int]


@dataclass(frozen=True, kw_only=True)
class MergeQueueChanged(Event):
    """A branch has a merge queue, or one that works otherwise than before."""

    kind = "merge.queue_changed"
    target = "repo"
    into: str
    changed: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class MergeQueueClosed(Event):
    """A branch has no merge queue any more."""

    kind = "merge.queue_closed"
    target = "repo"
    into: str
    numbers: list[int]
