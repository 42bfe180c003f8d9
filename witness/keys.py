"""The witness's own key: Ed25519, and on request ML-DSA-44 beside it.

Source: c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit import note

FORMAT = "codara-witness-key/1"
SEED_BYTES = 32
LARGEST_FILE = 4096


class KeyFileError(ValueError):
    """It holds no key of a witness, or others may read it."""


class Cosigner:
    """Signs checkpoints as a witness."""

    def __init__(self, name: str, seed: bytes, post_quantum_seed: bytes | None = None) -> None:
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._ed25519.public_key().public_bytes_raw()
        self.keys = [note.Key(name, note.Kind.COSIGNATURE_ED25519, public)]
        """What others need to check its signatures, Ed25519 first."""
        self._mldsa: MLDSA44PrivateKey | None = None
        if post_quantum_seed is not None:
            self._mldsa = MLDSA44PrivateKey.from_seed_bytes(post_quantum_seed)
            public = self._mldsa.public_key().public_bytes_raw()
            self.keys.append(note.Key(name, note.Kind.COSIGNATURE_ML_DSA_44, public))

    def __repr__(self) -> str:
        return f"Cosigner({self.keys[0]})"

    def sign(self, text: str, at: int) -> list[note.Signature]:
        """The witness's signatures of a checkpoint.

        Units: `at` is in seconds since 1970.
        """
        signatures = []
        for key in self.keys:
            message = note.cosigned_message(key, text, at)
            if key.kind is note.Kind.COSIGNATURE_ED25519:
                proof = self._ed25519.sign(message)
            else:
                assert self._mldsa is not None  # noqa: S101 - its key is listed only where it is.
                proof = self._mldsa.sign(message)
            data = at.to_bytes(note.TIME_BYTES, "big") + proof
            signatures.append(note.Signature(key.name, key.id, data))
        return signatures


def create(file: Path, name: str, *, post_quantum: bool = False) -> Cosigner:
    """Make a key and write it to a new file that only its owner may read.

    Errors:
        KeyFileError: the file is there already or cannot be written, or nothing is called so.
    """
    seed, second = os.urandom(SEED_BYTES), os.urandom(SEED_BYTES) if post_quantum else None
    try:
        made = Cosigner(name, seed, second)
    except note.NoteError as error:
        raise KeyFileError(f"{name!r} is no name for a witness: {error}.") from error
    said = {"ed25519": _text(seed), "format": FORMAT, "name": name}
    if second is not None:
        said["ml_dsa_44"] = _text(second)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(json.dumps(said, indent=2) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise KeyFileError(f"{file} cannot be written: {error.strerror}.") from error
    return made


def load(file: Path) -> Cosigner:
    """The key in a file that `create` wrote.

    Errors:
        KeyFileError: there is none, or others may read it.
    """
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            content = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise KeyFileError(
            f"{file} cannot be read: {error.strerror}. "
            f"`codara witness key --key {file} --name NAME` makes one."
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"Others may read {file}. Run: chmod 600 {file}")
    try:
        return _parse(content)
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileError(f"{file} is not the key of a witness.") from error


def _parse(content: bytes) -> Cosigner:
    if len(content) > LARGEST_FILE:
        raise ValueError("too long")
    said = json.loads(content)
    if said["format"] != FORMAT:
        raise ValueError("another format")
    second = said.get("ml_dsa_44")
    return Cosigner(str(said["name"]), _seed(said["ed25519"]), _seed(second) if second else None)


def _seed(text: str) -> bytes:
    seed = base64.b64decode(text, validate=True)
    if len(seed) != SEED_BYTES:
        raise ValueError("not a seed")
    return seed


def _text(seed: bytes) -> str:
    return base64.b64encode(seed).decode("ascii")
