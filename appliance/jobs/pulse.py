"""A sign of life of each worker and scheduler, kept in the queue for as long as they live."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from appliance.repeating import repeating
from appliance.wiring_health import PULSE_KEY

EVERY_SECONDS = 5.0
GOOD_FOR_SECONDS = 15


@contextmanager
def beating(connection: redis.Redis, kind: str) -> Iterator[None]:
    """Give a sign of life again and again for the length of the block."""
    key = f"{PULSE_KEY}:{kind}:{socket.gethostname()}:{os.getpid()}"

    def beat() -> None:
        with suppress(redis.RedisError):
            connection.set(key, b"1", ex=GOOD_FOR_SECONDS)

    try:
        with repeating(beat, name="pulse", every_seconds=EVERY_SECONDS):
            yield
    finally:
        with suppress(redis.RedisError):
            connection.delete(key)
