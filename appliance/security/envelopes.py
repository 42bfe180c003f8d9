"""Signed envelopes: bytes with their type and the signatures of several Ed25519 keys over both.

Source: Dead Simple Signing Envelope 1.0.2 ("DSSE"), protocol and envelope; RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance.errors import InvalidError, sentence

KEY_BYTES = 32
MOST_SIGNATURES = 64


class EnvelopeError(InvalidError):
    """The bytes are no signed envelope, or no key."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was signed, and what claims to be signatures of it."""

    type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...] = ()
    """Each with the id of the key that it claims."""


def key_id(public_key: bytes) -> str:
    """How a key is called: the SHA-256 of its raw bytes, in hex."""
    return hashlib.sha256(public_key).hexdigest()


def parse_public(text: str) -> bytes:
    """A public key from its raw bytes in base64, as envelopes and roots spell it.

    Errors:
        EnvelopeError: it is none.
    """
    try:
        raw = base64.b64decode(text.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error) as error:
        raise EnvelopeError(sentence("This is no Ed25519 public key in base64.")) from error
    return raw


def spelt(public_key: bytes) -> str:
    """A public key as `parse_public` reads it."""
    return base64.b64encode(public_key).decode()


def new_private() -> tuple[bytes, bytes]:
    """A new key: the private half as PEM without a password, and the raw public half."""
    private = Ed25519PrivateKey.generate()
    return _pem(private), private.public_key().public_bytes_raw()


def load_private(pem: bytes) -> Ed25519PrivateKey:
    """A private key from its PEM file.

    Errors:
        EnvelopeError: it is none, or one of another kind.
    """
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise EnvelopeError(
            sentence("This is no private key in PEM without a password.")
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise EnvelopeError(sentence("Only Ed25519 keys sign feeds."))
    return private


def public_of(private: Ed25519PrivateKey) -> bytes:
    """The raw public half."""
    return private.public_key().public_bytes_raw()


def sign(envelope: Envelope, private: Ed25519PrivateKey) -> Envelope:
    """The envelope with one more signature, or the same key's anew."""
    ours = key_id(public_of(private))
    others = tuple(each for each in envelope.signatures if each[0] != ours)
    return replace(envelope, signatures=(*others, (ours, private.sign(_signed(envelope)))))


def signers(envelope: Envelope, keys: Iterable[bytes]) -> frozenset[str]:
    """The ids of those of the keys that really signed. A key counts once, whatever it signs."""
    known = {key_id(each): each for each in keys}
    message = _signed(envelope)
    return frozenset(
        name
        for name, signature in envelope.signatures
        if name in known and _is_signature(known[name], signature, message)
    )


def write(envelope: Envelope) -> bytes:
    """The envelope as JSON."""
    row = {
        "payloadType": envelope.type,
        "payload": base64.b64encode(envelope.payload).decode(),
        "signatures": [
            {"keyid": name, "sig": base64.b64encode(signature).decode()}
            for name, signature in envelope.signatures
        ],
    }
    return json.dumps(row, indent=1).encode()


def read(data: bytes) -> Envelope:
    """An envelope from its JSON. Nothing in it is believed yet.

    Errors:
        EnvelopeError: it is none.
    """
    try:
        return _read(json.loads(data))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EnvelopeError(sentence("This is no signed envelope.")) from error


def _read(row: Mapping[str, Any]) -> Envelope:
    rows = row["signatures"]
    if not isinstance(rows, list) or len(rows) > MOST_SIGNATURES:
        raise TypeError("signatures")
    return Envelope(
        type=_text(row, "payloadType"),
        payload=base64.b64decode(_text(row, "payload"), validate=True),
        signatures=tuple(
            (_text(each, "keyid"), base64.b64decode(_text(each, "sig"), validate=True))
            for each in rows
        ),
    )


def _text(row: Mapping[str, Any], field: str) -> str:
    value: Any = row[field]
    if not isinstance(value, str):
        raise TypeError(field)
    value.encode()  # Half a character, which JSON can spell, is no text.
    return value


def _signed(envelope: Envelope) -> bytes:
    """What a signature is over. Source: DSSE, "Signature Definition" (PAE)."""
    kind = envelope.type.encode()
    parts = (b"DSSEv1", b"%d" % len(kind), kind, b"%d" % len(envelope.payload), envelope.payload)
    return b" ".join(parts)


def _is_signature(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _pem(private: Ed25519PrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
