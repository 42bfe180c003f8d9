"""Finds where a pack begins in the answer to a fetch, before a byte of it leaves.

Source: gitprotocol-common(5), "pkt-line Format"; gitprotocol-v2(5), "fetch"; gitprotocol-pack(5),
"Packfile Data"; gitformat-pack(5).
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.git.packets import HEADER_BYTES, error_packet, fatal_packet

SECTION = b"000dpackfile\n"
"""In protocol version 2."""
BANDED = b"\x01PACK"
"""In versions before, beside progress; and in version 2 where all lines have bands."""
RAW = b"P"
"""In versions before, for a client that knows no bands: no length begins like this."""
LENGTHS = frozenset(b"0123456789abcdefABCDEF")


class PackStart:
    """Lets an answer pass line by line up to its pack.

    A line is held back only until it is clear that it is none of a pack, so that nobody waits for
    what we keep.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._left = 0
        """Bytes that are still to come of a line that may leave."""
        self.refuse: Callable[[str], bytes] | None = None
        """Once the pack has begun: makes the line that stops a client there."""

    def feed(self, chunk: bytes) -> bytes:
        """What may leave. Once `refuse` is there, the rest is the pack's: see `rest`."""
        self._held += chunk
        passed = bytearray()
        while self._held and (count := self._leaving()):
            passed += self._held[:count]
            del self._held[:count]
        return bytes(passed)

    def rest(self) -> bytes:
        """What was held back."""
        held = bytes(self._held)
        self._held.clear()
        return held

    def _leaving(self) -> int:
        """How many of the bytes held are none of a pack; 0 if that cannot be said yet."""
        if self._left:
            count = min(self._left, len(self._held))
            self._left -= count
            return count
        length = bytes(self._held[:HEADER_BYTES])
        if not LENGTHS.issuperset(length):
            self.refuse = fatal_packet
        if self.refuse is not None or len(length) < HEADER_BYTES:
            return 0
        size = max(int(length, 16), HEADER_BYTES)
        if len(self._held) < min(size, len(SECTION)):
            return 0
        if self._held.startswith(SECTION):
            self.refuse = error_packet
            return 0
        if self._held.startswith(BANDED, HEADER_BYTES):
            self.refuse = fatal_packet
            return 0
        self._left = size
        return self._leaving()
