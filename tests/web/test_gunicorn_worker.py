"""Which connections a web process waits for on its way out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from appliance.web.gunicorn_worker import Worker


@dataclass
class Socket:
    """Whether somebody has begun to ask on it."""

    has_begun: bool


@dataclass
class Connection:
    """One that waits for the head of a request."""

    sock: Socket
    timeout: float = 100.0


def test_who_never_asked_is_waited_for_no_longer_than_who_has_an_answer():
    worker = Worker.__new__(Worker)
    silent, asking = Connection(Socket(has_begun=False)), Connection(Socket(has_begun=True))
    kept = Connection(Socket(has_begun=False))
    worker.keepalived_conns, worker.pending_conns = deque([kept]), deque([silent, asking])

    worker._cap_keepalive(2.0)  # Gunicorn does, once it is told to end.

    assert (kept.timeout, silent.timeout, asking.timeout) == (2.0, 2.0, 100.0)
