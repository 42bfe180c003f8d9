"""Growing delays after failed attempts, per user and per address.

The first few failures are free; each one after them doubles the wait, up to a cap. A name nobody
has is counted like any other, so the delays tell nothing about who exists. Keys are stored as
hashes. `throttle_stores.py` says where the counts are.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol


@dataclass(frozen=True)
class Pace:
    """How fast the wait grows, and what a success undoes."""

    counts: str
    """What is counted (`user`, `address`), so that a user named like an address is not that."""
    free_attempts: int
    """Failures that cost nothing."""
    base_seconds: float
    """The wait after the first failure that costs."""
    cap_seconds: float
    """The longest wait."""
    window_seconds: int
    """So long after the last failure all is forgotten."""
    success_forgets: bool
    """A success forgets everything; otherwise it takes back only its own attempt."""

    def waits(self) -> tuple[float, ...]:
        """The wait after 0, 1, 2 … failures, in seconds; the last one holds for all that follow."""
        return _waits(self)


@cache
def _waits(pace: Pace) -> tuple[float, ...]:
    grown = [pace.base_seconds]
    while 0 < grown[-1] < pace.cap_seconds:
        grown.append(min(grown[-1] * 2, pace.cap_seconds))
    return (0.0,) * (pace.free_attempts + 1) + tuple(grown)


PER_USER = Pace("user", 5, 1, 900, 24 * 3600, success_forgets=True)
# An office shares one address, so more is free; and a guesser with one good account of their own
# must not be able to wipe the count of their address by signing in.
PER_ADDRESS = Pace("address", 20, 1, 300, 3600, success_forgets=False)

# Sign-ins that were begun at a sign-in system and came to no end: a whole office may begin at once,
# and then still somebody each second.
PER_BEGINNING = Pace("beginning", 1000, 1, 1, 600, success_forgets=False)


BITS_OF_A_PLACE = 64
"""Of an IPv6 address: whoever has the network chooses the rest. Source: RFC 4291, section 2.5.4."""


def place_of(address: str) -> str:
    """From where somebody comes, as failures are counted: an IPv4 address, or an IPv6 network. What
    is no address is given back as it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    left = found.max_prefixlen - BITS_OF_A_PLACE
    return str(ipaddress.IPv6Network((int(found) >> left << left, BITS_OF_A_PLACE)))


class Store(Protocol):
    """Where counts are kept: shared by all processes, or this one's memory."""

    def claim(self, key: str, pace: Pace, now: float) -> float:
        """In one step: the seconds to wait, or 0 after counting an attempt as failed."""

    def postpone(self, key: str, pace: Pace, now: float) -> None:
        """Let the wait begin now."""

    def take_back(self, key: str) -> None:
        """Count one failure less."""

    def forget(self, key: str) -> None:
        """Know nothing of this key."""


class Throttle:
    """Answers how long somebody must wait before the next attempt.

    An attempt counts as failed from the moment it is allowed, so a hundred at once are a hundred.
    """

    def __init__(self, store: Store, pace: Pace, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._pace = pace
        self._clock = clock

    def check(self, key: str) -> float:
        """How many seconds to wait; 0 allows one attempt, to be followed by its outcome."""
        return self._store.claim(self._hidden(key), self._pace, self._clock())

    def failed(self, key: str) -> None:
        """The attempt that `check` allowed was wrong: the wait runs from now."""
        self._store.postpone(self._hidden(key), self._pace, self._clock())

    def succeeded(self, key: str) -> None:
        """The attempt that `check` allowed was right."""
        if self._pace.success_forgets:
            self._store.forget(self._hidden(key))
        else:
            self._store.take_back(self._hidden(key))

    def _hidden(self, key: str) -> str:
        """A key of one size that names nobody, however long the name was that a client sent."""
        text = f"{self._pace.counts}:{key}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
