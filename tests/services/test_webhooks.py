"""Webhooks are told what they chose, of what who answers for them may see, in its order."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.users import User, UserState
from appliance.db.webhooks import Webhook
from appliance.domain import webhook_events
from appliance.domain.permissions import OrganisationRole, Role
from appliance.domain.webhooks import DeliveryState
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.services import repository_moves, webhook_deliveries, webhooks
from appliance.services.webhooks import Changes
from tests.peers.receivers import receiving
from tests.webhooks import (
    NOTES,
    SECRET,
    branch,
    deliver,
    deliveries,
    hook,
    lab,
    now,
    payloads,
    push,
    pushes,
    row,
)

__all__ = ["lab"]
NEW = "another secret for both sides"


def test_a_push_is_told_with_all_that_a_receiver_needs(lab):
    with receiving() as receiver:
        hook_id = hook(lab, f"{receiver.url}/build?job=1")
        push(lab)
        deliver(lab, hook_id)

    (request,) = receiver.kept
    (told,) = payloads(receiver.kept)
    assert request.path == "/build?job=1"
    assert told["event"] == "push"
    assert told["version"] == webhook_events.VERSION
    assert told["repository"]["path"] == NOTES
    assert told["repository"]["url"].endswith("/lab/notes")
    assert told["data"]["refs"] == [
        {
            "ref": "refs/heads/main",
            "change": "moved",
            "before": f"{1:040x}",
            "after": f"{2:040x}",
        }
    ]
    assert request.headers["codara-event"] == "push"
    assert request.headers["codara-event-id"] == told["id"]
    assert request.headers["codara-delivery"] == str(deliveries(lab, hook_id)[0].delivery_id)


def test_a_receiver_can_tell_that_it_was_us(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        deliver(lab, hook_id)

    (request,) = receiver.kept
    assert signatures(request) == [over_body(SECRET, request)]
    assert request.headers["codara-signature"] == with_time(SECRET, request)


def test_while_a_secret_is_rotated_both_sign(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        change(lab, hook_id, secret=NEW, overlap_hours=1)
        push(lab)
        deliver(lab, hook_id)
        with lab.wiring.database.engine.begin() as connection:
            connection.execute(sa.update(Webhook).values(former_until=now()))
        push(lab, start=1)
        deliver(lab, hook_id)

    both, one = receiver.kept
    assert signatures(both) == [over_body(NEW, both), over_body(SECRET, both)]
    assert both.headers["codara-signature"].split(", ") == [
        with_time(NEW, both),
        with_time(SECRET, both),
    ]
    assert signatures(one) == [over_body(NEW, one)]


def test_a_secret_that_somebody_knows_stops_at_once(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        change(lab, hook_id, secret=NEW, overlap_hours=0)
        push(lab)
        deliver(lab, hook_id)

    (request,) = receiver.kept
    assert signatures(request) == [over_body(NEW, request)]


def test_secrets_are_sealed_in_the_database_and_shown_to_nobody(lab):
    hook_id = hook(lab, "http://127.0.0.1:1/")

    assert SECRET.encode() not in row(lab, hook_id).secret


def test_what_was_not_chosen_is_not_told(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url, events=["ref.created", "ref.deleted"])
        push(lab)
        branch(lab, "new")
        branch(lab, "new", is_gone=True)
        deliver(lab, hook_id)

    told = payloads(receiver.kept)
    assert [each["event"] for each in told] == ["ref.created", "ref.deleted"]
    assert told[0]["data"] == {"ref": "refs/heads/new", "object": f"{7:040x}"}


def test_of_one_change_come_events_with_ids_of_their_own(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        branch(lab, "new")
        deliver(lab, hook_id)

    told = payloads(receiver.kept)
    assert [each["event"] for each in told] == ["push", "ref.created"]
    assert len({each["id"] for each in told}) == 2


def test_what_happened_before_is_not_told(lab):
    push(lab)
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, start=1)
        deliver(lab, hook_id)

    assert pushes(receiver.kept) == [1]


def test_a_webhook_that_is_off_hears_nothing_of_that_time(lab):
    with receiving() as receiver:
        hook_id, other = hook(lab, receiver.url), hook(lab, "http://127.0.0.1:1/")
        change(lab, hook_id, is_active=False)
        push(lab)
        deliver(lab, other)
        change(lab, hook_id, is_active=True)
        push(lab, start=1)
        deliver(lab, hook_id)

    assert pushes(receiver.kept) == [1]


@pytest.mark.promise("P70")
def test_a_repositorys_webhook_hears_of_no_other_repository(lab):
    other = lab.repository("lab/other")
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, repository=other)
        push(lab, start=1)
        deliver(lab, hook_id)

    assert pushes(receiver.kept) == [1]


@pytest.mark.promise("P70")
def test_an_organisations_webhook_hears_of_its_repositories_alone(lab):
    other, elsewhere = lab.repository("lab/other"), lab.repository("shop/notes")
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url, "lab")
        push(lab, repository=other)
        push(lab, start=1, repository=elsewhere)
        push(lab, start=2)
        deliver(lab, hook_id)

    assert pushes(receiver.kept) == [0, 2]


@pytest.mark.parametrize("end", ["suspended", "removed"])
@pytest.mark.promise("P70")
def test_nothing_is_told_that_who_answers_for_it_may_not_see(lab, end):
    maker = lab.user("maker", role=Role.OWNER, on=NOTES)
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url, actor=maker)
        push(lab)
        deliver(lab, hook_id)
        END[end](lab)
        push(lab, start=1)
        deliver(lab, hook_id)
        assert row(lab, hook_id).is_kept_back

        change(lab, hook_id, is_active=True)  # The owner answers for it now.
        push(lab, start=2)
        deliver(lab, hook_id)

    assert pushes(receiver.kept) == [0, 2]
    assert not row(lab, hook_id).is_kept_back


def suspend(lab):
    with lab.wiring.database.engine.begin() as connection:
        connection.execute(
            sa.update(User).where(User.name == "maker").values(state=UserState.SUSPENDED)
        )


def take_away(lab):
    with lab.wiring.database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM grants"))


END = {"suspended": suspend, "removed": take_away}


def test_a_rename_is_told_with_both_names(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        with lab.begin(lab.owner) as work:
            repository_moves.rename(work, NOTES, "papers")
        lab.keep_log()
        deliver(lab, hook_id)

    (told,) = payloads(receiver.kept)
    assert told["event"] == "repository.renamed"
    assert told["data"] == {"before": "lab/notes", "after": "lab/papers"}
    assert told["repository"]["path"] == "lab/papers"
    assert told["actor"] == {"type": "user", "name": "owner"}


def test_a_ping_is_tried_once(lab):
    hook_id = hook(lab, "http://127.0.0.1:1/")
    with lab.begin(lab.owner) as work:
        webhook_deliveries.ping(work, NOTES, hook_id, url="https://codara.test", now=now())
    lab.sender.work_off(hook_id)

    (found,) = deliveries(lab, hook_id)
    assert (found.state, found.attempts) == (DeliveryState.GIVEN_UP, 1)
    assert "webhook.delivery_failed" not in lab.events()
    assert lab.events()[-1] == "webhook.tested"


def test_one_delivery_is_sent_again_under_an_id_of_its_own(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        deliver(lab, hook_id)
        first = deliveries(lab, hook_id)[0]
        with lab.begin(lab.owner) as work:
            webhook_deliveries.redeliver(work, NOTES, hook_id, first.number, now=now())
        lab.sender.work_off(hook_id)

    before, after = receiver.kept
    assert before.body == after.body
    assert after.headers["codara-redelivery-of"] == str(first.delivery_id)
    assert after.headers["codara-delivery"] != before.headers["codara-delivery"]
    assert lab.events()[-1] == "webhook.redelivered"


def test_a_range_is_sent_again_in_its_order(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab, 3)
        deliver(lab, hook_id)
        since, until = deliveries(lab, hook_id)[0].created_at, now()
        for _ in range(2):  # What was sent again is not part of another range.
            again(lab, hook_id, since, until)
            lab.sender.work_off(hook_id)

    assert pushes(receiver.kept) == [0, 1, 2] * 3


def again(lab, hook_id, since, until, **fields: Any):
    with lab.begin(lab.owner) as work:
        return webhook_deliveries.redeliver_range(
            work,
            NOTES,
            hook_id,
            **{"since": since, "until": until, "only_given_up": False, "now": now(), **fields},
        )


def test_a_range_has_an_end_after_its_beginning(lab):
    hook_id = hook(lab, "http://127.0.0.1:1/")
    with pytest.raises(InvalidError):
        again(lab, hook_id, now(), now().replace(year=2020))


def test_what_is_off_sends_nothing_again(lab):
    hook_id = hook(lab, "http://127.0.0.1:1/", is_active=False)
    with pytest.raises(ConflictError):
        again(lab, hook_id, now().replace(year=2020), now())


@pytest.mark.parametrize("given", [{"events": ["push", "nothing"]}, {"events": []}])
def test_only_events_that_there_are_can_be_chosen(lab, given):
    with pytest.raises(InvalidError) as refused:
        hook(lab, "http://127.0.0.1:1/", **given)

    assert refused.value.fields[0].field == "events"


@pytest.mark.parametrize("secret", ["short", "ä secret of many letters", "x" * 201])
def test_a_weak_secret_is_refused(lab, secret):
    with pytest.raises(InvalidError):
        hook(lab, "http://127.0.0.1:1/", secret=secret)


def test_maintainers_manage_no_webhooks(lab):
    maintainer = lab.user("maintainer", role=Role.MAINTAINER, on=NOTES)
    with pytest.raises(RefusedError):
        hook(lab, "http://127.0.0.1:1/", actor=maintainer)


def test_members_manage_no_webhooks_of_the_organisation(lab):
    member = lab.user("member", member=OrganisationRole.MEMBER, of="lab")
    with pytest.raises(RefusedError):
        hook(lab, "http://127.0.0.1:1/", "lab", actor=member)


def test_a_webhook_is_at_the_address_of_its_place_alone(lab):
    lab.repository("lab/other")
    hook_id = hook(lab, "http://127.0.0.1:1/")
    for place in ("lab/other", "lab"):
        with pytest.raises(HiddenError), lab.reading(lab.owner) as work:
            webhooks.show(work, place, hook_id)


def test_what_is_deleted_takes_its_list_along(lab):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url)
        push(lab)
        deliver(lab, hook_id)
        with lab.begin(lab.owner) as work:
            webhooks.delete(work, NOTES, hook_id)

    assert deliveries(lab, hook_id) == []
    assert lab.events()[-1] == "webhook.deleted"


def change(lab, hook_id, **fields: Any):
    with lab.begin(lab.owner) as work:
        changes = Changes(**fields)
        webhooks.change(work, NOTES, hook_id, changes, sealer=lab.wiring.sealer, now=now())


def signatures(request):
    return request.headers["codara-signature-256"].split(", ")


def over_body(secret, request):
    return f"sha256={hmac.new(secret.encode(), request.body, 'sha256').hexdigest()}"


def with_time(secret, request):
    signed = request.headers["codara-timestamp"].encode() + b"." + request.body
    return f"v1={hmac.new(secret.encode(), signed, 'sha256').hexdigest()}"
