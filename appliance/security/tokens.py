"""Secrets that a bearer shows: access tokens, session ids, one-time links. Stored as hashes only.

An access token is `cod_`, 30 random base62 digits (178 bits), and 6 base62 digits of a checksum:
the CRC-32 of the 34 characters before it. The checksum keeps no secret; it lets scanners recognise
a leaked token without asking us, and lets us drop mistyped ones without asking the database.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from zlib import crc32

PREFIX = "cod_"
RANDOM_DIGITS = 30
CHECKSUM_DIGITS = 6
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# For scanners; whoever finds a match should still ask is_well_formed().
PATTERN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_DIGITS + CHECKSUM_DIGITS}}}")

SHOWN_CHARACTERS = len(PREFIX) + 6  # Enough to tell one's tokens apart; 142 bits stay unknown.
SECRET_BYTES = 32


def mint() -> str:
    """A new access token. Show it once, store its fingerprint."""
    body = PREFIX + "".join(secrets.choice(BASE62) for _ in range(RANDOM_DIGITS))
    return body + _checksum(body)


def is_well_formed(token: str) -> bool:
    """Whether this can be one of our access tokens: prefix, length, alphabet and checksum fit."""
    if PATTERN.fullmatch(token) is None:
        return False
    body, checksum = token[:-CHECKSUM_DIGITS], token[-CHECKSUM_DIGITS:]
    return _checksum(body) == checksum


def shown_part(token: str) -> str:
    """The beginning of an access token, by which its owner recognises it in a list."""
    return token[:SHOWN_CHARACTERS]


def new_session_id() -> str:
    """What a browser's cookie carries: 256 random bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_link_secret() -> str:
    """The secret part of a one-time link: 256 random bits, safe in an address."""
    return secrets.token_urlsafe(SECRET_BYTES)


def fingerprint(secret: str, *, key: bytes) -> str:
    """What we store and look up instead of a token, session id or link: HMAC-SHA256, 64 hex digits.

    No slow hash is needed, because the secrets are random and long. The key makes a stolen database
    useless for testing tokens found elsewhere. A look-up by an index of fingerprints is safe from
    timing: whoever does not know the key cannot steer its digits.
    """
    return hmac.new(key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _checksum(body: str) -> str:
    remainder = crc32(body.encode("ascii"))
    digits = []
    for _ in range(CHECKSUM_DIGITS):
        remainder, digit = divmod(remainder, len(BASE62))
        digits.append(BASE62[digit])
    return "".join(reversed(digits))
