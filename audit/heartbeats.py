"""Whether as many entries are there as the processes that wrote them say.

Each start of each process counts the events that it commits to a log (`src.n`). Now and then it
says in a heartbeat: of my first `up_to` numbers, `committed` became entries, and of `unknown` more
I could not tell, because the database went away while it was asked. All three only grow. Entries
come before the heartbeat that counts them, so that one pass over the headers is enough.

Each start signs its heartbeats with a key of its own, which the log's key certified for this start
in this log: in `audit.node_started`, and in each heartbeat. The newest heartbeat of each start is
checked, and counts what all earlier ones counted.
"""

from __future__ import annotations

import base64
import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audit import ed25519, permissions
from audit.permissions import Permissions, Source
from audit.signatures import Signatures

ACTION = "audit.heartbeat"
STARTED = "audit.node_started"
COUNTS = ("up_to", "committed", "unknown")
LARGEST_NUMBER = 2**53 - 1
KEY, CERTIFICATE, SIGNATURE = "key", "certificate", "signature"
OF_32_BYTES = re.compile(r"[A-Za-z0-9_-]{43}\Z", re.ASCII)
OF_64_BYTES = re.compile(r"[A-Za-z0-9_-]{86}\Z", re.ASCII)
FORMS = {KEY: OF_32_BYTES, CERTIFICATE: OF_64_BYTES, SIGNATURE: OF_64_BYTES}
MOST_SOURCES = 100_000
MOST_WAITING = 500_000
"""Both far beyond what an appliance does; they bound the memory that a hostile export asks for."""

BEFORE: Source = ("before", "before")
"""Stands for what was recorded before there were logs. An upgrade moved it into them, and counted
it; no process of then could sign that."""
NodeKeys = dict[Source, bytes]
"""The key that was certified for each start of a process."""


class TooManyError(ValueError):
    """More processes, or more uncounted entries, than this verifier follows."""


@dataclass(frozen=True)
class Vouching:
    """How it is found out whether a heartbeat is by the process that it says."""

    permissions: Permissions
    """Of the log: whether its key certified the process's."""
    signatures: Signatures


class _State:
    """What was seen of one source in one log."""

    __slots__ = (
        "beaten_at",
        "claimed",
        "counted_up_to",
        "found",
        "high",
        "low",
        "order",
        "proof",
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
        self.order: list[int] = []
        """The same as a heap, so that a heartbeat looks at none that it does not count."""
        self.unknown = 0
        self.beaten_at: int | None = None
        """The index of the newest heartbeat."""
        self.proof = b""
        """Of the newest heartbeat: key, certificate and signature; empty where one lacks."""

    @property
    def has_beaten(self) -> bool:
        """Whether there was a heartbeat."""
        return self.beaten_at is not None


class Heartbeats:
    """Follows one log from front to back."""

    def __init__(self, log: str, vouching: Vouching, *, from_the_start: bool) -> None:
        self._log = log
        self._vouching = vouching
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
        heapq.heappush(state.order, number)
        self._waiting += 1
        return None

    def meet(self, index: int, source: Source, body: dict[str, Any], keys: NodeKeys) -> str | None:
        """Take note of the key of a process that starts; gives what is wrong with it."""
        said = _bytes(body, KEY), _bytes(body, CERTIFICATE)
        return self._uncertified(index, source, *said, keys)

    def beat(self, index: int, source: Source, body: dict[str, Any]) -> str | None:
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
        state.beaten_at, state.unknown = index, unknown
        proof = [_bytes(body, each) for each in (KEY, CERTIFICATE, SIGNATURE)]
        state.proof = b"".join(proof) if all(proof) else b""
        if state.found + state.high < claimed or state.found + state.low > claimed + unknown:
            return (
                f"{source[1][:80]} wrote {claimed} entries up to number {up_to}, "
                f"{unknown} more are unknown; {state.found + state.low} are there"
            )
        return None

    def unsigned(self, keys: NodeKeys) -> Iterator[str]:
        """What is wrong with the newest heartbeat of each source, and its key."""
        for source, state in self._sources.items():
            if state.beaten_at is not None and source != BEFORE:
                wrong = self._unsigned(state.beaten_at, source, state, keys)
                if wrong is not None:
                    yield f"entry {state.beaten_at}: {wrong}"

    def summary(self) -> str:
        """What was counted, in words."""
        silent = sum(not state.has_beaten for state in self._sources.values())
        return (
            f"{len(self._sources)} starts of processes, {silent} without a heartbeat; "
            f"{self._waiting} entries wait for the next heartbeat"
        )

    def _unsigned(self, index: int, source: Source, state: _State, keys: NodeKeys) -> str | None:
        key, rest = state.proof[: ed25519.KEY_BYTES], state.proof[ed25519.KEY_BYTES :]
        certificate = rest[: ed25519.SIGNATURE_BYTES]
        signature = rest[ed25519.SIGNATURE_BYTES :]
        if not signature:
            return f"the newest heartbeat of {source[1][:80]} is not signed"
        wrong = self._uncertified(index, source, key, certificate, keys)
        if wrong is not None:
            return wrong
        counts = state.counted_up_to, state.claimed, state.unknown
        text = signed_text(self._log, source, counts)
        if self._vouching.signatures.is_good([key], text, signature):
            return None
        return f"the signature of the newest heartbeat of {source[1][:80]} is not good"

    def _uncertified(
        self, index: int, source: Source, key: bytes, certificate: bytes, keys: NodeKeys
    ) -> str | None:
        text = permissions.node_text(self._log, source, key)
        if not key or not self._vouching.permissions.certifies(index, text, certificate):
            return f"the key of {source[1][:80]} is not certified by the log's key"
        if len(keys) < MOST_SOURCES:
            keys.setdefault(source, key)
        if keys.get(source, key) != key:
            return f"another key of {source[1][:80]} was certified before"
        return None

    def _see_late(self, state: _State, source: Source, number: int) -> str | None:
        """An entry that a heartbeat has counted already: only one of the unknown can come so."""
        state.found += 1
        if state.found + state.low > state.claimed + state.unknown:
            return f"number {number} of {source[1][:80]} comes after the heartbeat that counted it"
        return None

    def _count(self, state: _State, up_to: int) -> None:
        while state.order and state.order[0] <= up_to:
            state.waiting.discard(heapq.heappop(state.order))
            state.found += 1
            self._waiting -= 1

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


def _bytes(body: dict[str, Any], name: str) -> bytes:
    """What stands in a member of a body; nothing where it has not the form that it must have."""
    said = body.get(name)
    if not isinstance(said, str) or not FORMS[name].match(said):
        return b""
    return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))
