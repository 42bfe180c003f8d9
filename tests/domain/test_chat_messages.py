"""What chats are told: one line, in which foreign words do nothing."""

from __future__ import annotations

import json

import pytest

from appliance.domain import webhook_events
from appliance.domain.chat_messages import CHATS, DOES, WebhookFormat, message

URL = "https://codara.test/lab/notes"
HOSTILE = "<!channel> [x](https://evil.test) @channel *bold* `code` |\n& more"


def told(event, data, actor="writer"):
    return {
        "event": event,
        "actor": {"type": "user", "name": actor},
        "repository": {"path": "lab/notes", "url": URL},
        "data": data,
    }


def texts(form, payload, title=""):
    found = message(form, payload, title=title)
    if form is not WebhookFormat.TEAMS:
        return found["text"]
    return found["attachments"][0]["content"]["body"][0]["text"]


def test_every_event_has_words():
    assert set(DOES) == set(webhook_events.by_name())


def test_slack_is_told_with_links():
    payload = told("issue.closed", {"number": 3, "reason": "completed"})

    assert texts(WebhookFormat.SLACK, payload, "It breaks") == (
        f"writer closed <{URL}/issues/3|#3 It breaks> in <{URL}|lab/notes>"
    )


def test_mattermost_is_told_in_markdown():
    payload = told("pull_request.merged", {"number": 3})

    assert texts(WebhookFormat.MATTERMOST, payload, "Quicker") == (
        f"writer merged [\\#3 Quicker]({URL}/pulls/3) in [lab/notes]({URL})"
    )


def test_a_review_is_told_by_its_verdict():
    said = [
        texts(WebhookFormat.SLACK, told("pull_request.reviewed", {"number": 3, "verdict": verdict}))
        for verdict in ("approve", "request_changes", "comment")
    ]

    assert [each.split(" <")[0] for each in said] == [
        "writer approved",
        "writer requested changes to",
        "writer reviewed",
    ]


def test_teams_gets_a_card():
    found = message(WebhookFormat.TEAMS, told("issue.reopened", {"number": 3}))
    (attached,) = found["attachments"]

    assert found["type"] == "message"
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attached["content"]["type"] == "AdaptiveCard"


def test_a_comment_on_a_pull_request_leads_there():
    payload = told("issue.commented", {"number": 3, "thing": "pull_request"})

    assert f"{URL}/pulls/3" in texts(WebhookFormat.SLACK, payload)


def test_a_push_names_some_branches():
    refs = [{"ref": f"refs/heads/b{number}"} for number in range(7)]

    assert texts(WebhookFormat.SLACK, told("push", {"refs": refs})).startswith(
        "writer pushed to b0, b1, b2, b3, b4 and 2 more in "
    )


@pytest.mark.promise("P73")
@pytest.mark.parametrize("form", sorted(CHATS))
def test_foreign_words_call_nobody_and_lead_nowhere(form):
    payload = told("issue.opened", {"number": 3}, actor="@all")
    said = texts(form, payload, HOSTILE)

    assert "\n" not in said
    assert "@channel" not in said
    assert "@all" not in said
    assert "<!" not in said
    assert form is WebhookFormat.SLACK or "](https://evil.test)" not in said
    assert json.dumps(message(form, payload, title=HOSTILE))


def test_what_is_unknown_is_told_by_its_name():
    assert texts(WebhookFormat.SLACK, told("odd.thing", {})).startswith("writer caused odd.thing")


def test_a_ping_of_an_organisation_has_no_repository():
    payload = {"event": "ping", "actor": {"name": "owner"}, "repository": None, "data": {}}

    assert texts(WebhookFormat.SLACK, payload) == "owner tries out whether this chat hears"


@pytest.mark.promise("P73")
@pytest.mark.parametrize("form", sorted(CHATS))
@pytest.mark.parametrize("words", ["https://evil.test/x", "WWW.evil.test", "ftp://evil.test"])
def test_what_looks_like_an_address_is_no_link(form, words):
    payload = told("status.reported", {"commit": "1" * 40, "context": words, "state": "success"})

    for said in (texts(form, payload), texts(form, told("issue.opened", {"number": 1}), words)):
        assert "://evil" not in said.replace("\\", "")
        assert "www.evil" not in said.replace("\\", "").lower()
