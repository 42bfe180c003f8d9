"""What receivers read of webhook events is what the registry says, and payloads are as it says."""

from __future__ import annotations

import dataclasses
import json

import jsonschema_rs
import pytest

from appliance.domain import events, webhook_events
from appliance.domain.events import registry
from appliance.domain.identity import appliance
from appliance.services import repository_facts, webhook_deliveries
from script import webhook_reference
from tests.webhooks import NOTES, branch, hook, lab, now, push

__all__ = ["lab"]
ADVICE = "run: .venv/bin/python -m script.webhook_reference"
VALIDATOR = jsonschema_rs.Draft202012Validator(webhook_reference.schema())
URL = "https://codara.test"
OID = "1" * 40


def test_the_page_and_the_schema_are_those_of_the_registry():
    assert webhook_reference.PAGE.read_text("utf-8") == webhook_reference.page(), ADVICE
    assert webhook_reference.SCHEMA.read_text("utf-8") == webhook_reference.schema_text(), ADVICE
    jsonschema_rs.meta.validate(webhook_reference.schema())


def test_each_is_made_from_actions_that_are_recorded():
    unknown = {
        action
        for each in webhook_events.ROWS
        for action in each.actions
        if not (registry.is_known(action) and registry.of(action).is_emitted)
    }

    assert unknown == set()
    assert len(webhook_events.by_name()) == len(webhook_events.ROWS), "a name stands once"


FACTS = [
    events.RepositoryCreated(path=NOTES, visibility="private"),
    events.RepositoryForked(path=NOTES, parent_id="x"),
    events.RepositoryImported(refs=1, lfs_objects=0),
    events.RepositoryChanged(changed={"description": "x"}),
    events.WikiChanged(push_id="x", before=OID, after=OID),
    events.RepositoryRenamed(before="lab/a", after=NOTES),
    events.RepositoryTransferred(before="shop/notes", after=NOTES),
    events.RepositoryVisibilityChanged(before="private", after="public"),
    events.RepositoryArchived(path=NOTES),
    events.RepositoryUnarchived(path=NOTES),
    events.RepositoryDeleted(path=NOTES),
    events.RepositoryRestored(path=NOTES),
    events.CheckStatusReported(commit=OID, context="build", state="success"),
    events.CheckRunCreated(commit=OID, run_id="x", name="build", state="queued"),
    events.CheckRunChanged(
        commit=OID, run_id="x", name="build", state="queued", changed=[], annotations=0
    ),
    events.MergeQueued(number=1, into="main", head=OID, priority="normal"),
    events.MergeDequeued(number=1, reason="by_hand"),
    events.MergeGroupBuilt(into="main", base=OID, commit=OID, ref="refs/queue/main/x", numbers=[1]),
    events.IssueOpened(number=1, title="x"),
    events.IssueCommented(number=1, thing="issue", comment_id="x"),
    events.IssueLabelsChanged(number=1, thing="issue", added=["x"], removed=[]),
    events.IssueAssigneesChanged(number=1, thing="issue", added=["x"], removed=[]),
    events.IssueClosed(number=1, reason="completed"),
    events.IssueReopened(number=1),
    events.CommitCommented(commit=OID, comment_id="x", in_file=False),
    events.CommitLabelsChanged(commit=OID, added=["x"], removed=[]),
    events.PullRequestOpened(
        number=1, source="topic", into="main", head=OID, draft=False, source_id="x", title="x"
    ),
    events.PullRequestChanged(number=1, changed=["draft"], draft=True, into="main"),
    events.HeadPushed(number=1, patch_set=2, before=OID, after=OID),
    events.ReviewRequested(number=1, reviewer_id="x", reviewer_type="user"),
    events.ReviewSubmitted(
        number=1, review_id="x", verdict="approve", head=OID, patch_set=1, comments=0
    ),
    events.ReviewDismissed(number=1, review_id="x", why="by_hand"),
    events.ReviewCommentAdded(number=1, thread_id="x", comment_id="x"),
    events.PullRequestClosed(number=1, reason="by_hand"),
    events.PullRequestReopened(number=1),
    events.AlertOpened(
        number=1,
        type="secret",
        rule="x",
        severity="high",
        confidence="high",
        lane="block",
        scan_id="x",
    ),
    events.AlertReopened(number=1, type="secret", severity="high", why="seen"),
    events.AlertDismissed(number=1, type="secret", severity="high", reason="false_positive"),
    events.AlertFixed(number=1, type="code", severity="high", how="gone"),
    events.AlertAssigned(number=1, type="secret", severity="high"),
    events.PullRequestMerged(
        number=1, method="git", head=OID, base=OID, merged_as=OID, into="main", approvals=[]
    ),
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_event_is_told_as_the_schema_says(lab):
    push(lab)
    branch(lab, "new")
    branch(lab, "new", is_gone=True)
    with lab.begin(lab.owner) as work:
        for each in FACTS:
            work.record(dataclasses.replace(each, about=lab.notes.id))
    hook_id = hook(lab, "http://127.0.0.1:1/", "lab")
    with lab.begin(lab.owner) as work:
        ping = webhook_deliveries.ping(work, "lab", hook_id, url=URL, now=now())
        payloads = [json.loads(ping.payload)]
    lab.keep_log()
    with lab.reading(appliance()) as work:
        facts = repository_facts.after(work, 0, sealer=lab.wiring.sealer, url=URL)
    payloads += [each.payload for each in facts.told]

    assert {each["event"] for each in payloads} == set(webhook_events.by_name())
    assert [problem for each in payloads for problem in VALIDATOR.iter_errors(each)] == []
