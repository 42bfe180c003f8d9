"""Checks Ed25519 signatures for a whole export: none twice, and not without end.

Good signatures are as many as key holders made; bad ones cost their maker nothing. After so many of
them nothing more is looked at, and nothing more is good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from audit import ed25519

MOST_BAD = 1000
MOST_REMEMBERED = 200_000
SHORT_BYTES = 16
Check = Callable[[bytes, bytes, bytes], bool]
"""Whether a public key signed a message so."""


class Signatures:
    """Its state is what was found good, and how many checks were made and failed."""

    def __init__(self, is_signed: Check = ed25519.is_signed) -> None:
        self._is_signed = is_signed
        self._good: set[bytes] = set()
        self.checked = 0
        self.bad = 0

    def is_good(self, public_keys: Iterable[bytes], message: bytes, signature: bytes) -> bool:
        """Whether one of these keys signed exactly this message."""
        if any(self._is_one(each, message, signature) for each in public_keys):
            return True
        self.bad += 1
        return False

    def _is_one(self, public: bytes, message: bytes, signature: bytes) -> bool:
        digest = hashlib.sha256(public + signature + message).digest()[:SHORT_BYTES]
        if digest in self._good:
            return True
        if self.bad >= MOST_BAD:
            return False
        self.checked += 1
        if not self._is_signed(public, message, signature):
            return False
        if len(self._good) >= MOST_REMEMBERED:
            self._good.clear()
        self._good.add(digest)
        return True
