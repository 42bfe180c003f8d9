"""Codes that change with the time (TOTP, RFC 6238), and codes for who has lost them.

The codes of apps have the values that every app knows: six digits of HMAC-SHA-1, every 30 seconds.
SHA-1's weakness is finding two texts with one hash, which helps nobody against an HMAC.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

SECRET_BYTES = 20  # Source: RFC 4226, section 4, R6.
DIGITS = 6
STEP_SECONDS = 30  # Source: RFC 6238, section 4.1.
STEPS_OFF = 1  # A clock may be half a minute off. Source: RFC 6238, section 5.2.

RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"  # Nothing that is read as something else.
RECOVERY_LETTERS = 12
"""About 58 bits: with ten codes, and a wait after a few wrong ones, beyond guessing."""


def new_secret() -> bytes:
    """The secret that an app and the appliance share."""
    return secrets.token_bytes(SECRET_BYTES)


def shown_secret(secret: bytes) -> str:
    """A secret as a person types it into an app: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(secret: bytes, *, name: str, issuer: str) -> str:
    """What the QR code says: the address by which apps learn a secret."""
    who = quote(issuer.replace(":", " "), safe="")  # A colon ends it. Spaces: apps show a plus.
    words = base64.b32encode(secret).decode()
    return f"otpauth://totp/{who}:{quote(name, safe='')}?secret={words}&issuer={who}"


def code_at(secret: bytes, at: datetime) -> str:
    """The code that an app shows at a moment."""
    return _code(secret, int(at.timestamp()) // STEP_SECONDS)


def step_of(secret: bytes, code: str, *, now: datetime) -> int | None:
    """The step whose code this is, of those about now; None: it is none of them."""
    present = int(now.timestamp()) // STEP_SECONDS
    typed = code.encode("utf-8", "replace")
    found = None
    for step in range(present - STEPS_OFF, present + STEPS_OFF + 1):
        if hmac.compare_digest(_code(secret, step).encode(), typed):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Recovery codes. Show them once, store their fingerprints."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def plain(typed: str) -> str:
    """A code as it is compared: without the spaces, hyphens and capitals that people type."""
    return "".join(typed.split()).replace("-", "").lower()


def _recovery_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LETTERS))
    return "-".join(letters[start : start + 4] for start in range(0, RECOVERY_LETTERS, 4))


def _code(secret: bytes, step: int) -> str:
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()  # noqa: S303 - as above.
