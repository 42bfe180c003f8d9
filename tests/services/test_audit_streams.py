"""Streams deliver every event at least once, in order, to receivers with every bad habit."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditLeaf, AuditLog
from appliance.domain import events
from appliance.domain.audit_streams import Covers
from appliance.domain.identity import appliance
from appliance.errors import ConflictError, InvalidError
from appliance.jobs.streaming import streaming
from appliance.services.audit_log import claims, stream_reports, streams
from appliance.services.audit_log.claims import Claim
from tests.peers.receivers import (
    HANG_UP,
    HANG_UP_AFTER_TAKING,
    OK,
    receiving,
    refuse,
)
from tests.streams import (
    MANY,
    SECRET,
    deliver,
    first_of_each,
    happen,
    indexes,
    lab,
    now,
    report,
    stream,
)

__all__ = ["lab"]


def insist_on_order(requests, size):
    """Everything came at least once, and nothing before what is before it."""
    came = indexes(requests)
    assert first_of_each(came) == list(range(size))
    for request in requests:
        own = [line["index"] for line in request.lines]
        assert all(after == before + 1 for before, after in pairwise(own))


def test_a_webhook_is_signed_over_time_and_body(lab):
    happen(lab, 3)
    with receiving() as receiver:
        stream_id = stream(lab, f"{receiver.url}/in?key=1")
        found = deliver(lab, stream_id)

    (request,) = receiver.kept
    timestamp = request.headers["codara-timestamp"]
    signed = timestamp.encode() + b"." + request.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["codara-signature"] == f"v1={expected}"
    assert abs(int(timestamp) - time.time()) < 60
    assert request.path == "/in?key=1"
    assert request.headers["codara-stream"] == str(stream_id)
    assert request.headers["codara-first-index"] == "0"
    assert (found.state, found.lag_events, found.lag_seconds) == ("up_to_date", 0, 0)
    assert [line["body"]["path"] for line in request.lines] == ["lab/0", "lab/1", "lab/2"]


def test_what_is_personal_comes_in_clear_until_it_is_erased(lab):
    happen(lab, 1)
    with lab.begin(lab.owner) as work:
        work.record(
            events.AccessRefused(
                organisation_id=lab._organisation("lab").id, reason="x", attempt="their words"
            )
        )
    lab.keep_log()
    with receiving() as receiver:
        deliver(lab, stream(lab, receiver.url))

    values = {each["field"]: each["value"] for each in receiver.kept[0].lines[1]["values"]}
    assert values["attempt"] == "their words"


def clumsy(request):
    """Hangs up, is busy, takes and does not say so, and sometimes answers."""
    replies = [HANG_UP, refuse(503), HANG_UP_AFTER_TAKING, OK, OK, refuse(429), refuse(500), OK]
    return replies[request.number % len(replies)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ten_thousand_events_reach_a_receiver_with_every_bad_habit(lab):
    happen(lab, MANY)
    with receiving(clumsy) as receiver:
        stream_id = stream(lab, receiver.url)
        found = deliver(lab, stream_id)

    insist_on_order(receiver.kept, MANY)
    assert len(indexes(receiver.kept)) > MANY, "something came twice"
    assert found.stream.failures == 0


def test_after_some_failures_the_log_says_so_once_and_health_shows_it(lab):
    happen(lab, 1)
    with receiving(lambda _: refuse(503)) as receiver:
        stream_id = stream(lab, receiver.url)
        for _ in range(7):
            lab.sender.work_off(stream_id)
        found = report(lab, stream_id)

    assert (found.state, found.stream.failures) == ("failing", 7)
    assert "503" in found.stream.error
    assert found.lag_events == 1
    assert found.lag_seconds > 0
    assert lab.events().count("audit.stream_failed") == 1
    with lab.reading(lab.administrator()) as work:
        assert stream_reports.troubles(work).failing == 1


@pytest.mark.parametrize("wrong", [{7}, {0}, {63}, {3, 4, 40}])
def test_an_event_that_is_rejected_is_found_and_parked_alone(lab, wrong):
    happen(lab, 64)

    def picky(request):
        bad = wrong & {line["index"] for line in request.lines if line["log"] != "test"}
        return refuse(422) if bad else OK

    with receiving(picky) as receiver:
        stream_id = stream(lab, receiver.url)
        deliver(lab, stream_id)

    came = [line["index"] for each in receiver.kept for line in each.lines if line["log"] != "test"]
    assert came == [index for index in range(64) if index not in wrong]
    with lab.reading(lab.owner) as work:
        parked = stream_reports.parked(work, stream_id)
        assert {each.idx for each in parked} == wrong
    assert all("422" in each.reason for each in parked)
    assert lab.events().count("audit.event_parked") == len(wrong)
    with lab.reading(lab.actor("owner")) as work:
        assert stream_reports.show(work, stream_id, now=now()).parked == len(wrong)


def test_a_receiver_that_rejects_everything_is_out_of_order_and_nothing_is_parked(lab):
    happen(lab, 10)
    with receiving(lambda _: refuse(400)) as receiver:
        stream_id = stream(lab, receiver.url)
        for _ in range(3):
            lab.sender.work_off(stream_id)

    found = report(lab, stream_id)
    assert (found.state, found.parked, found.lag_events) == ("failing", 0, 10)
    assert "not even a test message" in found.stream.error


def test_many_rejected_in_a_row_stop_the_stream(lab):
    happen(lab, 20)

    def only_tests(request):
        return OK if request.lines[0]["log"] == "test" else refuse(422)

    with receiving(only_tests) as receiver:
        stream_id = stream(lab, receiver.url)
        for _ in range(6):
            lab.sender.work_off(stream_id)

    found = report(lab, stream_id)
    assert found.state == "stopped"
    assert found.parked == 5
    assert found.lag_events == 15
    assert lab.events()[-1] == "audit.stream_failed"


def test_a_parked_event_is_sent_again_or_done_without(lab):
    happen(lab, 4)
    wrong = {1, 2}

    def picky(request):
        bad = wrong & {line["index"] for line in request.lines if line["log"] != "test"}
        return refuse(422) if bad else OK

    with receiving(picky) as receiver:
        stream_id = stream(lab, receiver.url)
        deliver(lab, stream_id)
        with lab.reading(lab.owner) as work:
            first, second = stream_reports.parked(work, stream_id)
        wrong.remove(first.idx)
        with lab.begin(lab.owner) as work:
            streams.retry(work, stream_id, first.event_id)
            streams.skip(work, stream_id, second.event_id)
        lab.sender.look()
        lab.sender.close()

    assert receiver.kept[-1].lines[0]["index"] == first.idx
    with lab.reading(lab.owner) as work:
        assert stream_reports.parked(work, stream_id) == []
    assert lab.events().count("audit.event_unparked") == 2


def test_a_stream_goes_on_from_any_index(lab):
    happen(lab, 30)
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url, begin=20)
        deliver(lab, stream_id)
        with lab.begin(lab.owner) as work:
            streams.replay(work, stream_id, 5, now=now())
        deliver(lab, stream_id)

    assert indexes(receiver.kept) == [*range(20, 30), *range(5, 30)]


def test_a_stream_goes_on_in_the_log_of_an_organisation_by_its_name(lab):
    happen(lab, 30)
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url, begin=30)
        with lab.begin(lab.owner) as work:
            streams.replay(work, stream_id, 25, log="lab", now=now())
        for name in ("instance", "nobody"):
            with (
                pytest.raises(InvalidError, match="no log of that name"),
                lab.begin(lab.owner) as work,
            ):
                streams.replay(work, stream_id, 5, log=name, now=now())
        deliver(lab, stream_id)

    assert indexes(receiver.kept) == [*range(25, 30)]


def test_usually_a_stream_begins_with_what_comes(lab):
    happen(lab, 5)
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url, begin="end")
        happen(lab, 2, start=5)
        deliver(lab, stream_id)

    # What is between is that the stream was made.
    assert indexes(receiver.kept) == [5, 6, 7]


def test_while_it_is_paused_nothing_is_sent_and_nothing_lost(lab):
    happen(lab, 3)
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url)
        with lab.begin(lab.owner) as work:
            streams.pause(work, stream_id, now=now())
        lab.sender.work_off(stream_id)
        assert receiver.seen == 0
        assert report(lab, stream_id).state == "paused"
        with lab.begin(lab.owner) as work:
            streams.resume(work, stream_id)
        deliver(lab, stream_id)

    assert indexes(receiver.kept) == [0, 1, 2]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [([], 6), (["repo.*"], 5), (["org.changed"], 1), (["repo"], 5), (["team.*"], 0)],
)
def test_only_the_actions_that_are_wanted_are_sent(lab, actions, expected):
    happen(lab, 5)
    organisation = lab._organisation("lab")
    with lab.begin(lab.owner) as work:
        work.record(events.OrganisationChanged(organisation_id=organisation.id, changed={}))
    lab.keep_log()
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url, actions=actions)
        found = deliver(lab, stream_id)

    assert len(indexes(receiver.kept)) == expected
    assert found.lag_events == 0


def test_a_stream_of_everything_sends_each_log_in_its_order(lab):
    happen(lab, 5)
    with lab.begin(lab.administrator("other")) as work:
        work.record(events.LeftoversSwept(rows=1))
    lab.keep_log()
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url, covers=Covers.EVERYTHING, organisation="")
        for _ in range(3):
            lab.sender.work_off(stream_id)

    by_log = {}
    for line in (line for each in receiver.kept for line in each.lines):
        by_log.setdefault(line["log"], []).append(line["index"])
    assert sorted(by_log) == sorted(["instance", str(lab._organisation("lab").id)])
    assert all(came == list(range(len(came))) for came in by_log.values())


def test_two_senders_never_have_the_same_stream(lab):
    happen(lab, 1)
    stream_id = stream(lab, "http://127.0.0.1:9/")
    until = datetime(2100, 1, 1, tzinfo=UTC)
    first, second = (Claim(stream_id, holder, until) for holder in ("a", "b"))
    with lab.begin(appliance()) as work:
        assert claims.claim(work, first, now=now())
    with lab.begin(appliance()) as work:
        assert not claims.claim(work, second, now=now())
        assert claims.due(work, now=now()) == []
    with pytest.raises(ConflictError), lab.begin(appliance()) as work:
        claims.note(work, second, failures=0)
    with lab.begin(appliance()) as work:
        # The first has not been heard of for long.
        assert claims.claim(work, second, now=until)
    with pytest.raises(ConflictError), lab.begin(appliance()) as work:
        claims.note(work, first, failures=0)


def test_entries_that_were_pruned_before_they_were_sent_are_told(lab):
    happen(lab, 10)
    log = lab.one(sa.select(AuditLog).where(AuditLog.name == str(lab._organisation("lab").id)))
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url)
        with lab.wiring.database.engine.begin() as connection:
            connection.execute(
                sa.update(AuditLog).where(AuditLog.id == log.id).values(minimum=4, minimum_bodies=4)
            )
            gone = sa.delete(AuditLeaf).where(AuditLeaf.log_id == log.id, AuditLeaf.idx < 4)
            connection.execute(gone)
        deliver(lab, stream_id)

    assert indexes(receiver.kept) == list(range(4, 10))
    (missed,) = lab.recorded("audit.stream_missed")
    assert (missed.body["first"], missed.body["end"]) == (0, 4)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_slow_receiver_holds_up_nobody_else(lab):
    happen(lab, 3)
    may_answer, has_come = threading.Event(), threading.Event()

    def slow(_):
        may_answer.wait(100)
        return OK

    def quick(_):
        has_come.set()
        return OK

    with receiving(slow) as first, receiving(quick) as second:
        stream(lab, first.url, name="slow")
        stream(lab, second.url, name="quick")
        with streaming(lab.wiring):
            is_delivered = has_come.wait(60)
            may_answer.set()

    assert is_delivered
    assert indexes(second.kept) == [0, 1, 2]
    assert first_of_each(indexes(first.kept)) == [0, 1, 2]
