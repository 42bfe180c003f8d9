"""Time stamps of somebody else's clock: RFC 3161. No network here; bytes in, bytes out."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from appliance.domain.foreign_words import cleaned
from appliance.errors import DamagedError, InvalidError, sentence
from appliance.late import Late

if TYPE_CHECKING:
    import rfc3161_client as tsp
else:
    tsp = Late("rfc3161_client")

LARGEST = 64 * 1024
LONGEST_NAME = 300
"""Of an authority; what is longer is cut."""
SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
REQUEST_TYPE = "application/timestamp-query"
ANSWER_TYPE = "application/timestamp-reply"
CERTIFICATES = 0xA0
LONG = 0x80
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@dataclass(frozen=True)
class Question:
    """What an authority is asked: to stamp the SHA-256 of something."""

    data: bytes
    nonce: int | None


@dataclass(frozen=True)
class Stamp:
    """What an authority's answer says. Believe it only after `insist`."""

    data: bytes
    digest: bytes
    """The SHA-256 of what was stamped."""
    at: datetime
    authority: str
    """The subject of the certificate that signed it, or its issuer where that is not there."""
    nonce: int | None


def question(content: bytes) -> Question:
    """What to ask an authority about some bytes; the certificate is asked for too."""
    builder = tsp.TimestampRequestBuilder(
        data=content, hash_algorithm=tsp.HashAlgorithm.SHA256, nonce=True, cert_req=True
    )
    made = builder.build()
    return Question(made.as_bytes(), made.nonce)


def read(data: bytes) -> Stamp:
    """What an authority's answer says.

    Errors:
        InvalidError: it is none, it says no, or it is about another hash than SHA-256.
    """
    found = _decoded(data)
    if found.status != tsp.PKIStatus.GRANTED.value:
        words = ", ".join(str(each) for each in found.status_string) or str(found.status)
        raise _invalid(
            sentence("The authority refuses to stamp it: %(words)s.", words=cleaned(words))
        )
    try:
        info = found.tst_info
        imprint, at, nonce = info.message_imprint, info.gen_time, info.nonce
        authority = _authority(found)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise _invalid(sentence("This is no time stamp.")) from error
    if imprint.hash_algorithm != SHA256:
        raise _invalid(sentence("The stamp is about another hash than SHA-256."))
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Stamp(data, bytes(imprint.message), aware, authority, nonce)


def roots(pem: bytes) -> list[x509.Certificate]:
    """The certificates in a PEM file.

    Errors:
        InvalidError: there is none, or one cannot be read.
    """
    found = []
    for text in PEM.findall(pem):
        try:
            found.append(x509.load_der_x509_certificate(base64.b64decode(text)))
        except (ValueError, binascii.Error) as error:
            raise _invalid(sentence("A certificate cannot be read: %(why)s.", why=error)) from error
    if not found:
        raise _invalid(sentence("There is no certificate in the file."))
    return found


def insist(stamp: Stamp, content: bytes, trusted: list[x509.Certificate]) -> None:
    """Go on only if an authority below one of the trusted certificates stamped this content.

    Its certificate must have been good at the time of the stamp; it may have ended since.

    Errors:
        DamagedError: it is not so.
    """
    if stamp.digest != sha256(content):
        raise DamagedError(sentence("The stamp is about something else."))
    builder = tsp.VerifierBuilder()
    for each in trusted:
        builder = builder.add_root_certificate(each)
    try:
        builder.build().verify(_decoded(stamp.data), stamp.digest)
    except (tsp.VerificationError, ValueError) as error:
        raise DamagedError(
            sentence("The stamp is not by a trusted authority: %(why)s.", why=cleaned(str(error)))
        ) from error


def sha256(content: bytes) -> bytes:
    """The hash that is stamped."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(content)
    return digest.finalize()


def _decoded(data: bytes) -> tsp.TimeStampResponse:
    if len(data) > LARGEST:
        raise _invalid(sentence("A time stamp has at most %(most)s bytes.", most=LARGEST))
    try:
        return tsp.decode_timestamp_response(_sorted_certificates(data))
    except (ValueError, TypeError) as error:
        raise _invalid(sentence("This is no answer of a time-stamping authority.")) from error


def _authority(found: tsp.TimeStampResponse) -> str:
    (signer,) = found.signed_data.signer_infos
    for each in found.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(each)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            return cleaned(certificate.subject.rfc4514_string(), LONGEST_NAME)
    return cleaned(signer.issuer.rfc4514_string(), LONGEST_NAME)


def _invalid(words: str) -> InvalidError:
    return InvalidError.of("token", words)


def _sorted_certificates(data: bytes) -> bytes:
    """The same with its certificates in the order of DER, which OpenSSL's answers do not keep.

    They are not part of what is signed, and whoever reads strictly would refuse such an answer.
    Source: RFC 5652, section 5.1 (SignedData); X.690, section 11.6.
    """
    try:
        (answer,) = _elements(data, 0, len(data))
        _, token = _elements(data, *answer[1:])
        _, content = _elements(data, *token[1:])
        (signed,) = _elements(data, *content[1:])
        some = next(each for each in _elements(data, *signed[1:]) if data[each[0]] == CERTIFICATES)
        parts = [data[start:end] for start, _, end in _elements(data, *some[1:])]
    except (ValueError, IndexError, StopIteration):
        return data
    return data[: some[1]] + b"".join(sorted(parts)) + data[some[2] :]


def _elements(data: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """Where the elements of DER between two places begin, where their content does, and end."""
    found = []
    while start < end:
        size, content = data[start + 1], start + 2
        if size & LONG:
            content += size & ~LONG
            size = int.from_bytes(data[start + 2 : content], "big")
        if content + size > end:
            raise ValueError("an element that ends after what it is in")
        found.append((start, content, content + size))
        start = content + size
    return found
