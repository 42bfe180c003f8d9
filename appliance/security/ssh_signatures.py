"""Signatures made by `ssh-keygen -Y sign`: read, and checked against a key.

Sources: OpenSSH's PROTOCOL.sshsig for the form; RFC 4253 section 6.6, RFC 8332, RFC 5656 section
3.1.2 and RFC 8709 for what each kind of key writes; PROTOCOL.u2f for keys in a security token.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from appliance.errors import InvalidError
from appliance.security import ssh_keys
from appliance.security.ssh_wire import Reader, written

BEGINNING = b"-----BEGIN SSH SIGNATURE-----"
ENDING = b"-----END SSH SIGNATURE-----"
MAGIC = b"SSHSIG"
VERSION = 1
DIGESTS = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
RSA_HASHES = {"rsa-sha2-256": hashes.SHA256, "rsa-sha2-512": hashes.SHA512}
CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
TOKEN_PREFIX = "sk-"  # noqa: S105 - with what the names of kinds of keys begin.
SOMEBODY_TOUCHED_IT = 0x01


class MalformedSignatureError(Exception):
    """The bytes are no signature of this form."""


class UnsupportedSignatureError(Exception):
    """A version, a digest or a kind of key that is not taken here."""


@dataclass(frozen=True)
class SshSignature:
    """A signature, and the key that it says it was made with."""

    key: ssh_keys.SshKey
    namespace: str
    reserved: bytes
    digest: str
    algorithm: str
    blob: bytes
    """What the key wrote, in the form of its algorithm."""
    token_state: bytes
    """Flags and counter of a security token; none of other keys."""

    @property
    def fingerprint(self) -> str:
        """That of the key."""
        return self.key.fingerprint


def parse(text: bytes) -> SshSignature:
    """The signature in an armoured text, without checking it.

    Errors:
        MalformedSignatureError: it is none.
        UnsupportedSignatureError: it is one that nobody here can check, or of a weak key.
    """
    reader = Reader(_unarmoured(text))
    try:
        if reader.take(len(MAGIC)) != MAGIC:
            raise MalformedSignatureError
        version = reader.number()
        if version != VERSION:
            raise UnsupportedSignatureError
        key_blob, namespace, reserved = reader.string(), reader.text(), reader.string()
        digest, made = reader.text(), Reader(reader.string())
        reader.end()
        algorithm, blob = made.text(), made.string()
        kind = Reader(key_blob).text()
        token_state = made.take(5) if kind.startswith(TOKEN_PREFIX) else b""
        made.end()
    except ValueError as error:
        raise MalformedSignatureError from error
    if digest not in DIGESTS or kind not in ssh_keys.BITS_OF:
        raise UnsupportedSignatureError
    try:
        key = ssh_keys.parse_blob(key_blob, expected_type=kind)
    except InvalidError as error:
        raise UnsupportedSignatureError from error
    return SshSignature(key, namespace, reserved, digest, algorithm, blob, token_state)


def is_good(signature: SshSignature, payload: bytes, *, namespace: str) -> bool:
    """Whether the key that the signature names has signed this, for this purpose."""
    if signature.namespace != namespace:
        return False
    signed = MAGIC + b"".join(
        written(part)
        for part in (
            namespace.encode("ascii"),
            signature.reserved,
            signature.digest.encode("ascii"),
            DIGESTS[signature.digest](payload).digest(),
        )
    )
    made = _Made(signature.algorithm, signature.blob, signature.token_state)
    try:
        _insist(signature.key, made, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def insist_on(key: ssh_keys.SshKey, signature: Reader, signed: bytes) -> None:
    """Go on only if the key has signed exactly this; `signature` is as it crosses the wire.

    Errors:
        InvalidSignature, ValueError: it has not.
    """
    algorithm, blob = signature.text(), signature.string()
    token_state = signature.take(5) if key.type.startswith(TOKEN_PREFIX) else b""
    signature.end()
    _insist(key, _Made(algorithm, blob, token_state), signed)


@dataclass(frozen=True)
class _Made:
    """What a key wrote: in which algorithm, and in which state its token was."""

    algorithm: str
    blob: bytes
    token_state: bytes


def _insist(key: ssh_keys.SshKey, signature: _Made, signed: bytes) -> None:
    reader = Reader(key.blob)
    kind = reader.text()
    if kind == "ssh-rsa":
        _insist_rsa(signature, reader, signed)
        return
    if signature.algorithm != kind:
        raise InvalidSignature
    is_elliptic = "ecdsa" in kind
    curve = reader.text() if is_elliptic else ""
    public = reader.string()
    if kind.startswith(TOKEN_PREFIX):
        flags = signature.token_state[0]
        if not flags & SOMEBODY_TOUCHED_IT:
            raise InvalidSignature
        application = hashlib.sha256(reader.string()).digest()
        signed = application + signature.token_state + hashlib.sha256(signed).digest()
    if not is_elliptic:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature.blob, signed)
        return
    on, hash_ = CURVES[curve]
    numbers = Reader(signature.blob)
    pair = encode_dss_signature(numbers.positive_number(), numbers.positive_number())
    numbers.end()
    point = ec.EllipticCurvePublicKey.from_encoded_point(on, public)
    point.verify(pair, signed, ec.ECDSA(hash_))


def _insist_rsa(signature: _Made, reader: Reader, signed: bytes) -> None:
    hash_ = RSA_HASHES.get(signature.algorithm)
    if hash_ is None:  # The plain name means SHA-1.
        raise InvalidSignature
    exponent, modulus = reader.positive_number(), reader.positive_number()
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    # OpenSSH leaves out zeros at the beginning.
    whole = signature.blob.rjust((modulus.bit_length() + 7) // 8, b"\0")
    key.verify(whole, signed, padding.PKCS1v15(), hash_())


def _unarmoured(text: bytes) -> bytes:
    text = text.strip()
    if not text.startswith(BEGINNING) or not text.endswith(ENDING):
        raise MalformedSignatureError
    body = text[len(BEGINNING) : -len(ENDING)]
    try:
        return b64decode(b"".join(body.split()), validate=True)
    except ValueError as error:
        raise MalformedSignatureError from error
