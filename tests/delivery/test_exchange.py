"""A receiver that says nothing, or a byte at a time, holds nobody for longer than agreed."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from appliance.delivery.exchange import Exchange, Trust
from appliance.delivery.target import RejectedError
from appliance.domain.destinations import Destination
from appliance.errors import UnavailableError
from tests.peers.receivers import receiving, refuse


def exchange(port, seconds=0.3):
    url = f"http://127.0.0.1:{port}/"
    return Exchange(Destination(url, "http", "127.0.0.1", port, ("127.0.0.1",)), Trust(), seconds)


@pytest.fixture
def dribbler():
    """Answers a byte at a time, and never ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not is_over.wait(0.05):
                try:
                    connection.sendall(b"X")
                except OSError:
                    return

    thread = threading.Thread(target=answer)
    thread.start()
    yield listener.getsockname()[1]
    is_over.set()
    thread.join()
    listener.close()


def test_a_receiver_that_dribbles_is_left(dribbler):
    begun = time.monotonic()

    with pytest.raises(UnavailableError):
        exchange(dribbler).ask("POST", "/", headers={}, body=b"")

    assert time.monotonic() - begun < 20, "it would never have ended"


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
