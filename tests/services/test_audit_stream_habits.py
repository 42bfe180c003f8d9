"""Ten thousand events to each other kind of receiver, with the bad habits that it may have."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver
from appliance.errors import InvalidError
from appliance.jobs.streaming import Streaming
from appliance.services.audit_log import stream_reports, targets
from tests.domain.strict_lines import read_cef, read_frames, read_syslog
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
from tests.streams import MANY, deliver, first_of_each, happen, indexes, lab, now, report, stream

__all__ = ["lab"]

pytestmark = pytest.mark.timeout(600)
"""Ten thousand events are many where others use the machine, too."""

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HABITS = (HANG_UP, refuse(503), HANG_UP_AFTER_TAKING, OK, OK, refuse(429), refuse(500), OK)


def clumsy(request):
    """Hangs up, is busy, takes and does not say so, and sometimes answers."""
    return HABITS[request.number % len(HABITS)]


class Forgetful:
    """A collector that hangs up, is busy, forgets what it took, and indexes the rest late."""

    def __init__(self) -> None:
        self.taken, self.asked, self.indexed = [], {}, []

    def __call__(self, request: Request) -> Reply:
        if request.number % 5 == 1:
            return HABITS[request.number % 3]
        if request.path.startswith("/services/collector/ack"):
            (number,) = json.loads(request.body)["acks"]
            self.asked[number] = self.asked.get(number, 0) + 1
            is_indexed = number % 4 != 0 and self.asked[number] > 1
            if is_indexed:
                self.indexed += self.taken[number]
            return Reply(200, json.dumps({"acks": {str(number): is_indexed}}).encode())
        self.taken.append([each["event"]["index"] for each in request.lines])
        return Reply(200, json.dumps({"ackId": len(self.taken) - 1}).encode())


@SQLITE
def test_a_collector_that_forgets_has_all_in_the_end(lab):
    happen(lab, MANY)
    collector = Forgetful()
    with receiving(collector) as receiver:
        options = {"batch": 1000}
        found = deliver(lab, stream(lab, receiver.url, Receiver.SPLUNK, options=options))

    assert first_of_each(collector.indexed) == list(range(MANY))
    assert found.stream.failures == 0


@SQLITE
def test_a_bucket_has_all_in_the_end_and_what_came_twice_under_one_name(lab):
    happen(lab, MANY)
    with receiving(clumsy) as receiver:
        options = {"access_key": "key", "prefix": "a/b"}
        deliver(lab, stream(lab, f"{receiver.url}/bucket", Receiver.S3, options=options))

    assert first_of_each(indexes(receiver.kept)) == list(range(MANY))
    assert len(indexes(receiver.kept)) > MANY, "something came twice"
    objects = {unquote(each.path): each.body for each in receiver.kept}
    assert all(path.startswith("/bucket/a/b/") for path in objects)
    again = [each for each in receiver.kept if objects[unquote(each.path)] != each.body]
    assert again == [], "one name is one content"
    assert sum(body.count(b"\n") for body in objects.values()) == MANY


@SQLITE
def test_a_syslog_server_that_breaks_connections_has_all_in_the_end(lab, tmp_path):
    authority = Authority(tmp_path)
    lab.sender.close()
    lab.configure(CODARA_STREAMS__AUTHORITIES_FILE=str(authority.file))
    lab.sender = Streaming(lab.wiring)
    happen(lab, MANY)
    with syslog_server(authority.context()) as server:
        stream_id = stream(
            lab,
            f"tls://127.0.0.1:{server.port}",
            Receiver.SYSLOG,
            # As many as may lie in buffers when a connection breaks.
            options={"again": 10_000, "batch": 1000},
            format=Format.CEF,
        )
        for number, cut_after in enumerate((1_500_000, 3_000_000, None)):
            server.cut_after = cut_after
            happen(lab, 1, start=MANY + number)
            deliver(lab, stream_id)
        lab.sender.close()

    came = [each for octets in server.connections for each in read(octets)]
    assert len(server.connections) > 1
    # The stream's own creation is an event, too.
    assert first_of_each(came) == list(range(MANY + 4))


def read(octets):
    """The indexes of the messages of a connection, but for the one that was cut off at the end."""
    found, whole, at = [], bytes(octets), 0
    while (space := whole.find(b" ", at)) > 0:
        end = space + 1 + int(whole[at:space])
        if end > len(whole):
            break
        (frame,) = read_frames(whole[at:end])
        message = read_syslog(frame)
        if message.message_id != "heartbeat":
            read_cef(message.message)
            found.append(int(message.data["audit@32473"]["index"]))
        at = end
    return found


@SQLITE
def test_a_folder_that_comes_and_goes_has_all_in_the_end(lab, tmp_path):
    folder = dropping(lab, tmp_path)
    happen(lab, MANY)
    stream_id = carried(lab, "carried", batch=100)
    place, elsewhere = folder / "carried", tmp_path / "elsewhere"
    elsewhere.mkdir()
    for turn in range(400):
        if turn % 3 == 1:
            # Somebody put a link in its place, and took it away again.
            place.rename(folder / "aside")
            place.symlink_to(elsewhere)
        lab.sender.work_off(stream_id)
        if turn % 3 == 1:
            place.unlink()
            (folder / "aside").rename(place)
        with lab.reading(lab.actor("administrator")) as work:
            if stream_reports.show(work, stream_id, now=now()).lag_events == 0:
                break

    log = str(lab._organisation("lab").id)
    files = sorted(each for each in place.iterdir() if log in each.name)
    lines = [json.loads(line) for each in files for line in each.read_text().splitlines()]
    assert [each["index"] for each in lines] == list(range(MANY))
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_the_folder_leads_nowhere(lab, tmp_path):
    """Whoever carries files away may write there; the appliance overwrites nothing of theirs."""
    folder = dropping(lab, tmp_path)
    happen(lab, 1)
    stream_id = carried(lab, "carried")
    log = lab._organisation("lab").id
    (folder / "carried").mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    for number in range(3):
        name = f".{number:012}-{log}-{0:012}-{0:012}.jsonl.part"
        (folder / "carried" / name).symlink_to(precious)
    for _ in range(3):
        lab.sender.work_off(stream_id)

    assert precious.read_text() == "keep me"
    (file,) = (
        each
        for each in (folder / "carried").iterdir()
        if each.name.endswith(f"{log}-{0:012}-{0:012}.jsonl")
    )
    assert not file.is_symlink()


def dropping(world, tmp_path):
    folder = tmp_path / "drop"
    world.sender.close()
    world.configure(CODARA_STREAMS__FOLDER=str(folder))
    world.sender = Streaming(world.wiring)
    return folder


def carried(world, name, **options: Any):
    fields = {"organisation": "", "covers": Covers.EVERYTHING, "options": options}
    return stream(world, name, Receiver.FILE, **fields)


NESTED = b"[" * 50_000


@pytest.mark.parametrize("words", [NESTED, b'{"ackId": ' + b"9" * 5000 + b"}", b"[]", b"\0"])
def test_a_collector_that_answers_nonsense_is_a_failure_like_others(lab, words):
    happen(lab, 1)
    with receiving(lambda _: Reply(200, words)) as receiver:
        stream_id = stream(lab, receiver.url, Receiver.SPLUNK)
        lab.sender.work_off(stream_id)

    assert report(lab, stream_id).stream.failures == 1
    assert report(lab, stream_id).stream.error.isprintable()


@pytest.mark.parametrize(
    ("receiver", "address"),
    [
        (Receiver.S3, "http://127.0.0.1:9/bucket?list"),
        (Receiver.SPLUNK, "http://127.0.0.1:9/?x=/"),
        (Receiver.SYSLOG, "tls://127.0.0.1:9?x"),
        (Receiver.WEBHOOK, "http://[::ffff:127.0.0.1]:9/"),
        (Receiver.WEBHOOK, "http://[::127.0.0.1]:9/"),
        (Receiver.WEBHOOK, "http://[64:ff9b::7f00:1]:9/"),
        (Receiver.WEBHOOK, "http://[fe80::1%25eth0]:9/"),
        (Receiver.WEBHOOK, "http://2130706433:9/"),
        (Receiver.WEBHOOK, "http://0x7f.1:9/"),
        (Receiver.WEBHOOK, "http+unix://%2Fvar%2Frun%2Fdocker.sock/"),
        (Receiver.WEBHOOK, "unix:/var/run/docker.sock"),
        (Receiver.WEBHOOK, "file:///etc/passwd"),
        (Receiver.WEBHOOK, "http://user:word@127.0.0.1:9/"),
        (Receiver.S3, "http://169.254.169.254/latest"),
        (Receiver.SYSLOG, "tls://[fd00:ec2::254]:6514"),
        (Receiver.FILE, ".."),
        (Receiver.FILE, "a/b"),
        (Receiver.FILE, "/etc"),
        (Receiver.FILE, "a\n"),
    ],
)
def test_no_spelling_leads_where_it_may_not(lab, tmp_path, receiver, address):
    dropping(lab, tmp_path)

    with pytest.raises(InvalidError):
        targets.check_address(receiver, address, rules=lab.settings.streams)


def test_no_proxy_of_the_surroundings_sees_anything(lab, monkeypatch):
    happen(lab, 1)
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        deliver(lab, stream(lab, receiver.url))

    assert (proxy.seen, indexes(receiver.kept)) == (0, [0])
