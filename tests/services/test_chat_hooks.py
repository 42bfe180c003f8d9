"""A chat is told by a webhook of its format, through the same queue and the same checks."""

from __future__ import annotations

from appliance.domain.chat_messages import WebhookFormat
from appliance.domain.permissions import Role
from appliance.services import conversations, webhook_deliveries, webhooks
from appliance.services.conversations import NewIssue
from appliance.services.webhooks import Changes
from tests.peers.receivers import receiving
from tests.webhooks import NOTES, deliver, hook, lab, now, payloads, row

__all__ = ["lab"]


def test_a_chat_is_told_of_an_issue_in_one_line(lab):
    lab.user("reader", role=Role.READER, on=NOTES)
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url, events=["issue.opened"], format=WebhookFormat.SLACK)
        with lab.begin(lab.actor("reader")) as work:
            conversations.open_issue(work, NOTES, NewIssue("It <breaks>"), now=now())
        lab.keep_log()
        deliver(lab, hook_id)

    (said,) = payloads(receiver.kept)
    assert said["text"].startswith("reader opened <")
    assert "#1 It &lt;breaks&gt;>" in said["text"]
    assert receiver.kept[0].headers["codara-event"] == "issue.opened"


def test_the_format_can_be_changed_and_a_ping_speaks_it(lab):
    hook_id = hook(lab, "http://127.0.0.1:1/")
    with lab.begin(lab.owner) as work:
        changes = Changes(format=WebhookFormat.TEAMS)
        webhooks.change(work, NOTES, hook_id, changes, sealer=lab.wiring.sealer, now=now())
        made = webhook_deliveries.ping(work, NOTES, hook_id, url="https://codara.test", now=now())
        assert '"AdaptiveCard"' in made.payload
    assert row(lab, hook_id).format is WebhookFormat.TEAMS
    assert lab.recorded("webhook.changed")[-1].body["changed"] == {"format": "teams"}
