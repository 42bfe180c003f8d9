"""Keys that sign as a log or as a witness does, the same in every run: for tests only."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit import note

START = 1_790_000_000


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_for(*words: object):
    """32 bytes that are the same in every run."""
    return hashlib.sha256(repr(words).encode()).digest()


class Signer:
    """An Ed25519 key that signs notes, as a log or as a witness."""

    def __init__(self, name, kind=note.Kind.ED25519, seed=None) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes_for("key", seed or name))
        self.key = note.Key(name, kind, self.private.public_key().public_bytes_raw())

    def line(self, text, at=START):
        if self.key.kind is note.Kind.ED25519:
            data = self.private.sign(text.encode())
        else:
            message = note.cosigned_message(self.key, text, at)
            data = at.to_bytes(8, "big") + self.private.sign(message)
        return str(note.Signature(self.key.name, self.key.id, data))


class QuantumSigner:
    """An ML-DSA-44 key."""

    def __init__(self, name) -> None:
        self.private = MLDSA44PrivateKey.from_seed_bytes(bytes_for("quantum", name))
        public = self.private.public_key().public_bytes_raw()
        self.key = note.Key(name, note.Kind.COSIGNATURE_ML_DSA_44, public)

    def line(self, text, at=START):
        data = at.to_bytes(8, "big") + self.private.sign(note.cosigned_message(self.key, text, at))
        return str(note.Signature(self.key.name, self.key.id, data))


def witness(name):
    return Signer(name, note.Kind.COSIGNATURE_ED25519)


def signed(text, signers):
    return (text + "\n" + "".join(signer.line(text) + "\n" for signer in signers)).encode()
