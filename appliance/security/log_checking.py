"""Checks signatures of the audit logs quickly; the auditors' verifier has slower code."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit import note


def is_signed(key: note.Key, text: str, data: bytes) -> bool:
    """Whether some bytes are this key's Ed25519 signature of a note's text."""
    return key.kind is note.Kind.ED25519 and is_signed_text(key.public, text.encode(), data)


def is_signed_text(public: bytes, message: bytes, data: bytes) -> bool:
    """Whether some bytes are the signature of a message by the holder of an Ed25519 key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(data, message)
    except (InvalidSignature, ValueError):
        return False
    return True
