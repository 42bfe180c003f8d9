"""A receiver that says nothing, or a byte at a time, holds nobody for longer than agreed."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from appliance.delivery.exchange import Exchange, Trust
from appliance.delivery.target import RejectedError
from appliance.domain.destinations import Destination
from appliance.errors import UnavailableError
from tests.peers.drips import dripping
from tests.peers.receivers import Authority, Reply, receiving, refuse

NOBODY = Trust()


def exchange(port, seconds=0.3, *, scheme="http", trust=NOBODY):
    url = f"{scheme}://127.0.0.1:{port}/"
    return Exchange(Destination(url, scheme, "127.0.0.1", port, ("127.0.0.1",)), trust, seconds)


GREETING = b"\x16\x03\x03\x3f\xff\x02"
"""The beginning of a long record of TLS, with the beginning of a server's greeting in it."""
AGAIN = b"HTTP/1.1 100 Continue\r\n\r\n"
HABITS = {
    "status": (b"HTTP/1.1 2", b"0"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X"),
    "one header after the other": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"X"),
    "body without end": (b"HTTP/1.1 200 OK\r\n\r\n", b"X"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nX\r\n"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "soon": (b"", AGAIN),
    "nothing": (b"", b""),
}


def left(port, *, scheme="http", body=b"", trust=NOBODY):
    """What is said of a receiver that was left because it took too long."""
    begun = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        exchange(port, scheme=scheme, trust=trust).ask("POST", "/", headers={}, body=body)
    assert time.monotonic() - begun < 20, "it would never have ended"
    return str(caught.value)


@pytest.mark.parametrize("habit", HABITS)
def test_a_receiver_that_dribbles_is_left(habit):
    with dripping(*HABITS[habit]) as drips:
        words = left(drips.port)

    assert "too long" in words or "timed out" in words


@pytest.mark.parametrize("habit", ["headers", "body", "nothing"])
def test_so_it_is_within_tls(habit, tmp_path):
    authority = Authority(tmp_path)
    with dripping(*HABITS[habit], context=authority.context()) as drips:
        words = left(drips.port, scheme="https", trust=Trust(str(authority.file)))

    assert "too long" in words or "timed out" in words


def test_a_greeting_that_never_ends_is_left():
    with dripping(GREETING) as drips:
        assert "timed out" in left(drips.port, scheme="https")


def test_a_receiver_that_takes_a_byte_at_a_time_is_left():
    with dripping(drop=b"") as drips:
        words = left(drips.port, body=bytes(16 * 1024 * 1024))

    assert "too long" in words or "timed out" in words


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", AGAIN * 10_000),
        (HABITS["trailers"][0], b"X: y\r\n" * 10_000),
        (b"HTTP/1.1 200 OK\r\n", b"X" * 100_000),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000),
    ],
    ids=["soon", "trailers", "one header", "headers"],
)
def test_a_flood_is_not_drunk(start, drop):
    with dripping(start, drop) as drips, pytest.raises(UnavailableError) as caught:
        exchange(drips.port, seconds=60).ask("POST", "/", headers={}, body=b"")

    assert "timed out" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_of_a_long_answer_the_beginning_is_enough():
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"X" * 200_000) as drips:
        answer = exchange(drips.port, seconds=60).ask("POST", "/", headers={}, body=b"")

    assert len(answer.body) <= 65_536


def test_of_two_addresses_the_one_that_swallows_everything_leaves_time_for_the_other():
    with receiving() as receiver:
        port = int(receiver.url.rpartition(":")[2])
        with _full(("127.0.0.2", port)):
            place = Destination(
                receiver.url, "http", "receiver.test", port, ("127.0.0.2", "127.0.0.1")
            )
            answer = Exchange(place, NOBODY, 8).ask("POST", "/", headers={}, body=b"")

    assert answer.status == 200


def test_why_it_hung_up_is_heard_though_not_all_was_sent():
    words = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    with hanging_up(words) as port, pytest.raises(RejectedError, match="413"):
        exchange(port, seconds=20).ask("POST", "/", headers={}, body=bytes(16 * 1024 * 1024))


def test_who_says_yes_before_all_was_sent_is_not_believed():
    words = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with hanging_up(words) as port, pytest.raises(UnavailableError, match="hung up"):
        exchange(port, seconds=20).ask("POST", "/", headers={}, body=bytes(16 * 1024 * 1024))


HOSTILE = {
    "NUL": b"a\0b",
    "escapes": b"\x1b[31mred\x1b]0;title\x07\x9b2J\xc2\x9b2J",
    "half characters": b"\xed\xa0\x80\xff\xc3",
    "turned around": "\u202eevil\u2066\u200b".encode(),
    "lines": b"one\r\ntwo\x0b\x0c\x85three",
    "a megabyte": b"A" * 1_000_000,
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("status", [400, 500])
def test_what_a_receiver_says_is_a_plain_line(words, status):
    with (
        receiving(lambda _: Reply(status, words, is_kept=False)) as receiver,
        pytest.raises((RejectedError, UnavailableError)) as caught,
    ):
        exchange(int(receiver.url.rpartition(":")[2])).ask("POST", "/", headers={}, body=b"")

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("start", [b"\0\x1b[31m not http\r\n\r\n", b"HTTP/1.1 abc\x1b[1m\r\n\r\n"])
def test_what_is_no_answer_is_quoted_plainly(start):
    with dripping(start) as drips, pytest.raises(UnavailableError) as caught:
        exchange(drips.port).ask("POST", "/", headers={}, body=b"")

    assert str(caught.value).isprintable()


@contextmanager
def hanging_up(words):
    """Reads a little, says something, and goes before it has heard the rest."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(words)
                connection.shutdown(socket.SHUT_WR)
                # Read on until it is known to be said; then go in the middle.
                connection.recv(100_000)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


@contextmanager
def _full(address):
    """A listener that answers nobody, because too many wait already."""
    with socket.create_server(address, backlog=0) as listener:
        waiting = [socket.socket() for _ in range(8)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the only argument there is.
            each.connect_ex(address)
        try:
            yield listener
        finally:
            for each in waiting:
                each.close()


def test_nobody_there_is_said():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1"):
        exchange(port).ask("POST", "/", headers={}, body=b"")


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_is_said_of_the_content_is_a_rejection(status):
    with receiving(lambda _: refuse(status)) as receiver, pytest.raises(RejectedError):
        exchange(int(receiver.url.rpartition(":")[2])).ask("POST", "/", headers={}, body=b"")


@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 408, 410, 429, 500, 502, 503])
def test_all_else_may_pass(status):
    with receiving(lambda _: refuse(status)) as receiver, pytest.raises(UnavailableError):
        exchange(int(receiver.url.rpartition(":")[2])).ask("POST", "/", headers={}, body=b"")

    assert receiver.seen == 1, "no redirect is followed"


def test_an_authority_given_as_text_counts_instead_of_all_others(tmp_path):
    folders = (tmp_path / "right", tmp_path / "wrong")
    for folder in folders:
        folder.mkdir()
    right, wrong = (Authority(folder) for folder in folders)
    said = []
    with receiving(context=right.context()) as receiver:
        port = int(receiver.url.rpartition(":")[2])
        for pem in (f"Prüfstelle\n{right.file.read_text()}", wrong.file.read_text(), "no PEM", ""):
            to = exchange(port, 30, scheme="https", trust=Trust(authority=pem))
            try:
                said.append(to.answer("POST", "/", headers={}, body=b"").status)
            except UnavailableError:
                said.append(0)
    assert said == [200, 0, 0, 0]


def test_a_receiver_is_told_by_what_is_wrong_with_its_certificate(tmp_path):
    authority, said = Authority(tmp_path), []
    for name, trust in (("127.0.0.1", NOBODY), ("other.example", Trust(str(authority.file)))):
        with receiving(context=authority.context(name)) as receiver:
            port = int(receiver.url.rpartition(":")[2])
            with pytest.raises(UnavailableError) as caught:
                exchange(port, 30, scheme="https", trust=trust).ask(
                    "POST", "/", headers={}, body=b""
                )
        said.append(str(caught.value))
    assert "an authority that is not trusted here" in said[0]
    assert "for another name" in said[1]
