"""Signs the states of the audit logs, and remembers outside the database what was signed last.

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from appliance.errors import DamagedError, UnavailableError, sentence
from appliance.security.signing import (
    SECRET_BYTES,
    SigningKey,
    load_or_create_secret,
    load_or_create_signing_key,
)
from audit import note, permissions

Permit = Callable[[dict[str, Any], dict[str, Any]], dict[str, str]]
"""Signs what an event allows: of its header and its body, it gives what is added to the body."""


class LogSigner:
    """Signs under the origin of a log: with Ed25519, and on request with ML-DSA-44 beside it.

    The Ed25519 key lies in a file, which another process may exchange at any time; its state is
    the key as it was read last.
    """

    def __init__(self, file: Path, post_quantum_seed: bytes | None = None) -> None:
        self._file = file
        self._next = file.with_name(f"{file.name}.next")
        self._stamp: tuple[int, int] | None = None
        self._read_key = load_or_create_signing_key(file)
        self._post_quantum = (
            MLDSA44PrivateKey.from_seed_bytes(post_quantum_seed) if post_quantum_seed else None
        )

    @property
    def _key(self) -> SigningKey:
        """The present key; a look at the file tells whether it is still the one that was read."""
        try:
            found = self._file.stat()
        except OSError:
            return self._read_key
        stamp = found.st_ino, found.st_mtime_ns
        if stamp != self._stamp:
            self._read_key, self._stamp = load_or_create_signing_key(self._file), stamp
        return self._read_key

    def draft(self) -> SigningKey:
        """A new key, beside the present one, which signs on until `change` is called.

        Errors:
            SettingsError: it cannot be written.
        """
        self._next.unlink(missing_ok=True)
        return load_or_create_signing_key(self._next)

    def change(self) -> None:
        """Let the drafted key be the present one; the one before is gone then.

        Errors:
            UnavailableError: the folder of keys cannot be written.
        """
        try:
            self._next.replace(self._file)
        except OSError as error:
            raise UnavailableError(
                sentence(
                    "%(file)s cannot be exchanged: %(strerror)s.",
                    file=self._file,
                    strerror=error.strerror,
                )
            ) from error

    def insist_on(self, key: note.Key) -> None:
        """Go on only if the present key is this one; a change that was cut off is completed.

        Errors:
            DamagedError: the private key is not here.
        """
        if self._key.public_bytes == key.public:
            return
        if self._next.exists():
            drafted = load_or_create_signing_key(self._next)
            if drafted.public_bytes == key.public:
                self.change()
                return
        raise DamagedError(
            sentence(
                "%(file)s is not the key that signs %(origin)s. Put the right one back from a "
                "backup, or begin a successor of the log with `codara audit recover`.",
                file=self._file,
                origin=key.name,
            )
        )

    def keys(self, origin: str) -> list[note.Key]:
        """The public keys that sign for a log now, Ed25519 first."""
        keys = [note.Key(origin, note.Kind.ED25519, self._key.public_bytes)]
        if self._post_quantum is not None:
            public = self._post_quantum.public_key().public_bytes_raw()
            keys.append(note.Key(origin, note.Kind.COSIGNATURE_ML_DSA_44, public))
        return keys

    def sign_checkpoint(
        self, state: note.Checkpoint, at: int, *, drafted: SigningKey | None = None
    ) -> str:
        """The signed note of a state; where the key changes with it, by `drafted` too.

        Units: `at` is in seconds since 1970.
        """
        text = str(state)
        signatures = [
            _signature(state.origin, key, text) for key in (self._key, drafted) if key is not None
        ]
        if self._post_quantum is not None:
            key = self.keys(state.origin)[-1]
            proof = self._post_quantum.sign(note.cosigned_message(key, text, at))
            data = at.to_bytes(note.TIME_BYTES, "big") + proof
            signatures.append(note.Signature(key.name, key.id, data))
        return str(note.Note(text, tuple(signatures)))

    def sign_text(self, origin: str, text: str) -> str:
        """The signed note of any other text, such as the manifest of an export."""
        return str(note.Note(text, (_signature(origin, self._key, text),)))

    def permit(self, origin: str, *, drafted: SigningKey | None = None) -> Permit:
        """Signs what an event of this log allows; where the key changes, by `drafted` too."""
        signers = {permissions.SIGNATURE: self._key}
        if drafted is not None:
            signers[permissions.BY_NEW] = drafted

        def sign(header: dict[str, Any], body: dict[str, Any]) -> dict[str, str]:
            text = permissions.signed_text(origin, header, body)
            return {name: _base64url(key.sign(text)) for name, key in signers.items()}

        return sign

    def certify(self, log: str, source: tuple[str, str], public: bytes) -> str:
        """The certificate of the key with which a start of a process signs its heartbeats."""
        return _base64url(self._key.sign(permissions.node_text(log, source, public)))


def public_key(origin: str, key: SigningKey) -> note.Key:
    """The public half of a key, under the name of a log."""
    return note.Key(origin, note.Kind.ED25519, key.public_bytes)


def _signature(origin: str, key: SigningKey, text: str) -> note.Signature:
    return note.Signature(origin, public_key(origin, key).id, key.sign(text.encode()))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


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
        """Take note of newer states; whole or not at all, and lasting.

        An older state than the one remembered changes nothing: of two writers, the one who was
        first may come here last.

        Errors:
            DamagedError: the file cannot be understood.
            UnavailableError: the file cannot be written.
        """
        try:
            self._remember(heads)
        except OSError as error:
            raise UnavailableError(
                sentence(
                    "%(file)s cannot be written: %(strerror)s.",
                    file=self._file,
                    strerror=error.strerror,
                )
            ) from error

    def _remember(self, heads: Mapping[str, Head]) -> None:
        folder = os.open(self._file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            known = self.read()
            newer = {
                origin: head for origin, head in heads.items() if _is_newer(head, known, origin)
            }
            if newer:
                self._write({**known, **newer})
                os.fsync(folder)
        finally:
            os.close(folder)

    def _write(self, heads: Mapping[str, Head]) -> None:
        text = {
            origin: {"size": each.size, "root": base64.b64encode(each.root).decode("ascii")}
            for origin, each in heads.items()
        }
        draft = self._file.with_name(f".{self._file.name}.new")
        with draft.open("w", encoding="utf-8") as opened:
            json.dump(text, opened)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(self._file)


def _is_newer(head: Head, known: Mapping[str, Head], origin: str) -> bool:
    return origin not in known or head.size > known[origin].size
