"""Each kind of receiver is spoken to as it wants to be, and nobody that may not be reached."""

from __future__ import annotations

import json
import re

import pytest

from appliance.domain import events
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver
from appliance.errors import InvalidError
from appliance.jobs.streaming import Streaming
from appliance.services.audit_log import streams, targets
from tests.domain.strict_lines import NotInFormatError, read_frames, read_syslog
from tests.journeys.running import until
from tests.peers.receivers import (
    Authority,
    Reply,
    Request,
    receiving,
    syslog_server,
)
from tests.streams import (
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
            changes = streams.Changes(options={"acknowledge": False})
            streams.change(work, stream_id, changes, sealer=lab.wiring.sealer)
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
    assert "is for another name" in report(lab, stream_id).stream.error


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
        assert "an authority that is not trusted" in report(lab, each).stream.error


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


def test_a_silent_stream_says_that_it_is_there_until_it_is_paused(lab, authority):
    happen(lab, 1)
    with syslog_server(authority.context()) as server:
        stream_id = stream(lab, f"tls://127.0.0.1:{server.port}", Receiver.SYSLOG)
        deliver(lab, stream_id)
        (known,) = lab.sender._open.values()
        known.used_at -= 3600
        lab.sender.look()
        until(lambda: not lab.sender._claims)
        assert lab.sender._open
        # One with the connection, one after the silence; a server reads when it comes to it.
        until(lambda: beats(server) == [{"sent": "0", "index": "-1"}, {"sent": "1", "index": "0"}])
        with lab.begin(lab.owner) as work:
            streams.pause(work, stream_id, now=now())
        known.used_at -= 3600
        lab.sender.look()
        assert lab.sender._open == {}

    assert len(beats(server)) == 2


def beats(server):
    """What heartbeats say on the one connection; nothing while the last frame is not whole."""
    (octets,) = server.connections
    try:
        read = [read_syslog(each) for each in read_frames(bytes(octets))]
    except NotInFormatError:
        return []
    return [each.data["heartbeat@32473"] for each in read if "beat" in each.message]


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
        targets.check_address(receiver, address, rules=lab.settings.streams)


def test_private_addresses_are_for_those_who_say_so(lab):
    lab.configure(CODARA_STREAMS__PRIVATE_ADDRESSES="false")

    with pytest.raises(InvalidError):
        targets.check_address(Receiver.WEBHOOK, "https://127.0.0.1/", rules=lab.settings.streams)


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
