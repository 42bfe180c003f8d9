"""Small values sealed at rest with AES-256-GCM, so that a stolen database does not tell them.

A sealed value is: one byte of version, 4 bytes of key id, 12 random bytes of nonce, the ciphertext
with its 16-byte tag. The place it was sealed for (table, column, row) is authenticated with it, so
a value copied to another row does not open there.

A person's values are sealed with that person's own data key, which is itself sealed by the site's
key. Destroying the wrapped data key makes all of them unreadable at once, in backups too once the
wrapped key has left those.

Source: NIST SP 800-38D (random 96-bit nonces serve for 2^32 values of a key; we seal far fewer).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.errors import DamagedError, NotFoundError, sentence

VERSION = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_ID_END = len(VERSION) + KEY_ID_BYTES
HEADER_BYTES = KEY_ID_END + NONCE_BYTES
CONTEXT = b"codara sealed value"


@dataclass(frozen=True)
class Place:
    """Where a sealed value is kept; it opens nowhere else."""

    table: str
    column: str
    row: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.row}"


class Sealer:
    """Seals and opens values with the first key; opens also what earlier keys sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"sealing takes one or more keys of {KEY_BYTES} bytes")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._present_id = _key_id(keys[0])

    def __repr__(self) -> str:
        return f"Sealer(present={self._present_id.hex()}, keys={len(self._ciphers)})"

    def seal(self, value: bytes, place: Place) -> bytes:
        """The value, sealed for one place."""
        header = VERSION + self._present_id
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._ciphers[self._present_id]
        return header + nonce + cipher.encrypt(nonce, value, _bound_to(header, place))

    def unseal(self, sealed: bytes, place: Place) -> bytes:
        """The value that was sealed for this place.

        Errors:
            DamagedError: it was changed, comes from another place, or its key is gone.
        """
        header, nonce = sealed[:KEY_ID_END], sealed[KEY_ID_END:HEADER_BYTES]
        cipher = self._ciphers.get(header[len(VERSION) :])
        if not sealed.startswith(VERSION) or len(sealed) < HEADER_BYTES + TAG_BYTES:
            raise DamagedError(sentence("%(place)s holds no sealed value.", place=place))
        if cipher is None:
            raise DamagedError(
                sentence(
                    "%(place)s was sealed with a key that this appliance does not have.",
                    place=place,
                )
            )
        try:
            return cipher.decrypt(nonce, sealed[HEADER_BYTES:], _bound_to(header, place))
        except InvalidTag as error:
            raise DamagedError(
                sentence("%(place)s was changed, or sealed for another place.", place=place)
            ) from error

    def is_sealed_with_present_key(self, sealed: bytes) -> bool:
        """Whether nothing needs to be done to this value when the keys have been rotated."""
        return sealed.startswith(VERSION + self._present_id)

    def reseal(self, sealed: bytes, place: Place) -> bytes:
        """The same value under the present key.

        Errors:
            DamagedError: it cannot be opened.
        """
        return self.seal(self.unseal(sealed, place), place)

    def new_data_key(self, place: Place) -> bytes:
        """A new data key, wrapped, to be stored at `place`: one per person."""
        return self.seal(os.urandom(KEY_BYTES), place)

    def with_data_key(self, wrapped: bytes | None, place: Place) -> Sealer:
        """The sealer of one person's values; None means that their data key was destroyed.

        Errors:
            NotFoundError: the data key was destroyed, and with it all that it sealed.
            DamagedError: the wrapped key was changed, or comes from another place.
        """
        if wrapped is None:
            raise NotFoundError(
                sentence(
                    "%(place)s was destroyed; what it sealed cannot be read any more.", place=place
                )
            )
        return Sealer([self.unseal(wrapped, place)])


def _key_id(key: bytes) -> bytes:
    """Tells keys apart without saying anything about them."""
    return hashlib.sha256(CONTEXT + b" key id" + key).digest()[:KEY_ID_BYTES]


def _bound_to(header: bytes, place: Place) -> bytes:
    """What is authenticated with the value; lengths in front, so that no two places look alike."""
    return _bound_to_column(header, place.table, place.column) + _with_length(place.row.encode())


@lru_cache(maxsize=64)  # A million values of one column are read one after the other.
def _bound_to_column(header: bytes, table: str, column: str) -> bytes:
    return b"".join(map(_with_length, (CONTEXT, header, table.encode(), column.encode())))


def _with_length(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
