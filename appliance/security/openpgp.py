"""OpenPGP keys and signatures, read and checked by Sequoia (RFC 4880 and RFC 9580).

What Sequoia says yes to is a signature of the content, made by a key that was valid at the time
that the signature names, and is not revoked. Why it says no is found here, from the packets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pysequoia import Cert, Sig, verify
from pysequoia.packet import (
    HashAlgorithm,
    Packet,
    PacketPile,
    PublicKeyAlgorithm,
    SignatureType,
    Tag,
)

from appliance.errors import InvalidError, sentence
from appliance.security.ssh_keys import SMALLEST_RSA_BITS

FIELD = "key"
LONGEST_TEXT = 512 * 1024
"""A key with the certifications of hundreds of others."""
MOST_USER_IDS = 100
RSA = (PublicKeyAlgorithm.RSAEncryptSign, PublicKeyAlgorithm.RSASign)
WEAK = (
    PublicKeyAlgorithm.DSA,
    PublicKeyAlgorithm.ElGamalEncrypt,
    PublicKeyAlgorithm.ElGamalEncryptSign,
)
WEAK_HASHES = (HashAlgorithm.MD5, HashAlgorithm.SHA1, HashAlgorithm.RipeMD)
BINDINGS = (
    SignatureType.SubkeyBinding,
    SignatureType.DirectKey,
    SignatureType.PositiveCertification,
    SignatureType.CasualCertification,
    SignatureType.PersonaCertification,
    SignatureType.GenericCertification,
)
RSA_BITS_AT = slice(6, 8)  # Version, time and algorithm come before: RFC 4880, section 5.5.2.


class MalformedSignatureError(Exception):
    """The bytes are no signature of this form."""


class Verdict(StrEnum):
    """What Sequoia and the packets say of a signature and a key."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WEAK = "weak"
    BAD = "bad"


@dataclass(frozen=True)
class OpenPgpSignature:
    """A signature, and the key that it says it was made with."""

    blob: bytes
    issuer: str
    """The fingerprint or, of old programs, the id of the key; lower-case hex."""
    made_at: datetime | None


@dataclass(frozen=True)
class KeyPart:
    """The primary key or a subkey: what can sign."""

    fingerprint: str
    short_id: str


@dataclass(frozen=True)
class OpenPgpKey:
    """A public key that somebody uploaded, with all that hangs on it."""

    blob: bytes
    fingerprint: str
    algorithm: str
    user_ids: tuple[str, ...]
    parts: tuple[KeyPart, ...]
    made_at: datetime
    expires_at: datetime | None
    is_revoked: bool


def parse_key(text: bytes) -> OpenPgpKey:
    """The key of an uploaded file, armoured or not.

    Errors:
        InvalidError: it is no public key, or a weak one; the sentence says what to do instead.
    """
    _refuse_other_files(text)
    try:
        found = Cert.split_bytes(text)
        pile = list(PacketPile.from_bytes(text))
    except RuntimeError as error:
        raise _invalid(
            sentence("This is not an OpenPGP public key. “gpg --armor --export ID” writes one.")
        ) from error
    if len(found) != 1:
        raise _invalid(sentence("Upload one key at a time: this text holds several, or none."))
    if any(packet.tag in (Tag.SecretKey, Tag.SecretSubkey) for packet in pile):
        raise _private()
    _refuse_weak_parts(pile)
    return _described(found[0], pile)


def merged(known: bytes, newer: bytes) -> OpenPgpKey:
    """A key with what is known of it and what somebody brought: a revocation is never lost."""
    whole = Cert.from_bytes(known).merge(Cert.from_bytes(newer))
    blob = bytes(whole)
    return _described(whole, list(PacketPile.from_bytes(blob)))


def parse_signature(text: bytes) -> OpenPgpSignature:
    """The one signature in an armoured text, without checking it.

    Errors:
        MalformedSignatureError: it is none, or several.
    """
    if text.count(b"-----BEGIN ") != 1:  # Of several, the library reads the first.
        raise MalformedSignatureError
    try:
        packets = list(PacketPile.from_bytes(text))
        if [packet.tag for packet in packets] != [Tag.Signature]:
            raise MalformedSignatureError
        signature = Sig.from_bytes(text)
    except RuntimeError as error:
        raise MalformedSignatureError from error
    issuer = signature.issuer_fingerprint or signature.issuer_key_id
    if issuer is None:
        raise MalformedSignatureError
    return OpenPgpSignature(text, issuer.lower(), signature.created)


def check(signature: OpenPgpSignature, payload: bytes, *, key: bytes) -> Verdict:
    """What is to be said of a signature that names a part of this key."""
    parsed = Sig.from_bytes(signature.blob)
    if parsed.signature_type not in (SignatureType.Binary, SignatureType.Text):
        return Verdict.BAD
    if parsed.hash_algorithm in WEAK_HASHES:
        return Verdict.WEAK
    certificate = Cert.from_bytes(key)
    try:
        verify(bytes=payload, store=lambda _ids: [certificate], signature=parsed)
    except RuntimeError:
        return _why_not(certificate, signature)
    return Verdict.GOOD


def _why_not(certificate: Cert, signature: OpenPgpSignature) -> Verdict:
    if certificate.is_revoked:
        return Verdict.REVOKED
    spans = _lives(list(PacketPile.from_bytes(bytes(certificate))))
    primary = spans[certificate.fingerprint]
    own = next((spans[each] for each in spans if each.endswith(signature.issuer)), primary)
    made_at = signature.made_at
    if own.is_revoked:
        return Verdict.REVOKED
    if made_at is not None and not (primary.holds(made_at) and own.holds(made_at)):
        return Verdict.EXPIRED
    return Verdict.BAD


@dataclass
class _Life:
    """From when until when a part is valid, as the newest of its bindings says."""

    since: datetime
    bound_at: datetime | None = None
    until: datetime | None = None
    is_revoked: bool = False

    def note(self, packet: Packet) -> None:
        bound_at = packet.signature_created
        if bound_at is None or (self.bound_at is not None and bound_at < self.bound_at):
            return
        span: timedelta | None = packet.key_validity_period
        self.bound_at = bound_at
        self.until = self.since + span if span else None

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def _lives(packets: list[Packet]) -> dict[str, _Life]:
    """The life of each part, by its fingerprint."""
    found: dict[str, _Life] = {}
    primary = part = ""
    for packet in packets:
        if packet.tag in (Tag.PublicKey, Tag.PublicSubkey):
            part = packet.fingerprint or ""
            primary = primary or part
            found[part] = _Life(_made_at(packet))
        elif packet.tag == Tag.Signature and _is_own(packet, primary):
            if packet.signature_type == SignatureType.SubkeyRevocation:
                found[part].is_revoked = True
            elif packet.signature_type in BINDINGS:
                found[part].note(packet)
    return found


def _made_at(packet: Packet) -> datetime:
    return packet.key_created or datetime.min.replace(tzinfo=UTC)


def _is_own(packet: Packet, primary: str) -> bool:
    issuer = packet.issuer_fingerprint or packet.issuer_key_id or ""
    return bool(issuer) and primary.endswith(issuer)


def _described(certificate: Cert, packets: list[Packet]) -> OpenPgpKey:
    parts = [each for each in packets if each.tag in (Tag.PublicKey, Tag.PublicSubkey)]
    try:
        user_ids = [str(each) for each in certificate.user_ids[:MOST_USER_IDS]]
        expires_at = certificate.expiration
    except RuntimeError as error:
        raise _invalid(
            sentence("The algorithms that this key was made with are no longer trusted.")
        ) from error
    primary = parts[0]
    return OpenPgpKey(
        blob=bytes(certificate),
        fingerprint=certificate.fingerprint,
        algorithm=_name_of(primary),
        user_ids=tuple(_cleaned(each) for each in user_ids),
        parts=tuple(KeyPart(each.fingerprint or "", each.key_id or "") for each in parts),
        made_at=_made_at(primary),
        expires_at=expires_at,
        is_revoked=certificate.is_revoked,
    )


def _name_of(packet: Packet) -> str:
    name = str(packet.key_algorithm).rpartition(".")[2]
    return f"RSA {_rsa_bits(packet)}" if packet.key_algorithm in RSA else name


def _rsa_bits(packet: Packet) -> int:
    return int.from_bytes(packet.body[RSA_BITS_AT], "big")


def _refuse_weak_parts(packets: list[Packet]) -> None:
    """The primary key and whatever may sign must be strong; what only encrypts is none of ours."""
    part: Packet | None = None
    for packet in packets:
        if packet.tag in (Tag.PublicKey, Tag.PublicSubkey):
            part = packet
            if packet.tag == Tag.PublicKey:
                _refuse_weak(packet)
        elif part is not None and packet.tag == Tag.Signature:
            flags = packet.key_flags
            if packet.signature_type == SignatureType.SubkeyBinding and flags and flags.signing:
                _refuse_weak(part)


def _refuse_weak(packet: Packet) -> None:
    if packet.key_algorithm in WEAK:
        raise _invalid(
            sentence("DSA and ElGamal keys are too weak. Use Ed25519, or RSA of 3072 bits or more.")
        )
    if packet.key_algorithm in RSA and _rsa_bits(packet) < SMALLEST_RSA_BITS:
        raise _invalid(
            sentence(
                "RSA keys of %(bits)s bits are too weak. Use Ed25519, or RSA of 3072 bits or more.",
                bits=_rsa_bits(packet),
            )
        )


def _refuse_other_files(text: bytes) -> None:
    if len(text) > LONGEST_TEXT:
        raise _invalid(
            sentence("This is too long for one public key. Export it without others' signatures.")
        )
    if b"PRIVATE KEY BLOCK" in text:
        raise _private()


def _private() -> InvalidError:
    return _invalid(
        sentence(
            "This is a private key. Never send it to anyone; it should be replaced now, because "
            "it has left your computer. “gpg --armor --export ID” writes the public one."
        )
    )


def _cleaned(text: str) -> str:
    """A user id without what could hide text or turn it around."""
    return "".join(c for c in text if c.isprintable())[:255]


def _invalid(words: str) -> InvalidError:
    return InvalidError.of(FIELD, words)
