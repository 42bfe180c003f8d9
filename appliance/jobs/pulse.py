"""A sign of life of each worker and scheduler, kept in the queue for as long as they live."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from appliance.wiring_health import PULSE_KEY

EVERY_SECONDS = 5.0
GOOD_FOR_SECONDS = 15


@contextmanager
def beating(connection: redis.Redis, kind: str) -> Iterator[None]:
    """Give a sign of life again and again for the length of the block."""
    key = f"{PULSE_KEY}:{kind}:{socket.gethostname()}:{os.getpid()}"
    is_over = threading.Event()

    def beat() -> None:
        while True:
            with suppress(redis.RedisError):
                connection.set(key, b"1", ex=GOOD_FOR_SECONDS)
            if is_over.wait(EVERY_SECONDS):
                return

    thread = threading.Thread(target=beat, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        with suppress(redis.RedisError):
            connection.delete(key)
