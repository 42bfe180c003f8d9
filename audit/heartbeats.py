"""Whether as many entries are there as the processes that wrote them say.

Each start of each process counts the events that it commits to a log (`src.n`). Now and then it
says in a heartbeat: of my first `up_to` numbers, `committed` became entries, and of `unknown` more
I could not tell, because the database went away while it was asked. All three only grow. Entries
come before the heartbeat that counts them, so that one pass over the headers is enough.

Each start signs its heartbeats with the key that it named in `audit.node_started`; the newest of
each is checked, and counts what all earlier ones counted.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from audit import ed25519

ACTION = "audit.heartbeat"
STARTED = "audit.node_started"
COUNTS = ("up_to", "committed", "unknown")
LARGEST_NUMBER = 2**53 - 1
KEY = re.compile(r"[A-Za-z0-9_-]{43}\Z", re.ASCII)
SIGNATURE = re.compile(r"[A-Za-z0-9_-]{86}\Z", re.ASCII)
MOST_SOURCES = 100_000
MOST_WAITING = 500_000
"""Both far beyond what an appliance does; they bound the memory that a hostile export asks for."""

Source = tuple[str, str]
"""The node and which start of it."""
NodeKeys = dict[Source, bytes]


class TooManyError(ValueError):
    """More processes, or more uncounted entries, than this verifier follows."""


class _State:
    """What was seen of one source in one log."""

    __slots__ = (
        "claimed",
        "counted_up_to",
        "found",
        "has_beaten",
        "high",
        "low",
        "signature",
        "unknown",
        "waiting",
    )

    def __init__(self, *, is_anchored: bool) -> None:
        self.counted_up_to = 0
        self.claimed = 0
        self.found = 0
        """Entries seen whose numbers a heartbeat has counted."""
        self.low = 0 if is_anchored else -1
        self.high = 0
        """How many may lie before the first header; `low` is -1 before the first heartbeat."""
        self.waiting: set[int] = set()
        """Numbers that no heartbeat has counted yet."""
        self.has_beaten = False
        self.unknown = 0
        self.signature: bytes | None = None
        """Of the newest heartbeat."""


class Heartbeats:
    """Follows one log from front to back."""

    def __init__(self, log: str, *, from_the_start: bool) -> None:
        self._log = log
        self._from_the_start = from_the_start
        self._sources: dict[Source, _State] = {}
        self._waiting = 0

    def goes_on(self) -> None:
        """Take note that the log continues another, in which the counts may have begun."""
        self._from_the_start = False
        for state in self._sources.values():
            state.low = -1

    def see(self, source: Source, number: int) -> str | None:
        """Take note of an entry; gives what is wrong with it.

        Errors:
            TooManyError: the memory for it is used up.
        """
        state = self._state(source)
        if number in state.waiting:
            return f"number {number} of {source[1][:80]} is there twice"
        if number <= state.counted_up_to:
            return self._see_late(state, source, number)
        if self._waiting >= MOST_WAITING:
            raise TooManyError(f"more than {MOST_WAITING} entries that no heartbeat counted")
        state.waiting.add(number)
        self._waiting += 1
        return None

    def beat(self, source: Source, body: dict[str, Any]) -> str | None:
        """Compare with what a heartbeat says; gives what is wrong."""
        numbers = [body.get(name) for name in COUNTS]
        if any(type(each) is not int or not 0 <= each <= LARGEST_NUMBER for each in numbers):
            return "a heartbeat without its counts"
        if body.get("log") != self._log:
            return "a heartbeat that counts another log"
        state = self._state(source)
        up_to, claimed, unknown = (body[name] for name in COUNTS)
        if up_to < state.counted_up_to or claimed < state.claimed:
            return f"the counts of {source[1][:80]} went back"
        self._count(state, up_to)
        if state.low < 0:
            state.low, state.high, state.found = claimed, claimed + unknown, 0
        state.claimed, state.counted_up_to = claimed, up_to
        state.has_beaten, state.unknown = True, unknown
        state.signature = _signature(body.get("signature"))
        if state.found + state.high < claimed or state.found + state.low > claimed + unknown:
            return (
                f"{source[1][:80]} wrote {claimed} entries up to number {up_to}, "
                f"{unknown} more are unknown; {state.found + state.low} are there"
            )
        return None

    def unsigned(self, keys: NodeKeys) -> Iterator[str]:
        """What is wrong with the newest heartbeat of each source whose key is known."""
        for source, state in self._sources.items():
            key = keys.get(source)
            if key is None or not state.has_beaten:
                continue
            if state.signature is None:
                yield f"the newest heartbeat of {source[1][:80]} is not signed"
                continue
            counts = state.counted_up_to, state.claimed, state.unknown
            if not ed25519.is_signed(key, signed_text(self._log, source, counts), state.signature):
                yield f"the signature of the newest heartbeat of {source[1][:80]} is not good"

    def summary(self, keys: NodeKeys) -> str:
        """What was counted, in words."""
        silent = sum(not state.has_beaten for state in self._sources.values())
        signed = sum(state.has_beaten and each in keys for each, state in self._sources.items())
        return (
            f"{len(self._sources)} starts of processes, {silent} without a heartbeat, {signed} "
            f"with a key that is known; {self._waiting} entries wait for the next heartbeat"
        )

    def _see_late(self, state: _State, source: Source, number: int) -> str | None:
        """An entry that a heartbeat has counted already: only one of the unknown can come so."""
        state.found += 1
        if state.found + state.low > state.claimed + state.unknown:
            return f"number {number} of {source[1][:80]} comes after the heartbeat that counted it"
        return None

    def _count(self, state: _State, up_to: int) -> None:
        new = {number for number in state.waiting if number <= up_to}
        state.waiting -= new
        state.found += len(new)
        self._waiting -= len(new)

    def _state(self, source: Source) -> _State:
        if source not in self._sources:
            if len(self._sources) >= MOST_SOURCES:
                raise TooManyError(f"more than {MOST_SOURCES} starts of processes")
            self._sources[source] = _State(is_anchored=self._from_the_start)
        return self._sources[source]


def signed_text(log: str, source: Source, counts: tuple[int, ...]) -> bytes:
    """What a process signs: `counts` are up_to, committed and unknown."""
    lines = ["codara-audit-heartbeat/1", log, *source, *(str(each) for each in counts)]
    return "".join(f"{line}\n" for line in lines).encode()


def _signature(said: Any) -> bytes | None:
    if not isinstance(said, str) or not SIGNATURE.match(said):
        return None
    return base64.urlsafe_b64decode(said + "==")


def key_of(body: dict[str, Any]) -> bytes | None:
    """The key that a process names when it starts; None where it names none."""
    text = body.get("key")
    if not isinstance(text, str) or not KEY.match(text):
        return None
    return base64.urlsafe_b64decode(text + "=")
