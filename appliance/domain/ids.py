"""Identifiers that sort by the time they were made.

Source: RFC 9562, sections 5.7 (UUID version 7) and 6.2 (monotonic random, method 2).
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid

RANDOM_BITS = 74
STEP_BITS = 32  # What is added within a millisecond, so that the next id cannot be guessed.


class _Clock:
    """The last time and random part given out in this process: each id is greater than the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._random = 0

    def tick(self) -> tuple[int, int]:
        """The next milliseconds and random part. A clock set back stands still until it is due."""
        milliseconds = time.time_ns() // 1_000_000
        with self._lock:
            if milliseconds > self._milliseconds:
                self._milliseconds, self._random = milliseconds, secrets.randbits(RANDOM_BITS)
                return self._milliseconds, self._random
            self._random += 1 + secrets.randbits(STEP_BITS)
            if self._random >> RANDOM_BITS:
                self._milliseconds, self._random = self._milliseconds + 1, 0
            return self._milliseconds, self._random


_clock = _Clock()


def new_id() -> uuid.UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 bits that are random and only grow."""
    milliseconds, random = _clock.tick()
    high, low = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low)


def new_pseudonym() -> str:
    """A random reference to a person that says nothing about them: `p_` and 26 base32 digits."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "p_" + "".join(secrets.choice(alphabet) for _ in range(26))
