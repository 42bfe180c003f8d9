"""The instance's own secrets: one root from which every purpose derives its key, and a signing key.

The files lie in the home folder's `keys/`, readable by one system account. Losing them makes sealed
values unreadable and every token and session void; they belong in the backup, apart from the data.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.errors import SettingsError, sentence

SECRET_BYTES = 32
LARGEST_KEY_FILE = 4096
DERIVATION_SALT = b"codara-appliance key derivation 1"


class Purpose(StrEnum):
    """What a derived key is for. Two purposes never share a key, so no proof serves as another."""

    FINGERPRINTS = "fingerprints of tokens, sessions and links"
    SEALING = "sealing of stored values"
    BEARER = "short-lived bearer tokens"
    CAPABILITIES = "capabilities of the appliance's own programs"
    COOKIES = "signed cookies and form tokens"
    CURSORS = "paging cursors"
    PSEUDONYMS = "pseudonyms in logs"
    PUSH_NONCES = "nonces of signed pushes"
    COMMITS = "signatures of what the appliance commits for somebody"
    CLIENT_KEYS = "keys by which identity providers know the appliance"
    REPEATS = "fingerprints of requests that may be repeated"
    FOUND_SECRETS = "identities of secrets that scans found, for each owner"


class InstanceSecret:
    """The root secret of one appliance; it never leaves this object except as derived keys."""

    def __init__(self, root: bytes) -> None:
        if len(root) != SECRET_BYTES:
            raise SettingsError(
                sentence(
                    "The instance secret must be %(secret_bytes)s bytes long.",
                    secret_bytes=SECRET_BYTES,
                )
            )
        self._root = root

    def __repr__(self) -> str:
        return "InstanceSecret(...)"

    def key(self, purpose: Purpose, detail: str = "") -> bytes:
        """The key of one purpose; `detail` parts it further (a kind of capability, a year).

        Shapes: 32 bytes.
        Source: HKDF with SHA-256, RFC 5869.
        """
        info = f"{purpose.name}/{detail}".encode()
        return HKDF(hashes.SHA256(), SECRET_BYTES, DERIVATION_SALT, info).derive(self._root)


def load_or_create(file: Path) -> InstanceSecret:
    """The secret in `file`; the first start makes it.

    Errors:
        SettingsError: others may read the file, it is no plain file, or it is damaged.
    """
    return InstanceSecret(load_or_create_secret(file, SECRET_BYTES))


def load_or_create_secret(file: Path, size_bytes: int) -> bytes:
    """The random bytes in `file`; the first start makes them.

    Errors:
        SettingsError: others may read the file, it is no plain file, or it is damaged.
    """
    content = _read_or_make(file, lambda: os.urandom(size_bytes))
    if len(content) != size_bytes:
        raise SettingsError(
            sentence(
                "%(file)s holds %(found)s bytes, not %(wanted)s. Restore it from a backup.",
                file=file,
                found=len(content),
                wanted=size_bytes,
            )
        )
    return content


class SigningKey:
    """An Ed25519 key that signs for this appliance (RFC 8032)."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public_bytes.hex()})"

    @property
    def public_bytes(self) -> bytes:
        """The public key, 32 bytes as RFC 8032 writes it."""
        return self._private_key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`, 64 bytes."""
        return self._private_key.sign(message)


def is_signed_by(public_bytes: bytes, *, signature: bytes, message: bytes) -> bool:
    """Whether the holder of that public key signed exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_bytes).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_or_create_signing_key(file: Path) -> SigningKey:
    """The Ed25519 key in `file` (PEM, PKCS #8); the first start makes it.

    Errors:
        SettingsError: others may read the file, it is no plain file, or it is damaged.
    """
    content = _read_or_make(file, _new_signing_key_pem)
    try:
        private_key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            sentence("%(file)s is no readable key. Restore it from a backup.", file=file)
        ) from error
    if not isinstance(private_key, Ed25519PrivateKey):
        raise SettingsError(
            sentence("%(file)s is not an Ed25519 key. Restore it from a backup.", file=file)
        )
    return SigningKey(private_key)


def new_signing_key() -> SigningKey:
    """A key that is kept nowhere but in memory."""
    return SigningKey(Ed25519PrivateKey.generate())


def _new_signing_key_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _read_or_make(file: Path, make: Callable[[], bytes]) -> bytes:
    try:
        return _read_private(file)
    except FileNotFoundError:
        _create_private(file, make())
    # Read back, because another process may have been first: then its secret is the secret.
    return _read_private(file)


def _read_private(file: Path) -> bytes:
    """The content of a file that only this system account may read."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SettingsError(
            sentence("%(file)s cannot be read: %(strerror)s.", file=file, strerror=error.strerror)
        ) from error
    try:
        # Asked of the open file, so that nobody can exchange it between the question and the use.
        _check_private(file, os.fstat(descriptor))
        return os.read(descriptor, LARGEST_KEY_FILE)
    finally:
        os.close(descriptor)


def _check_private(file: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError(
            sentence("%(file)s is not a plain file. Put the key itself there.", file=file)
        )
    if status.st_uid != os.geteuid():
        raise SettingsError(
            sentence(
                "%(file)s belongs to another system account. Act as the one that owns it.",
                file=file,
            )
        )
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            sentence(
                "%(file)s can be read or changed by others. Run: chmod 600 %(file)s", file=file
            )
        )


def _create_private(file: Path, content: bytes) -> None:
    """Write `file` whole or not at all, and never over one that another process made meanwhile."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.urandom(8).hex()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        _publish(draft, file)
    except OSError as error:
        raise SettingsError(
            sentence(
                "%(file)s cannot be created: %(strerror)s.", file=file, strerror=error.strerror
            )
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, file: Path) -> None:
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
