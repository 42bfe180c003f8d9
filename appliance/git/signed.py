"""What of a commit or tag is signed, and the signature.

A commit carries its signature in a header, a tag at the end of its text. What is signed is the
object without it, byte for byte.
Source: git's Documentation/gitformat-signature.txt; `parse_buffer_signed_by_header` in commit.c;
`parse_signed_buffer` in gpg-interface.c.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

KIB = 1024
SIGNATURE_BYTES = 64 * KIB
"""Largest signature that is looked at; one of CMS with a chain of certificates has some 10 KiB."""
PAYLOAD_BYTES = 1024 * KIB
"""Largest commit or tag whose signature is checked."""
COMMIT_HEADER = b"gpgsig"
Sign = Callable[[bytes], bytes]
"""Gives the signature of what is signed."""
BEGINNINGS = (
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
)


@dataclass(frozen=True)
class Signed:
    """A signature and the bytes that it is of."""

    signature: bytes
    payload: bytes

    @property
    def is_too_large(self) -> bool:
        """Whether nobody should spend time on it."""
        return len(self.signature) > SIGNATURE_BYTES or len(self.payload) > PAYLOAD_BYTES


def of_commit(raw: bytes) -> Signed | None:
    """The signature in a commit's head; None where there is none.

    Several signature headers become one text, as in git, which is then malformed.
    """
    if b"\ngpgsig" not in raw:
        return None
    head, separator, message = raw.partition(b"\n\n")
    signature: list[bytes] = []
    kept: list[bytes] = []
    inside = b""
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if not line.startswith(b" "):
            inside = key if key.startswith(COMMIT_HEADER) else b""
            value = value if inside else b""
        if not inside:
            kept.append(line)
        elif inside == COMMIT_HEADER:
            signature.append(value)
    if not signature:
        return None
    return Signed(b"\n".join(signature) + b"\n", b"\n".join(kept) + separator + message)


def with_signature(commit: bytes, signature: bytes) -> bytes:
    """A commit with the signature of it in its head."""
    head, separator, message = commit.partition(b"\n\n")
    lines = signature.rstrip(b"\n").replace(b"\n", b"\n ")
    return head + b"\n" + COMMIT_HEADER + b" " + lines + separator + message


def of_tag(raw: bytes) -> Signed | None:
    """The signature at the end of a tag's text; None where there is none."""
    start = max(raw.rfind(b"\n" + beginning) for beginning in BEGINNINGS)
    if start < 0:
        return None
    return Signed(raw[start + 1 :], raw[: start + 1])
