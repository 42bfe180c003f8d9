"""Checks signatures of the audit logs quickly; the auditors' verifier has slower code."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit import note


def is_signed(key: note.Key, text: str, data: bytes) -> bool:
    """Whether some bytes are this key's Ed25519 signature of a note's text."""
    if key.kind is not note.Kind.ED25519:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(data, text.encode())
    except InvalidSignature:
        return False
    return True
