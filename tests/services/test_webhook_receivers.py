"""Receivers of webhooks that fail, keep us waiting, lead elsewhere or talk for ever; and order."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.webhooks import Webhook
from appliance.domain.identity import appliance
from appliance.domain.webhooks import DeliveryState
from appliance.errors import InvalidError
from appliance.jobs.hooking import Hooking
from appliance.services import webhook_deliveries, webhook_targets
from tests.peers.receivers import (
    HANG_UP,
    HANG_UP_AFTER_TAKING,
    OK,
    Authority,
    Reply,
    receiving,
    refuse,
)
from tests.webhooks import (
    deliver,
    deliveries,
    due_now,
    given_up_now,
    hook,
    lab,
    now,
    push,
    pushes,
    row,
)

__all__ = ["lab"]


def test_what_fails_is_tried_again_and_nothing_overtakes_it(lab):
    with receiving(lambda request: refuse(503) if request.number < 2 else OK) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, 3)
        deliver(lab, hook_id)
        first, *rest = deliveries(lab, hook_id)
        assert (first.status, first.attempts) == (503, 1)
        assert first.retry_at > first.tried_at
        assert {each.attempts for each in rest} == {0}
        lab.sender.work_off(hook_id)  # It is not time yet.
        assert receiver.seen == 1
        for _ in range(2):
            due_now(lab)
            lab.sender.work_off(hook_id)

    assert pushes(receiver.kept) == [0, 1, 2]
    assert receiver.kept[0].headers["codara-attempt"] == "3"
    assert row(lab, hook_id).failures == 0


def test_another_repository_does_not_wait_for_one_that_fails(lab):
    other = lab.repository("lab/other")

    def refuse_notes(request):
        return refuse(500) if b'"lab/notes"' in request.body else OK

    with receiving(refuse_notes) as receiver:
        hook_id = hook(lab, receiver.url, "lab")
        push(lab, 2)
        push(lab, 2, start=2, repository=other)
        deliver(lab, hook_id)

    assert pushes(receiver.kept) == [2, 3]


def test_where_nobody_answers_not_each_repository_is_tried(lab):
    other = lab.repository("lab/other")
    with receiving(lambda _: HANG_UP) as receiver:
        hook_id = hook(lab, receiver.url, "lab")
        push(lab, 2)
        push(lab, 2, start=2, repository=other)
        deliver(lab, hook_id)

    assert receiver.seen == 1
    assert row(lab, hook_id).retry_at is not None


def test_after_a_day_a_delivery_is_given_up_and_the_next_has_its_turn(lab):
    with receiving(lambda request: refuse(500) if request.number < 2 else OK) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, 2)
        deliver(lab, hook_id)
        given_up_now(lab)
        lab.sender.work_off(hook_id)

    assert [each.state for each in deliveries(lab, hook_id)] == [
        DeliveryState.GIVEN_UP,
        DeliveryState.DELIVERED,
    ]
    (event,) = lab.recorded("webhook.delivery_failed")
    assert event.body["attempts"] == 2
    assert event.body["reason"] == "status_500"


def test_a_receiver_that_never_answers_is_left_alone_in_the_end(lab):
    with receiving(lambda _: refuse(500)) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, 5)
        deliver(lab, hook_id)
        given_up_now(lab)
        lab.sender.work_off(hook_id)

    found = row(lab, hook_id)
    assert not found.is_active
    assert "3 deliveries" in found.off_because
    assert lab.events()[-1] == "webhook.disabled"
    assert receiver.seen == 4
    waiting = [each for each in deliveries(lab, hook_id) if each.state is DeliveryState.WAITING]
    assert len(waiting) == 2, "they are there when somebody switches it on"


@pytest.mark.promise("P70")
def test_nobody_follows_where_a_receiver_leads(lab):
    with receiving() as elsewhere, receiving(lambda _: Reply(302, b"", is_kept=False)) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        deliver(lab, hook_id)

    assert elsewhere.seen == 0
    assert "a redirect" in deliveries(lab, hook_id)[0].error


def test_of_an_endless_answer_the_beginning_is_kept(lab):
    with receiving(lambda _: Reply(200, b"a" * 5_000_000)) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        deliver(lab, hook_id)

    (found,) = deliveries(lab, hook_id)
    assert found.state is DeliveryState.DELIVERED
    assert len(found.answer) == webhook_targets.LONGEST_ANSWER


def test_an_answer_is_kept_without_what_may_be_secret(lab):
    with receiving(lambda _: Reply(200, b"taken\x00\x1b[31m")) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        deliver(lab, hook_id)

    (found,) = deliveries(lab, hook_id)
    sent = dict(found.request_headers)
    assert found.answer == "taken [31m"
    assert sent["Codara-Event"] == "push"
    assert sent["Codara-Signature-256"].endswith("***")
    assert len(sent["Codara-Signature-256"]) < 30
    assert webhook_targets._kept([("Set-Cookie", "a=b"), ("X-Api-Key", "c")]) == [
        ["Set-Cookie", "***"],
        ["X-Api-Key", "***"],
    ]


def test_a_receiver_that_keeps_us_waiting_is_left(lab):
    lab.sender.close()
    lab.configure(CODARA_WEBHOOKS__SECONDS="0.3")
    lab.sender = Hooking(lab.wiring)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook_id = hook(lab, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        push(lab)
        deliver(lab, hook_id)

    (found,) = deliveries(lab, hook_id)
    assert found.status is None
    assert found.seconds < 2
    assert found.state is DeliveryState.WAITING


def test_a_receiver_with_a_certificate_of_ours_is_believed(lab, tmp_path):
    authority = Authority(tmp_path)
    lab.sender.close()
    lab.configure(CODARA_WEBHOOKS__AUTHORITIES_FILE=str(authority.file))
    lab.sender = Hooking(lab.wiring)
    with receiving(context=authority.context()) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        deliver(lab, hook_id)
    with receiving(context=authority.context("elsewhere.test")) as stranger:
        other = hook(lab, stranger.url)
        push(lab, start=1)
        deliver(lab, other)

    assert pushes(receiver.kept) == [0]
    assert stranger.seen == 0
    assert "is for another name" in row(lab, other).error


@pytest.mark.parametrize(
    ("address", "settings"),
    [
        ("http://93.184.215.14/", {}),
        ("https://127.0.0.1/", {"CODARA_WEBHOOKS__PRIVATE_ADDRESSES": "false"}),
        ("https://169.254.169.254/latest", {}),
        ("https://93.184.215.14/", {"CODARA_WEBHOOKS__HOSTS": "*.ci.test"}),
        ("https://user:word@93.184.215.14/", {}),
        ("ftp://93.184.215.14/", {}),
    ],
)
@pytest.mark.promise("P70")
def test_where_a_webhook_may_not_lead_it_does_not(lab, address, settings):
    lab.configure(**settings)
    with pytest.raises(InvalidError):
        webhook_targets.check_address(address, rules=lab.settings.webhooks)


@pytest.mark.promise("P70")
def test_a_name_that_leads_inside_later_is_refused_then(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        lab.sender.close()
        lab.configure(CODARA_WEBHOOKS__PRIVATE_ADDRESSES="false")
        lab.sender = Hooking(lab.wiring)
        deliver(lab, hook_id)

    assert receiver.seen == 0
    assert "address is not allowed" in row(lab, hook_id).error


def test_a_thousand_events_come_in_their_order_over_all_that_goes_wrong(lab):
    wrong = {3: refuse(500), 10: HANG_UP, 11: HANG_UP_AFTER_TAKING, 500: refuse(429)}
    with receiving(lambda request: wrong.get(request.number, OK)) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, 1000)
        for _ in range(40):
            due_now(lab)
            deliver(lab, hook_id)

    came = pushes(receiver.kept)
    assert list(dict.fromkeys(came)) == list(range(1000))
    assert came == sorted(came), "what comes again comes before what follows it"
    assert len(came) == 1001


def test_two_senders_do_not_deliver_to_the_same_webhook(lab):
    is_inside, may_go_on = threading.Event(), threading.Event()

    def slow(_):
        is_inside.set()
        may_go_on.wait(60)
        return OK

    other = Hooking(lab.wiring)
    with receiving(slow) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        lab.sender.queue()
        thread = threading.Thread(target=lab.sender.work_off, args=(hook_id,))
        thread.start()
        assert is_inside.wait(60)
        other.work_off(hook_id)
        may_go_on.set()
        thread.join()
    other.close()

    assert receiver.seen == 1


def test_old_deliveries_are_forgotten_and_those_that_wait_are_not(lab):
    with receiving(lambda request: OK if request.number == 0 else refuse(500)) as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, 2)
        deliver(lab, hook_id)
        with lab.begin(appliance()) as work:
            number = webhook_deliveries.forget_old(work, before=now() + timedelta(days=1))

    assert number == 1
    assert [each.state for each in deliveries(lab, hook_id)] == [DeliveryState.WAITING]
    with lab.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(Webhook).values(is_active=False))
    with lab.begin(appliance()) as work:
        assert webhook_deliveries.forget_old(work, before=now() + timedelta(days=1)) == 1
