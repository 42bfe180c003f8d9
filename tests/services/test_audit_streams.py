"""Streams deliver every event at least once, in order, to receivers with every bad habit."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from appliance.domain import events
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole
from appliance.errors import ConflictError, InvalidError
from appliance.jobs.streaming import Streaming
from appliance.services import audit_claims, audit_stream_reports, audit_streams, audit_targets
from appliance.services.audit_claims import Claim
from appliance.services.audit_streams import NewStream
from tests.domain.strict_lines import read_frames, read_syslog
from tests.peers.receivers import (
    HANG_UP,
    HANG_UP_AFTER_TAKING,
    OK,
    Authority,
    Reply,
    Request,
    receiving,
    refuse,
    syslog_server,
)

SECRET = "a secret that both sides know"
MANY = 10_240


@pytest.fixture
def lab(world):
    """An organisation, its owner, and an appliance that may reach this machine."""
    world.configure(
        CODARA_STREAMS__SCHEMES="http,https",
        CODARA_STREAMS__PRIVATE_ADDRESSES="true",
        CODARA_STREAMS__LONGEST_PAUSE_SECONDS="0.001",
        CODARA_STREAMS__SECONDS="10",
        CODARA_STREAMS__ACKNOWLEDGE_SECONDS="0.2",
    )
    world.organisation("lab")
    world.owner = world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.sender = Streaming(world.wiring)
    yield world
    world.sender.close()


def happen(world, number, *, start=0):
    """So many events in the organisation's log."""
    organisation = world._organisation("lab")
    for first in range(start, start + number, 2000):
        with world.begin(appliance()) as work:
            for at in range(first, min(first + 2000, start + number)):
                work.record(
                    events.RepositoryArchived(
                        about=organisation.id,
                        organisation_id=organisation.id,
                        path=f"lab/{at}",
                    )
                )
        world.keep_log()


def stream(world, address, receiver=Receiver.WEBHOOK, **fields: Any):
    fields = {
        "name": "siem",
        "format": Format.JSON,
        "secret": SECRET if receiver in {Receiver.WEBHOOK, Receiver.SPLUNK, Receiver.S3} else "",
        "covers": Covers.ORGANISATION,
        "organisation": "lab",
        "begin": "start",
        **fields,
    }
    actor = world.owner if fields["organisation"] else world.administrator()
    with world.begin(actor) as work:
        wanted = NewStream(receiver=receiver, address=address, **fields)
        made = audit_streams.create(work, wanted, sealer=world.wiring.sealer, now=now())
    return made.id


def now():
    return datetime.now(UTC)


def report(world, stream_id):
    with world.reading(world.owner) as work:
        return audit_stream_reports.show(work, stream_id, now=now())


def deliver(world, stream_id, *, turns=400):
    """Until all is sent; gives how it is then."""
    for _ in range(turns):
        world.sender.work_off(stream_id)
        found = report(world, stream_id)
        if found.lag_events == 0 or found.state == "stopped":
            return found
    raise AssertionError(found)


def indexes(requests):
    return [line["index"] for each in requests for line in each.lines]


def first_of_each(numbers):
    return list(dict.fromkeys(numbers))


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


@pytest.mark.timeout(60)
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
        assert audit_stream_reports.troubles(work).failing == 1


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
        parked = audit_stream_reports.parked(work, stream_id)
        assert {each.idx for each in parked} == wrong
    assert all("422" in each.reason for each in parked)
    assert lab.events().count("audit.event_parked") == len(wrong)
    with lab.reading(lab.actor("owner")) as work:
        assert audit_stream_reports.show(work, stream_id, now=now()).parked == len(wrong)


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
            first, second = audit_stream_reports.parked(work, stream_id)
        wrong.remove(first.idx)
        with lab.begin(lab.owner) as work:
            audit_streams.retry(work, stream_id, first.event_id)
            audit_streams.skip(work, stream_id, second.event_id)
        lab.sender.look()
        lab.sender.close()

    assert receiver.kept[-1].lines[0]["index"] == first.idx
    with lab.reading(lab.owner) as work:
        assert audit_stream_reports.parked(work, stream_id) == []
    assert lab.events().count("audit.event_unparked") == 2


def test_a_stream_goes_on_from_any_index(lab):
    happen(lab, 30)
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url, begin=20)
        deliver(lab, stream_id)
        with lab.begin(lab.owner) as work:
            audit_streams.replay(work, stream_id, 5, now=now())
        deliver(lab, stream_id)

    assert indexes(receiver.kept) == [*range(20, 30), *range(5, 30)]


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
            audit_streams.pause(work, stream_id, now=now())
        lab.sender.work_off(stream_id)
        assert receiver.seen == 0
        assert report(lab, stream_id).state == "paused"
        with lab.begin(lab.owner) as work:
            audit_streams.resume(work, stream_id)
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
        assert audit_claims.claim(work, first, now=now())
    with lab.begin(appliance()) as work:
        assert not audit_claims.claim(work, second, now=now())
        assert audit_claims.due(work, now=now()) == []
    with pytest.raises(ConflictError), lab.begin(appliance()) as work:
        audit_claims.note(work, second, failures=0)
    with lab.begin(appliance()) as work:
        # The first has not been heard of for long.
        assert audit_claims.claim(work, second, now=until)
    with pytest.raises(ConflictError), lab.begin(appliance()) as work:
        audit_claims.note(work, first, failures=0)


class Collector:
    """A collector of Splunk that forgets some of what it took, and indexes the rest late."""

    def __init__(self) -> None:
        self.batches = []
        self.asked = {}
        self.indexed = []

    def __call__(self, request: Request) -> Reply:
        assert request.headers["authorization"] == f"Splunk {SECRET}"
        assert re.fullmatch(r"[0-9a-f-]{36}", request.headers["x-splunk-request-channel"])
        if request.path.startswith("/services/collector/ack"):
            return Reply(200, json.dumps({"acks": self._acknowledge(request)}).encode())
        self.batches.append([json.loads(line) for line in request.body.decode().splitlines()])
        answer = {"text": "Success", "code": 0, "ackId": len(self.batches) - 1}
        return Reply(200, json.dumps(answer).encode())

    def _acknowledge(self, request):
        (number,) = json.loads(request.body)["acks"]
        self.asked[number] = self.asked.get(number, 0) + 1
        is_indexed = number % 3 != 0 and self.asked[number] > 1
        if is_indexed:
            self.indexed += self.batches[number]
        return {str(number): is_indexed}


def test_splunk_has_it_only_when_it_says_that_it_is_indexed(lab):
    happen(lab, 400)
    collector = Collector()
    with receiving(collector) as receiver:
        stream_id = stream(
            lab, receiver.url, Receiver.SPLUNK, options={"batch": 100, "index": "audit"}
        )
        deliver(lab, stream_id)

    assert [each["event"]["index"] for each in collector.indexed] == list(range(400))
    assert len(collector.batches) > 4, "what was lost came again"
    assert collector.indexed[0]["sourcetype"] == "codara:audit:json"
    assert collector.indexed[0]["index"] == "audit"


def test_a_collector_without_acknowledgements_is_not_believed(lab):
    happen(lab, 1)
    with receiving(lambda _: Reply(200, b'{"text":"Success","code":0}')) as receiver:
        stream_id = stream(lab, receiver.url, Receiver.SPLUNK)
        lab.sender.work_off(stream_id)
        assert "no acknowledgement" in report(lab, stream_id).stream.error
        with lab.begin(lab.owner) as work:
            changes = audit_streams.Changes(options={"acknowledge": False})
            audit_streams.change(work, stream_id, changes, sealer=lab.wiring.sealer)
        assert deliver(lab, stream_id).lag_events == 0


@pytest.fixture
def authority(lab, tmp_path):
    made = Authority(tmp_path)
    lab.sender.close()
    lab.configure(CODARA_STREAMS__AUTHORITIES_FILE=str(made.file))
    lab.sender = Streaming(lab.wiring)
    return made


def test_a_receiver_with_a_certificate_of_ours_is_believed(lab, authority):
    happen(lab, 2)
    with receiving(context=authority.context()) as receiver:
        deliver(lab, stream(lab, receiver.url))

    assert indexes(receiver.kept) == [0, 1]


def test_a_receiver_with_the_wrong_name_is_sent_nothing(lab, authority):
    happen(lab, 2)
    with receiving(context=authority.context("elsewhere.test")) as receiver:
        stream_id = stream(lab, receiver.url)
        lab.sender.work_off(stream_id)

    assert receiver.seen == 0
    assert "certificate verify failed" in report(lab, stream_id).stream.error


def test_a_receiver_that_nobody_vouches_for_is_sent_nothing(lab, tmp_path):
    happen(lab, 2)
    stranger = Authority(tmp_path)
    with receiving(context=stranger.context()) as receiver:
        stream_id = stream(lab, receiver.url)
        lab.sender.work_off(stream_id)
    with syslog_server(stranger.context()) as server:
        other = stream(lab, f"tls://127.0.0.1:{server.port}", Receiver.SYSLOG, name="other")
        lab.sender.work_off(other)

    assert receiver.seen == 0
    assert server.connections == [bytearray()]
    for each in (stream_id, other):
        assert "certificate verify failed" in report(lab, each).stream.error


def messages(octets):
    read = [read_syslog(each) for each in read_frames(bytes(octets))]
    return [each for each in read if each.message_id != "heartbeat"]


def whole(octets):
    """Without what was cut off at the end."""
    kept = bytes(octets)
    while kept:
        try:
            read_frames(kept)
        except Exception:  # noqa: BLE001 - whatever the reader says of half a frame.
            kept = kept[:-1]
        else:
            return kept
    return b""


def test_syslog_messages_come_in_frames_and_once_more_after_a_break(lab, authority):
    happen(lab, 300)
    with syslog_server(authority.context()) as server:
        server.cut_after = 60_000
        stream_id = stream(
            lab,
            f"tls://127.0.0.1:{server.port}",
            Receiver.SYSLOG,
            options={"again": 300, "batch": 50},
            format=Format.CEF,
        )
        deliver(lab, stream_id)
        happen(lab, 5, start=300)
        deliver(lab, stream_id)
        lab.sender.close()

    came = [
        int(each.data["audit@32473"]["index"])
        for octets in server.connections
        for each in messages(whole(octets))
    ]
    assert len(server.connections) > 1
    # The stream's own creation is an event, too.
    assert sorted(set(came)) == list(range(306))
    assert first_of_each(came) == sorted(set(came))
    assert len(came) > 306
    beats = [
        read_syslog(each)
        for each in read_frames(whole(server.connections[-1]))
        if read_syslog(each).message_id == "heartbeat"
    ]
    assert beats[0].data["heartbeat@32473"].keys() == {"sent", "index"}


def test_a_message_too_long_for_syslog_is_parked(lab, authority):
    happen(lab, 2)
    with lab.begin(lab.owner) as work:
        work.record(
            events.OrganisationChanged(
                organisation_id=lab._organisation("lab").id, changed={"description": "x" * 4000}
            )
        )
    lab.keep_log()
    with syslog_server(authority.context()) as server:
        stream_id = stream(
            lab,
            f"tls://127.0.0.1:{server.port}",
            Receiver.SYSLOG,
            options={"largest_bytes": 3000},
        )
        found = deliver(lab, stream_id)
        lab.sender.close()

    assert (found.parked, found.lag_events) == (1, 0)


def test_files_appear_whole_and_are_numbered(lab, tmp_path):
    folder = tmp_path / "drop"
    lab.sender.close()
    lab.configure(CODARA_STREAMS__FOLDER=str(folder))
    lab.sender = Streaming(lab.wiring)
    happen(lab, 250)
    stream_id = stream(
        lab,
        "carried",
        Receiver.FILE,
        organisation="",
        covers=Covers.EVERYTHING,
        options={"batch": 100},
    )
    for _ in range(3):
        lab.sender.work_off(stream_id)

    files = sorted((folder / "carried").iterdir())
    log = str(lab._organisation("lab").id)
    ours = [each for each in files if log in each.name]
    lines = [json.loads(line) for each in ours for line in each.read_text().splitlines()]
    assert [each["index"] for each in lines] == list(range(250))
    assert [int(each.name.split("-")[0]) for each in files] == list(range(len(files)))
    assert not [each for each in files if each.name.startswith(".")]


@pytest.mark.parametrize(
    ("receiver", "address"),
    [
        (Receiver.WEBHOOK, "https://169.254.169.254/latest"),
        (Receiver.WEBHOOK, "ftp://example.org/"),
        (Receiver.WEBHOOK, "https://other.example/"),
        (Receiver.SYSLOG, "https://127.0.0.1:6514"),
        (Receiver.SYSLOG, "tls://127.0.0.1:0"),
        (Receiver.FILE, "../elsewhere"),
    ],
)
def test_nothing_leads_where_it_may_not(lab, receiver, address):
    lab.configure(CODARA_STREAMS__HOSTS="*.siem.example,127.0.0.1")

    with pytest.raises(InvalidError):
        audit_targets.check_address(receiver, address, rules=lab.settings.streams)


def test_private_addresses_are_for_those_who_say_so(lab):
    lab.configure(CODARA_STREAMS__PRIVATE_ADDRESSES="false")

    with pytest.raises(InvalidError):
        audit_targets.check_address(
            Receiver.WEBHOOK, "https://127.0.0.1/", rules=lab.settings.streams
        )


def test_a_stream_whose_address_may_not_be_reached_any_more_sends_nothing(lab):
    happen(lab, 1)
    with receiving() as receiver:
        stream_id = stream(lab, receiver.url)
        lab.sender.close()
        lab.configure(CODARA_STREAMS__PRIVATE_ADDRESSES="false")
        lab.sender = Streaming(lab.wiring)
        lab.sender.work_off(stream_id)

    assert receiver.seen == 0
    assert report(lab, stream_id).state == "failing"
