"""Signatures in the form of CMS, as gpgsm and smimesign make them: read here, judged elsewhere.

gpgsm writes lengths behind what they are of (BER); these are brought to the front first, and the
rest is read by `cryptography`.
Sources: RFC 5652, sections 5 and 11, for the form; X.690, section 8.1.3, for lengths; RFC 4055 for
RSASSA-PSS.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

BEGINNING = b"-----BEGIN SIGNED MESSAGE-----"
ENDING = b"-----END SIGNED MESSAGE-----"
MOST_CERTIFICATES = 10
DEEPEST = 16
OPEN_LENGTH = 0x80
LONGEST_LENGTH = 4
END = b"\0\0"

BY_ISSUER, BY_KEY_ID = 1, 3
"""Versions, by how the certificate is named: RFC 5652, section 5.3."""
SIGNED_DATA = "1.2.840.113549.1.7.2"
PLAIN_DATA = "1.2.840.113549.1.7.1"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SEQUENCE, UTC_TIME, CHOICE_0 = b"\x30", b"\x17", b"\x80"


class MalformedSignatureError(Exception):
    """The bytes are no signature of this form, or several."""


@dataclass(frozen=True)
class Algorithm:
    """What an algorithm is called, and what else was said of it."""

    name: str
    parameters: bytes | None


@dataclass(frozen=True)
class CmsSignature:
    """One signature of something that lies elsewhere, with the certificates that came along."""

    certificates: tuple[bytes, ...]
    digest: str
    algorithm: Algorithm
    attributes: bytes | None
    """What was signed instead of the content, whose hash is among it; DER."""
    content_hash: bytes | None
    made_at: datetime | None
    issuer: bytes | None
    """With `serial` or `key_id` it says whose certificate among them is meant."""
    serial: int
    key_id: bytes | None
    blob: bytes
    """What the key wrote."""


@asn1.sequence
class _Content:
    kind: ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class _Digest:
    """A hash; whether its parameters are said or left out means the same: RFC 5754, section 2."""

    kind: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Elsewhere:
    """What the signature is of; that it lies elsewhere is what git wants."""

    kind: ObjectIdentifier


@asn1.sequence
class _Signer:
    version: int
    name: asn1.TLV
    digest: _Digest
    attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    algorithm: list[asn1.TLV]
    signature: bytes
    unsigned: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class _SignedData:
    version: int
    digests: asn1.SetOf[_Digest]
    content: _Elsewhere
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    revocations: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[_Signer]


@asn1.sequence
class _Attribute:
    kind: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _IssuerAndSerial:
    issuer: asn1.TLV
    serial: int


def parse(text: bytes) -> CmsSignature:
    """The one signature in an armoured text, without checking it.

    Errors:
        MalformedSignatureError: it is none, or several.
    """
    try:
        content = asn1.decode_der(_Content, definite(_unarmoured(text)))
        if content.kind.dotted_string != SIGNED_DATA:
            raise MalformedSignatureError
        data = content.content.parse(_SignedData)
        (signer,) = data.signers.as_list()
        return _read(data, signer)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
        raise MalformedSignatureError from error


def definite(data: bytes) -> bytes:
    """The same with every length in front of what it is of.

    Errors:
        ValueError: it is too deep, or ends too early or too late.
    """
    whole, end = _definite(data, 0, 0)
    if end != len(data):
        raise ValueError("There is more behind it.")
    return whole


def _read(data: _SignedData, signer: _Signer) -> CmsSignature:
    certificates = [_whole(each) for each in data.certificates or ()]
    if len(certificates) > MOST_CERTIFICATES or data.content.kind.dotted_string != PLAIN_DATA:
        raise MalformedSignatureError
    digest = signer.digest.kind.dotted_string
    if digest not in {each.kind.dotted_string for each in data.digests.as_list()}:
        raise MalformedSignatureError
    facts = _attributes(signer.attributes)
    if signer.attributes is not None:
        kind = facts[CONTENT_TYPE].parse(ObjectIdentifier)
        if kind.dotted_string != PLAIN_DATA or MESSAGE_DIGEST not in facts:
            raise MalformedSignatureError
    issuer, serial, key_id = _name(signer.name)
    version = BY_ISSUER if key_id is None else BY_KEY_ID
    # Nobody signs these numbers; with others a changed signature would be as good as the first.
    if signer.version != version or data.version not in (BY_ISSUER, BY_KEY_ID):
        raise MalformedSignatureError
    return CmsSignature(
        certificates=tuple(certificates),
        digest=digest,
        algorithm=algorithm_of(signer.algorithm),
        # Signed is the set in DER, under its own tag: RFC 5652, section 5.4.
        attributes=None
        if signer.attributes is None
        else asn1.encode_der(asn1.SetOf(signer.attributes)),
        content_hash=facts[MESSAGE_DIGEST].parse(bytes) if MESSAGE_DIGEST in facts else None,
        made_at=_time(facts[SIGNING_TIME]) if SIGNING_TIME in facts else None,
        issuer=issuer,
        serial=serial,
        key_id=key_id,
        blob=signer.signature,
    )


def algorithm_of(parts: list[asn1.TLV]) -> Algorithm:
    """An AlgorithmIdentifier.

    Errors:
        ValueError: it is none.
    """
    name, *others = parts
    if len(others) > 1:
        raise ValueError("An algorithm has at most one parameter.")
    parameters = _whole(others[0]) if others else None
    return Algorithm(name.parse(ObjectIdentifier).dotted_string, parameters)


def _attributes(listed: list[asn1.TLV] | None) -> dict[str, asn1.TLV]:
    """The value of each attribute, which says one thing once."""
    found: dict[str, asn1.TLV] = {}
    for each in listed or ():
        attribute = each.parse(_Attribute)
        name = attribute.kind.dotted_string
        if name in found:
            raise MalformedSignatureError
        if name in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME):
            (found[name],) = attribute.values.as_list()
    return found


def _time(value: asn1.TLV) -> datetime:
    form = asn1.UTCTime if value.tag_bytes == UTC_TIME else asn1.GeneralizedTime
    at: datetime = value.parse(form).as_datetime()
    return at


def _name(name: asn1.TLV) -> tuple[bytes | None, int, bytes | None]:
    """Issuer and serial number, or the key's id: how the signer's certificate is named."""
    if name.tag_bytes == SEQUENCE:
        named = name.parse(_IssuerAndSerial)
        return _whole(named.issuer), named.serial, None
    if name.tag_bytes == CHOICE_0:
        return None, 0, bytes(name.data)
    raise MalformedSignatureError


def _whole(element: asn1.TLV) -> bytes:
    return bytes(element.tag_bytes) + _length(len(element.data)) + bytes(element.data)


def _definite(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
    """The element that begins at `at`, and where it ends."""
    tag, length = data[at : at + 1], data[at + 1]
    if depth > DEEPEST or not tag:
        raise ValueError("It is too deep.")
    if length == OPEN_LENGTH:
        parts, place = [], at + 2
        while data[place : place + 2] != END:
            part, place = _definite(data, place, depth + 1)
            parts.append(part)
        body = b"".join(parts)
        return tag + _length(len(body)) + body, place + 2
    start = at + 2
    if length > OPEN_LENGTH:
        if length - OPEN_LENGTH > LONGEST_LENGTH:
            raise ValueError("It says to be too long.")
        start += length - OPEN_LENGTH
        length = int.from_bytes(data[at + 2 : start], "big")
    if start + length > len(data):
        raise ValueError("It ends too early.")
    return data[at : start + length], start + length


def _length(size: int) -> bytes:
    if size < OPEN_LENGTH:
        return bytes([size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([OPEN_LENGTH | len(digits)]) + digits


def _unarmoured(text: bytes) -> bytes:
    text = text.strip()
    if not text.startswith(BEGINNING) or not text.endswith(ENDING):
        raise MalformedSignatureError
    body = text[len(BEGINNING) : -len(ENDING)]
    return b64decode(b"".join(body.split()), validate=True)
