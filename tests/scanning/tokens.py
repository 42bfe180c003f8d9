"""Tokens that look real, made here: no provider ever gave them out."""

import zlib

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY = "q7Zk2Lw9Xb4Nc8Vt1Rm6Pd3Hs5Jf0G"


def github_token(number: int = 0) -> str:
    """One of GitHub's form, with the checksum that it has."""
    body = BODY[number:] + BODY[:number]
    return f"ghp_{body}{base62(zlib.crc32(body.encode()), 6)}"


def base62(number: int, length: int) -> str:
    """A number in so many digits."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits
