"""Signs the states of the audit logs, and remembers outside the database what was signed last.

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from appliance.errors import DamagedError, sentence
from appliance.security.signing import SECRET_BYTES, SigningKey, load_or_create_secret
from audit import note


class LogSigner:
    """Signs under the origin of a log: with Ed25519, and on request with ML-DSA-44 beside it."""

    def __init__(self, key: SigningKey, post_quantum_seed: bytes | None = None) -> None:
        self._key = key
        self._post_quantum = (
            MLDSA44PrivateKey.from_seed_bytes(post_quantum_seed) if post_quantum_seed else None
        )

    def keys(self, origin: str) -> list[note.Key]:
        """The public keys that sign for a log, Ed25519 first."""
        keys = [note.Key(origin, note.Kind.ED25519, self._key.public_bytes)]
        if self._post_quantum is not None:
            public = self._post_quantum.public_key().public_bytes_raw()
            keys.append(note.Key(origin, note.Kind.COSIGNATURE_ML_DSA_44, public))
        return keys

    def sign_checkpoint(self, state: note.Checkpoint, at: int) -> str:
        """The signed note of a state.

        Units: `at` is in seconds since 1970.
        """
        text = str(state)
        plain, *rest = self.keys(state.origin)
        signatures = [note.Signature(plain.name, plain.id, self._key.sign(text.encode()))]
        if self._post_quantum is not None:
            (key,) = rest
            proof = self._post_quantum.sign(note.cosigned_message(key, text, at))
            data = at.to_bytes(note.TIME_BYTES, "big") + proof
            signatures.append(note.Signature(key.name, key.id, data))
        return str(note.Note(text, tuple(signatures)))

    def sign_text(self, origin: str, text: str) -> str:
        """The signed note of any other text, such as the manifest of an export."""
        key = self.keys(origin)[0]
        signature = note.Signature(key.name, key.id, self._key.sign(text.encode()))
        return str(note.Note(text, (signature,)))


def load_or_create_post_quantum_seed(file: Path) -> bytes:
    """The seed of the ML-DSA-44 key in `file`; the first start makes it.

    Shapes: 32 bytes.
    Errors:
        SettingsError: others may read the file, it is no plain file, or it is damaged.
    """
    return load_or_create_secret(file, SECRET_BYTES)


@dataclass(frozen=True)
class Head:
    """The last signed state of a log."""

    size: int
    root: bytes


class Heads:
    """The last signed state of each log, in a file beside the database.

    A database that was put back to an earlier state knows less than this file. Signing then would
    make two histories under one name.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, Head]:
        """The last signed states by origin; none before the first.

        Errors:
            DamagedError: the file cannot be understood.
        """
        try:
            known = json.loads(self._file.read_bytes())
            return {
                origin: Head(int(each["size"]), base64.b64decode(each["root"]))
                for origin, each in known.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedError(
                sentence(
                    "%(file)s, which remembers the signed states of the audit log, cannot be read. "
                    "Restore it from a backup.",
                    file=self._file,
                )
            ) from error

    def remember(self, heads: Mapping[str, Head]) -> None:
        """Take note of newer states; whole or not at all, and lasting."""
        known = {**self.read(), **heads}
        text = {
            origin: {"size": each.size, "root": base64.b64encode(each.root).decode("ascii")}
            for origin, each in known.items()
        }
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        with draft.open("w", encoding="utf-8") as opened:
            json.dump(text, opened)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(self._file)
