"""What other systems are told of a repository: by webhooks, and by whoever listens to its events.

Each event is made from one recorded fact, has a name of its own, and says what `fields` lists; the
reference page and the JSON Schema are made from this table. What others bring to tell is one row
more in it. A payload only ever gains members; anything else is a new `VERSION`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from appliance.domain.events.words import Field
from appliance.domain.protection import NO_OBJECT
from appliance.errors import sentence

VERSION = 1
PING = "ping"
ALL = "*"
MOVED, CREATED, DELETED = "moved", "created", "deleted"
DONE = "moved"
"""The outcome of a ref that a push moved."""

Said = Mapping[str, Any]
Maker = Callable[[Said], Iterable[dict[str, Any]]]


@dataclass(frozen=True)
class WebhookEvent:
    """One kind of event that can be chosen by its name."""

    name: str
    says: str
    """A sentence, which is translated where it is shown."""
    fields: tuple[Field, ...]
    """What stands under `data`."""
    actions: tuple[str, ...]
    """The recorded actions that it is made from; none for `ping`."""
    make: Maker = lambda said: [dict(said)]
    """From what the action's record says, the `data` of each event that comes of it."""


def told(
    name: str, says: str, actions: str, members: str = "", make: Maker | None = None
) -> WebhookEvent:
    """A row of the table. `actions` and `members` are words; `number:int ?reason` is an integer and
    a text that may be missing. Without `make` the members are those of the record.
    """
    fields = tuple(_field(word) for word in members.split())
    names = [each.name for each in fields]
    usual: Maker = lambda said: [_only(said, names)]  # noqa: E731 - it has a type.
    return WebhookEvent(name, says, fields, tuple(actions.split()), make or usual)


def _field(word: str) -> Field:
    name, _, kind = word.removeprefix("?").partition(":")
    return Field(name, kind or "str", is_optional=word.startswith("?"))


def _only(said: Said, names: Iterable[str]) -> dict[str, Any]:
    return {name: said[name] for name in names if name in said}


def _refs(said: Said) -> list[dict[str, str]]:
    """The refs that a push, or a change in the portal, has moved."""
    rows = said.get("refs") or [[said.get("ref"), said.get("before"), said.get("after"), DONE]]
    return [
        {"ref": ref, "change": _change(before, after), "before": before, "after": after}
        for ref, before, after, outcome in rows
        if outcome == DONE
    ]


def _change(before: str, after: str) -> str:
    if before == NO_OBJECT:
        return CREATED
    return DELETED if after == NO_OBJECT else MOVED


def _push(said: Said) -> list[dict[str, Any]]:
    refs = _refs(said)
    more = _only(said, ("push_id", "part", "parts", "operation"))
    via = str(said.get("protocol", "portal"))
    return [{"refs": refs, "protocol": via, **more}] if refs else []


def _those(change: str, oid: str) -> Maker:
    def make(said: Said) -> list[dict[str, Any]]:
        return [
            {"ref": each["ref"], "object": each[oid]}
            for each in _refs(said)
            if each["change"] == change
        ]

    return make


def _reopened(said: Said) -> list[dict[str, Any]]:
    """What was gone meanwhile is fixed when its dismissal ends, and not open."""
    if said.get("state", "open") != "open":
        return []
    return [_only(said, ("number", "type", "severity", "why"))]


REFS = "refs:list[dict[str,str]] protocol ?push_id ?part:int ?parts:int ?operation"
MOVES = "git.pushed git.ref_changed"
ROWS: tuple[WebhookEvent, ...] = (
    told(PING, sentence("A test of the webhook."), "", "hook"),
    told(
        *("push", sentence("Branches or tags were created, moved or deleted."), MOVES, REFS),
        _push,
    ),
    told(
        *("ref.created", sentence("A branch or tag was created."), MOVES, "ref object"),
        _those(CREATED, "after"),
    ),
    told(
        *("ref.deleted", sentence("A branch or tag was deleted."), MOVES, "ref object"),
        _those(DELETED, "before"),
    ),
    told(
        *("repository.created", sentence("It was created.")),
        *("repo.created", "path visibility"),
    ),
    told(
        *("repository.forked", sentence("It was made as a fork of another.")),
        *("repo.forked", "path"),
    ),
    told(
        *("repository.imported", sentence("It was imported, with all its refs.")),
        *("repo.imported", "refs:int"),
    ),
    told(
        *("repository.changed", sentence("Its settings were changed.")),
        *("repo.changed", "changed:dict[str,Any]"),
    ),
    told(
        *("wiki.changed", sentence("Pages of its wiki were changed.")),
        *("repo.wiki_changed", "push_id before after"),
    ),
    told(
        *("repository.renamed", sentence("It has another name.")),
        *("repo.renamed", "before after"),
    ),
    told(
        *("repository.transferred", sentence("It has another owner.")),
        *("repo.transferred", "before after"),
    ),
    told(
        *("repository.visibility_changed", sentence("Its visibility was changed.")),
        *("repo.visibility_changed", "before after"),
    ),
    told(
        *("status.reported", sentence("A commit status was reported.")),
        *("check.status_reported", "commit context state"),
    ),
    told(
        *(
            "check_run.created",
            sentence("A check run was created: queued, in progress or completed."),
        ),
        *("check.run_created", "commit run_id name state ?conclusion"),
    ),
    told(
        *("check_run.changed", sentence("A check run was updated or completed.")),
        *("check.run_changed", "commit run_id name state ?conclusion changed:list[str]"),
    ),
    told(
        *("commit.commented", sentence("Somebody commented on a commit, or on lines of it.")),
        *("commit.commented", "commit comment_id in_file:bool"),
    ),
    told(
        *("commit.labelled", sentence("A commit has other labels.")),
        *("commit.labels_changed", "commit added:list[str] removed:list[str]"),
    ),
    told("repository.archived", sentence("It became read-only."), "repo.archived", "path"),
    told(
        *("repository.unarchived", sentence("It can be written to again.")),
        *("repo.unarchived", "path"),
    ),
    told(
        "repository.deleted", sentence("It was deleted and is in the bin."), "repo.deleted", "path"
    ),
    told(
        *("issue.opened", sentence("Somebody opened an issue.")),
        *("issue.opened", "number:int"),
    ),
    told(
        *("issue.commented", sentence("Somebody commented on an issue or a pull request.")),
        *("issue.commented", "number:int thing comment_id"),
    ),
    told(
        *("issue.labelled", sentence("An issue or a pull request has other labels.")),
        *("issue.labels_changed", "number:int thing"),
    ),
    told(
        *("issue.assigned", sentence("An issue or a pull request has other assignees.")),
        *("issue.assignees_changed", "number:int thing"),
    ),
    told(
        *("issue.closed", sentence("An issue was closed.")),
        *("issue.closed", "number:int reason ?duplicate_of:int ?commit"),
    ),
    told(
        *("issue.reopened", sentence("An issue is open again.")),
        *("issue.reopened", "number:int"),
    ),
    told(
        *("pull_request.opened", sentence("Somebody opened a pull request.")),
        *("merge.requested", "number:int source into head draft:bool"),
    ),
    told(
        *(
            "pull_request.changed",
            sentence("It became a draft or ready for review, or has another target branch."),
        ),
        *("merge.changed", "number:int changed:list[str] draft:bool into"),
    ),
    told(
        *("pull_request.pushed", sentence("It has a new patch set.")),
        *("merge.head_pushed", "number:int patch_set:int before after"),
    ),
    told(
        *("pull_request.review_requested", sentence("A review by a user or a team was requested.")),
        *("review.requested", "number:int reviewer_type"),
    ),
    told(
        *("pull_request.reviewed", sentence("Somebody reviewed it.")),
        *("review.submitted", "number:int review_id verdict head patch_set:int comments:int"),
    ),
    told(
        *("pull_request.review_dismissed", sentence("A review was dismissed.")),
        *("review.dismissed", "number:int review_id why"),
    ),
    told(
        *("pull_request.review_commented", sentence("Somebody commented on its lines.")),
        *("review.comment_added", "number:int thread_id comment_id"),
    ),
    told(
        *("pull_request.closed", sentence("It was closed without a merge.")),
        *("merge.closed", "number:int reason"),
    ),
    told(
        *("pull_request.reopened", sentence("It is open again.")),
        *("merge.reopened", "number:int"),
    ),
    told(
        *("pull_request.merged", sentence("It was merged.")),
        *("merge.merged", "number:int method head base merged_as into by_queue:bool"),
    ),
    told(
        *("pull_request.queued", sentence("It was added to the merge queue.")),
        *("merge.queued", "number:int into head priority"),
    ),
    told(
        *(
            "pull_request.dequeued",
            sentence("It was removed from the merge queue without a merge."),
        ),
        *("merge.dequeued", "number:int reason"),
    ),
    told(
        *(
            "merge_group.built",
            sentence("A merge group was built, which becomes the branch if its checks pass."),
        ),
        *("merge.group_built", "into base commit ref numbers:list[int]"),
    ),
    told(
        *("alert.opened", sentence("A scan found something.")),
        *("alert.opened", "number:int type rule severity confidence lane"),
    ),
    told(
        *("alert.reopened", sentence("An alert is open again.")),
        *("alert.reopened alert.dismissal_expired", "number:int type severity ?why"),
        _reopened,
    ),
    told(
        *("alert.dismissed", sentence("An alert was dismissed, or somebody wants it to be.")),
        *("alert.dismissed alert.dismissal_requested", "number:int type severity reason ?until"),
    ),
    told(
        *("alert.fixed", sentence("What was found is gone, or a secret was revoked.")),
        *("alert.fixed alert.revoked", "number:int type severity ?how"),
    ),
    told(
        *("alert.changed", sentence("An alert has another assignee, a comment, or is exploited.")),
        "alert.assigned alert.commented alert.exploited alert.dismissal_refused",
        "number:int type severity",
    ),
    told("repository.restored", sentence("It was restored from the bin."), "repo.restored", "path"),
)


@cache
def by_action() -> dict[str, tuple[WebhookEvent, ...]]:
    """The events that come of each recorded action."""
    found: dict[str, tuple[WebhookEvent, ...]] = {}
    for each in ROWS:
        for action in each.actions:
            found[action] = (*found.get(action, ()), each)
    return found


@cache
def by_name() -> dict[str, WebhookEvent]:
    """Every event, in the order of the table."""
    return {each.name: each for each in ROWS}


def names() -> tuple[str, ...]:
    """The names that a webhook may choose from."""
    return tuple(name for name in by_name() if name != PING)


def made_of(action: str, said: Said) -> list[tuple[str, dict[str, Any]]]:
    """What is to be told of a recorded action: name and data of each event, in a fixed order."""
    return [(each.name, data) for each in by_action().get(action, ()) for data in each.make(said)]
