"""Receivers that answer a byte at a time hold their own stream, and no other."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from appliance.domain.audit_streams import Covers, Receiver
from appliance.errors import ConflictError, UnavailableError
from appliance.jobs.streaming import Streaming, streaming
from appliance.services.audit_log import streams, targets
from tests.delivery.test_exchange import GREETING, HABITS
from tests.journeys.running import until
from tests.peers.drips import dripping
from tests.peers.receivers import Authority, receiving
from tests.streams import happen, indexes, lab, now, report, stream

__all__ = ["lab"]

SCHEMES = {
    Receiver.WEBHOOK: "https",
    Receiver.SPLUNK: "https",
    Receiver.S3: "https",
    Receiver.SYSLOG: "tls",
}
OPTIONS = {Receiver.S3: {"access_key": "key"}}
MORE_THAN_THREADS = 12
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def impatient(world, folder, seconds):
    authority = Authority(folder)
    world.configure(
        CODARA_STREAMS__SECONDS=str(seconds),
        CODARA_STREAMS__AUTHORITIES_FILE=str(authority.file),
        CODARA_STREAMS__LONGEST_PAUSE_SECONDS="300",
    )
    world.sender.close()
    world.sender = Streaming(world.wiring)
    return authority


@SQLITE
@pytest.mark.parametrize("receiver", SCHEMES)
@pytest.mark.parametrize("where", ["greeting", "answer"])
def test_the_stream_says_why_and_waits_before_it_tries_again(lab, receiver, where, tmp_path):
    authority = impatient(lab, tmp_path, 0.5)
    happen(lab, 3000 if receiver is Receiver.SYSLOG else 1)
    is_greeted = where == "answer"
    start, drop = HABITS["body"] if is_greeted else (GREETING, b"X")
    # Nobody waits for an answer to syslog: there it is what we say that is taken slowly.
    drop = b"" if is_greeted and receiver is Receiver.SYSLOG else drop
    start = b"" if receiver is Receiver.SYSLOG and is_greeted else start
    context = authority.context() if is_greeted else None
    with dripping(start, drop, context=context) as drips:
        stream_id = stream(
            lab,
            f"{SCHEMES[receiver]}://127.0.0.1:{drips.port}",
            receiver,
            options={"batch": 1000, **OPTIONS.get(receiver, {})},
        )
        for _ in range(20):
            lab.sender.work_off(stream_id)
            if report(lab, stream_id).stream.failures:
                break
        lab.sender.close()

    found = report(lab, stream_id)
    assert "127.0.0.1 does not answer" in found.stream.error
    assert "timed out" in found.stream.error or "too long" in found.stream.error
    assert (found.state, found.stream.failures) == ("failing", 1)
    assert found.stream.retry_at is not None


@SQLITE
def test_tests_of_slow_receivers_leave_room_for_pages(lab, tmp_path):
    impatient(lab, tmp_path, 120)
    with dripping(*HABITS["body"]) as drips:
        stream_id = stream(lab, f"http://127.0.0.1:{drips.port}")
        with lab.begin(lab.owner) as work:
            plan = streams.plan_test(work, stream_id, sealer=lab.wiring.sealer, host="h")

        def send():
            with suppress(UnavailableError):
                targets.send_test(plan, rules=lab.settings.streams, now=now)

        threads = [threading.Thread(target=send) for _ in range(targets.TESTS_AT_ONCE)]
        for each in threads:
            each.start()
        for _ in threads:
            until(lambda: drips.came.acquire(blocking=False))
        with pytest.raises(UnavailableError, match="being tested"):
            targets.send_test(plan, rules=lab.settings.streams, now=now)
    for each in threads:
        each.join()


def test_an_organisation_has_so_many_streams_and_no_more(lab, monkeypatch):
    monkeypatch.setattr(streams, "MOST", 2)
    for name in ("a", "b"):
        stream(lab, "https://8.8.8.8/", name=name)
    with pytest.raises(ConflictError, match="already 2 streams"):
        stream(lab, "https://8.8.8.8/", name="c")
    stream(lab, "https://8.8.8.8/", name="c", organisation="", covers=Covers.INSTANCE)


@SQLITE
def test_many_that_drip_hold_up_nobody_else(lab, tmp_path):
    impatient(lab, tmp_path, 120)
    happen(lab, 1)
    with (
        receiving() as good,
        receiving() as new,
        # Ends after those who drip, else it would wait for them.
        streaming(lab.wiring),
        dripping(*HABITS["body"]) as drips,
    ):
        stream(lab, good.url, name="good")
        until(lambda: good.kept)
        slow = [
            stream(lab, f"http://127.0.0.1:{drips.port}", name=f"drip {number}")
            for number in range(MORE_THAN_THREADS)
        ]
        until(lambda: drips.came.acquire(blocking=False))
        happen(lab, 3, start=1)
        stream(lab, new.url, name="new", organisation="", covers=Covers.INSTANCE)
        lab.keep_log()
        until(lambda: max(indexes(good.kept)) >= 3)
        until(lambda: new.kept)
        held = [report(lab, each).stream.failures for each in slow]

    assert held == [0] * MORE_THAN_THREADS, "the others came while these were held"
