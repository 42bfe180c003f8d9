"""`/merge-queue`, `/merge-queues`, `/pulls/{number}/queue`: what will land is tested first."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from appliance.domain.checks import LONGEST_NAME, Standing
from appliance.domain.git_operations import MergeMethod
from appliance.domain.merge_queue import (
    MOST_AT_ONCE,
    MOST_CHECKS,
    MOST_MINUTES,
    MOST_TOGETHER,
    Priority,
    Verdict,
)
from appliance.services import merge_queues, queued_pulls
from appliance.services.merge_queues import Wanted
from appliance.web import pulls as doors
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.pull_merges import AutoMergeBody
from appliance.web.api.pulls import ONE, Branch, PullPath
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.services.merge_queues import QueueFacts, Tested, Waiting

api = frame.area("merge queues", "Test what will really land, and land just that.")

QUEUE = "/repos/<owner>/<name>/merge-queue"
CheckName = Annotated[str, Field(max_length=LONGEST_NAME)]


class Turn(StrEnum):
    """Who comes first. Of the same, who came first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def priority(self) -> Priority:
        """The same, for the queue."""
        return Priority[self.name]


class QueueQuery(frame.Body):
    """Which queue."""

    branch: Branch = Field("", description="The default branch if left out")


class MergeQueueBody(frame.Body):
    """How a queue is to work; what is left out stays, or is as usual."""

    branch: Branch = Field("", description="The default branch if left out")
    checks: list[CheckName] | None = Field(
        None, max_length=MOST_CHECKS, description="Those that a commit must pass to land"
    )
    together: int | None = Field(
        None, ge=1, le=MOST_TOGETHER, description="Pull requests tested as one at most"
    )
    at_once: int | None = Field(None, ge=1, le=MOST_AT_ONCE, description="Commits tested at once")
    minutes: int | None = Field(
        None, ge=1, le=MOST_MINUTES, description="How long is waited for checks"
    )
    paused: bool | None = Field(None, description="Nothing is built, and nothing lands")


class QueueBody(AutoMergeBody):
    """How it is to be merged when it is its turn."""

    priority: Turn = Field(Turn.NORMAL, description="high is for maintainers")


class TurnBody(frame.Body):
    """When it is its turn."""

    priority: Turn = Field(description="high is for maintainers")


class QueuedAnswer(frame.Answer):
    """A pull request in line."""

    number: int
    title: str
    priority: Turn
    method: MergeMethod
    head: str
    by: str = Field(description="Empty where they are gone")
    since: datetime
    group: int | None = Field(description="Which group it is tested in, from 1; null: it waits")


class CheckSource(StrEnum):
    """Who demands a check."""

    QUEUE = "queue"
    RULES = "rules"
    """Rulesets over the branch."""


class RequiredCheckAnswer(frame.Answer):
    """A check that a group must pass, and how it stands."""

    name: str
    standing: Standing
    source: CheckSource


class QueueGroupAnswer(frame.Answer):
    """A commit that is being tested: what the branch will be if it is good."""

    commit: str
    base: str
    ref: str = Field(description="For who tests it to fetch")
    numbers: list[int] = Field(description="The pull requests that it brings, in order")
    verdict: Verdict
    checks: list[RequiredCheckAnswer]
    built_at: datetime


class MergeQueueAnswer(frame.Answer):
    """A merge queue, and all that stands in it."""

    branch: str
    checks: list[str] = Field(description="The queue's own")
    rule_checks: list[str] = Field(description="Those that rulesets demand")
    together: int
    at_once: int
    minutes: int
    paused: bool
    entries: list[QueuedAnswer] = Field(description="In line")
    groups: list[QueueGroupAnswer] = Field(description="Each stands on the one before")


class MergeQueuesAnswer(frame.Answer):
    """All queues of a repository."""

    items: list[MergeQueueAnswer]


@api.get(f"{QUEUE}s", summary="List merge queues", responses={"200": MergeQueuesAnswer})
def list_queues(path: RepositoryPath) -> Any:
    """Of all branches that have one."""
    with requests.reading() as work:
        found = merge_queues.listed(work, path.path, now=requests.now())
    return frame.answer(MergeQueuesAnswer(items=list(map(_shown, found))))


@api.get(QUEUE, summary="Show a merge queue", responses={"200": MergeQueueAnswer})
def show_queue(path: RepositoryPath, query: QueueQuery) -> Any:
    """How it works, who stands in line, and what is being tested."""
    with requests.reading() as work:
        found = merge_queues.show(work, path.path, query.branch, now=requests.now())
    return frame.answer(_shown(found))


@api.put(QUEUE, summary="Create or change a merge queue", responses={"200": MergeQueueAnswer})
def change_queue(path: RepositoryPath, body: MergeQueueBody) -> Any:
    """For maintainers. A branch that has none gets one."""
    wanted = Wanted(body.checks, body.together, body.at_once, body.minutes, body.paused)
    with requests.begin() as work:
        found = merge_queues.change(
            work,
            path.path,
            body.branch,
            wanted,
            repositories=requests.wiring().repositories,
            now=requests.now(),
        )
    return frame.answer(_shown(found))


@api.delete(QUEUE, summary="Delete a merge queue", responses={"204": None})
def close_queue(path: RepositoryPath, query: QueueQuery) -> Any:
    """For maintainers. All that stands in it leaves without a merge."""
    with requests.begin() as work:
        merge_queues.close(work, path.path, query.branch, now=requests.now())
    return frame.nothing()


@api.put(f"{ONE}/queue", summary="Add a pull request to the merge queue", responses={"204": None})
def enter(path: PullPath, body: QueueBody) -> Any:
    """In your name. It leaves when it changes; said again, it stands at the end."""
    doors.enqueue(path.which, body.wanted, body.priority.priority)
    return frame.nothing()


@api.patch(f"{ONE}/queue", summary="Change the priority in the queue", responses={"204": None})
def prioritise(path: PullPath, body: TurnBody) -> Any:
    """Before all of lower priority, also those that are tested already."""
    with requests.begin() as work:
        queued_pulls.prioritise(work, path.which, body.priority.priority)
    return frame.nothing()


@api.delete(
    f"{ONE}/queue", summary="Remove a pull request from the merge queue", responses={"204": None}
)
def leave(path: PullPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        queued_pulls.leave(work, path.which, now=requests.now())
    return frame.nothing()


def _shown(found: QueueFacts) -> MergeQueueAnswer:
    return MergeQueueAnswer(
        branch=found.branch,
        checks=list(found.checks),
        rule_checks=list(found.rule_checks),
        together=found.together,
        at_once=found.at_once,
        minutes=found.minutes,
        paused=found.is_paused,
        entries=list(map(_queued, found.entries)),
        groups=list(map(_group, found.groups)),
    )


def _queued(found: Waiting) -> QueuedAnswer:
    return QueuedAnswer(
        number=found.number,
        title=found.title,
        priority=Turn[found.priority.name],
        method=found.method,
        head=found.head,
        by=found.by,
        since=found.since,
        group=found.group,
    )


def _group(found: Tested) -> QueueGroupAnswer:
    return QueueGroupAnswer(
        commit=found.commit,
        base=found.base,
        ref=found.ref,
        numbers=list(found.numbers),
        verdict=found.verdict,
        checks=[
            RequiredCheckAnswer(name=each.name, standing=each.standing, source=source)
            for source, checks in (
                (CheckSource.QUEUE, found.checks),
                (CheckSource.RULES, found.rule_checks),
            )
            for each in checks
        ],
        built_at=found.built_at,
    )
