"""Secrets that documentation shows to everybody, and emulators all share: they open nothing.

Kept as hashes, so that nothing here looks like one.
"""

from __future__ import annotations

import hashlib

DIGITS = 20

KNOWN = frozenset(
    {
        "0b5dd075ccdd03c42f4e",
        "731fa294d036e54f19df",
        "f5e95c9954635b65acab",
        "789eb04ae4c00984483b",
        "1021ad463a161d69de63",
        "ac9265e56c79b234607e",
        "1a5d44a2dca19669d72e",
        "aa6547439583c3a275d4",
        "0011cc25eb4320717494",
        "29c3bd16f933027255f2",
        "da816f9f2c16e6c5390e",
        "7f75367e7881255134e1",
        "f51685e9f0bf58d57b3e",
        "bc3ae723f57c6b9e3fd8",
        "3543c50b0cb9cea8e55e",
        "6d7fa4e64d4b1f3ea319",
        "82e74299544e00738f9c",
        "8186c36cc939d12ed1b2",
        "c4341ce2cfcb52091244",
        "4e738ca5563c06cfd001",
        "2cafc0970149a84f3b9e",
        "34ab61d223c56351a7d9",
        "f2d6ca16515033e5dce1",
        "78314b11be2e581549ac",
        "dc080bf557185c2a034a",
        "ea1ca3e25b35a51ea7c8",
    }
)
"""The first digits of SHA-256 over each. Source: the providers' own documentation and emulators."""


def is_known(secret: str) -> bool:
    """Whether everybody knows this one."""
    return hashlib.sha256(secret.encode()).hexdigest()[:DIGITS] in KNOWN
