"""Checksums inside secrets: what a provider built in, so that a scanner can tell a real one.

Each function answers whether the checksum of a whole secret fits.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from zlib import crc32

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def base62_of_body(secret: str) -> bool:
    """Six base62 digits: the CRC-32 of what stands between the last `_` and them.

    Source: github.blog, "Behind GitHub's new authentication token formats"; npm does the same.
    """
    body = secret.rpartition("_")[2]
    return in_base62(crc32(body[:-6].encode())) == body[-6:]


def base62_of_all(secret: str) -> bool:
    """Six base62 digits: the CRC-32 of all before them, with the prefix. Our own tokens."""
    return in_base62(crc32(secret[:-6].encode())) == secret[-6:]


def routable(secret: str) -> bool:
    """Seven base36 digits at the end: the CRC-32 of all before them.

    Source: GitLab's design document "Routable tokens", section "Pseudo code implementation".
    """
    return in_base(crc32(secret[:-7].encode()), BASE36).rjust(7, "0") == secret[-7:]


def little_endian_hex(secret: str) -> bool:
    """Eight hex digits behind the last `_`: the CRC-32 of all before it, least byte first.

    Source: Grafana, pkg/components/satokengen.
    """
    body, _, shown = secret.rpartition("_")
    return crc32(body.encode()).to_bytes(4, "little").hex() == shown.lower()


def bech32(secret: str) -> bool:
    """Six digits of Bech32 over prefix and data: age's identities.

    Source: BIP 173, section "Checksum"; age, "The native X25519 recipient type".
    """
    prefix, _, data = secret.lower().rpartition("1")
    try:
        digits = [BECH32.index(each) for each in data]
    except ValueError:
        return False
    spread = [ord(each) >> 5 for each in prefix] + [0] + [ord(each) & 31 for each in prefix]
    remainder = 1
    for digit in (*spread, *digits):
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ digit
        for bit, generator in enumerate(BECH32_GENERATOR):
            if top >> bit & 1:
                remainder ^= generator
    return remainder == 1


def crc16_base32(secret: str) -> bool:
    """Base32 whose last two bytes are the CRC-16 (XMODEM) of all before them: seeds of NATS.

    Source: nats-io/nkeys, "Encoding" in its README.
    """
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except (binascii.Error, ValueError):
        return False
    return binascii.crc_hqx(key[:-2], 0).to_bytes(2, "little") == key[-2:] != b""


def curve25519(secret: str) -> bool:
    """A private key of Curve25519, clamped as WireGuard clamps it.

    Source: RFC 7748, section 5.
    """
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) == 32 and key[0] & 7 == 0 and key[31] & 192 == 64  # noqa: PLR2004 - as the source says.


def in_base62(number: int) -> str:
    """A CRC-32 as six base62 digits."""
    return in_base(number, BASE62).rjust(6, "0")


def in_base(number: int, alphabet: str) -> str:
    """A number in the digits of an alphabet."""
    digits = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits


KINDS: dict[str, Callable[[str], bool]] = {
    "crc32-base62-body": base62_of_body,
    "crc32-base62-all": base62_of_all,
    "crc32-base36": routable,
    "crc32-hex-little": little_endian_hex,
    "bech32": bech32,
    "crc16-base32": crc16_base32,
    "curve25519": curve25519,
}

CERTAIN = frozenset({"crc32-base62-body", "crc32-base62-all"})
"""Where it does not fit, the secret goes to review with low confidence; elsewhere confidence sinks.

Providers publish these for scanners; the others were read from their sources and may change.
"""
