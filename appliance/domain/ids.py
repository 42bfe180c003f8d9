"""Identifiers that sort by the time they were made.

Source: RFC 9562, section 5.7 (UUID version 7).
"""

from __future__ import annotations

import secrets
import time
import uuid


def new_id() -> uuid.UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=value)


def new_pseudonym() -> str:
    """A random reference to a person that says nothing about them: `p_` and 26 base32 digits."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "p_" + "".join(secrets.choice(alphabet) for _ in range(26))
