"""Events about pull requests: from asking for a merge until it is done.

What they share with issues (title, comments, labels) is said by the events of issues. Texts are not
kept in the log.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal

__all__ = [
    "AutoMergeDisabled",
    "AutoMergeEnabled",
    "HeadPushed",
    "MergeFailed",
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
