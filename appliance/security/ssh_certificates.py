"""OpenSSH certificates of users: read, and checked against the authority that they name.

Whether an authority is trusted, and whose the names are, is decided elsewhere.
Source: OpenSSH's PROTOCOL.certkeys; ssh-keygen(1), "KEY REVOCATION LISTS", for the words of a list.
"""

from __future__ import annotations

import ipaddress
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature

from appliance.errors import InvalidError, sentence
from appliance.security import ssh_keys, ssh_signatures
from appliance.security.ssh_wire import Reader, written

SUFFIX = "-cert-v01@openssh.com"
LONGEST = 16 * 1024
USER = 1
FOREVER = 2**64 - 1
SOURCE_ADDRESS = "source-address"
MOST_REVOCATIONS = 100_000
FIELD = "revocations"
SERIAL, KEY_ID, FINGERPRINT = "serial", "id", "sha256"
LATEST = datetime.max.replace(tzinfo=UTC)


class InvalidCertificateError(Exception):
    """It lets nobody in; the message is for the log of whoever runs the authority."""


@dataclass(frozen=True)
class Certificate:
    """A user's certificate, with what its authority has said in it."""

    key: ssh_keys.SshKey
    serial: int
    key_id: str
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    source_addresses: tuple[str, ...]
    authority: ssh_keys.SshKey

    @property
    def valid_until(self) -> datetime:
        """Its end."""
        try:
            return datetime.fromtimestamp(self.valid_before, UTC)
        except (ValueError, OverflowError, OSError):
            return LATEST

    def insist_it_holds(self, address: str, now: datetime) -> None:
        """Go on only at a time and from an address for which it was made.

        Errors:
            InvalidCertificateError: it does not hold now, or not from there.
        """
        seconds = now.timestamp()
        if not self.valid_after <= seconds < self.valid_before:
            raise InvalidCertificateError("it is not valid at this time")
        if not self.source_addresses:
            return
        try:
            asking = ipaddress.ip_address(address)
            allowed = [ipaddress.ip_network(each, strict=False) for each in self.source_addresses]
        except ValueError as error:
            raise InvalidCertificateError("its source addresses cannot be read") from error
        if not any(asking in each for each in allowed):
            raise InvalidCertificateError("it is not valid from this address")


def parse(blob: bytes) -> Certificate:
    """The certificate in a blob; its authority has signed exactly this.

    Errors:
        InvalidCertificateError: it is none of a user, is not signed by who it says, or asks for
            what is not done here.
    """
    if len(blob) > LONGEST:
        raise InvalidCertificateError("it is too long")
    try:
        return _parse(Reader(blob), blob)
    except (ValueError, InvalidError, InvalidSignature) as error:
        raise InvalidCertificateError(
            "it is damaged, weak, or not signed by who it says"
        ) from error


def _parse(reader: Reader, blob: bytes) -> Certificate:
    kind = reader.text().removesuffix(SUFFIX)
    reader.string()  # The nonce, which has done its work for the authority.
    key = _key(reader, kind)
    serial, use = reader.long_number(), reader.number()
    key_id = reader.string().decode()
    principals = tuple(each.decode() for each in _strings(reader.string()))
    valid_after, valid_before = reader.long_number(), reader.long_number()
    options = reader.string()
    reader.string()  # Extensions only allow what is not done here anyway.
    reader.string()  # Reserved.
    authority_blob = reader.string()
    signed = blob[: reader.at]
    signature = Reader(reader.string())
    reader.end()
    authority = ssh_keys.parse_blob(authority_blob, expected_type=Reader(authority_blob).text())
    if use != USER:
        raise InvalidCertificateError("it is none of a user")
    ssh_signatures.insist_on(authority, signature, signed)
    return Certificate(
        key, serial, key_id, principals, valid_after, valid_before, _sources(options), authority
    )


def _key(reader: Reader, kind: str) -> ssh_keys.SshKey:
    """The key that is certified, in the form in which it stands alone."""
    plain = kind.replace(SUFFIX, "")
    if plain.startswith("sk-") and not plain.endswith("@openssh.com"):
        plain += "@openssh.com"
    if plain not in FIELDS_OF:
        raise InvalidCertificateError("it is for another kind of key")
    fields = b"".join(written(reader.string()) for _ in range(FIELDS_OF[plain]))
    return ssh_keys.parse_blob(written(plain.encode()) + fields, expected_type=plain)


FIELDS_OF = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}
"""How many values a key of each kind has after its name."""


def _strings(packed: bytes) -> list[bytes]:
    reader, found = Reader(packed), []
    while not reader.is_at_end:
        found.append(reader.string())
    return found


def _sources(packed: bytes) -> tuple[str, ...]:
    """The addresses from which it is valid; any other critical option refuses it."""
    options = _strings(packed)
    sources: tuple[str, ...] = ()
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name.decode() != SOURCE_ADDRESS:
            raise InvalidCertificateError(f"it has the critical option {name.decode()!r}")
        sources = tuple(Reader(value).string().decode().split(","))
    return sources


@dataclass(frozen=True)
class Revocations:
    """What an authority no longer stands for."""

    serials: tuple[tuple[int, int], ...]
    key_ids: frozenset[str]
    fingerprints: frozenset[str]

    def covers(self, certificate: Certificate) -> bool:
        """Whether it is revoked: by its number, its name or its key."""
        return (
            certificate.key_id in self.key_ids
            or certificate.key.fingerprint in self.fingerprints
            or any(first <= certificate.serial <= last for first, last in self.serials)
        )


def parse_revocations(text: str) -> Revocations:
    """A list of revoked certificates, in the words in which ssh-keygen takes one.

    `serial: 7`, `serial: 10-20`, `id: NAME`, `sha256: SHA256:...`, or a public key; a line each.

    Errors:
        InvalidError: a line is nothing of these; it is named.
    """
    lines = text.splitlines()
    if len(lines) > MOST_REVOCATIONS:
        raise InvalidError.of(
            FIELD, sentence("A list has at most %(n)s lines.", n=MOST_REVOCATIONS)
        )
    found: dict[str, set[str]] = {SERIAL: set(), KEY_ID: set(), FINGERPRINT: set()}
    serials: list[tuple[int, int]] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        try:
            kind, value = _revocation(words)
            if kind == SERIAL:
                first, _, last = value.partition("-")
                serials.append((int(first), int(last or first)))
            else:
                found[kind].add(value)
        except (ValueError, InvalidError) as error:
            raise InvalidError.of(
                FIELD,
                sentence("Line %(number)s is no serial, id, sha256 or public key.", number=number),
            ) from error
    return Revocations(tuple(serials), frozenset(found[KEY_ID]), frozenset(found[FINGERPRINT]))


def _revocation(words: str) -> tuple[str, str]:
    """What a line revokes, and which.

    Errors:
        ValueError, InvalidError: it is none of the forms.
    """
    name, _, value = (part.strip() for part in words.partition(":"))
    if name == FINGERPRINT:
        return name, _fingerprint(value)
    if name not in (SERIAL, KEY_ID):
        return FINGERPRINT, ssh_keys.parse(words).fingerprint
    if not value:
        raise ValueError("nothing is named")
    return name, value


def _fingerprint(value: str) -> str:
    digest = value.removeprefix("SHA256:")
    b64decode(digest + "=" * (-len(digest) % 4), validate=True)
    return f"SHA256:{digest.rstrip('=')}"
