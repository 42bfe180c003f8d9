"""Certificates of authorities, their lists of revocations, and signatures by which people show that
a certificate is theirs, as somebody uploads them.

Source: RFC 5280, sections 4.2.1.9 and 5; RFC 7468, sections 8 and 9, for what texts are called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.domain.foreign_words import cleaned
from appliance.errors import InvalidError, sentence
from appliance.security import cms
from appliance.security.cms import CmsSignature
from appliance.security.x509_signatures import (
    CURVES,
    DIGESTS,
    SMALLEST_RSA_BITS,
    UNREADABLE,
    addresses_of,
)

LARGEST_CERTIFICATE = 64 * 1024
LARGEST_LIST = 8 * 1024 * 1024
"""Some 200,000 revoked certificates."""
PEM = b"-----BEGIN "
CERTIFICATE, LIST, SIGNATURE = "certificate", "revocations", "signature"
LARGEST_SIGNATURE = 64 * 1024
LABEL = re.compile(rb"(-----(?:BEGIN|END) )(?:CMS|PKCS7)(-----)")
"""What openssl calls that which gpgsm calls a signed message."""


@dataclass(frozen=True)
class AuthorityFile:
    """A certificate by which others are signed."""

    blob: bytes
    fingerprint: str
    subject: str
    ends_at: datetime


@dataclass(frozen=True)
class RevocationFile:
    """A list of certificates that no longer count."""

    blob: bytes
    count: int
    made_at: datetime
    until: datetime | None


@dataclass(frozen=True)
class PersonFile:
    """A certificate by which somebody signs."""

    blob: bytes
    fingerprint: str
    subject: str
    addresses: frozenset[str]
    ends_at: datetime


def authority(data: bytes, *, now: datetime) -> AuthorityFile:
    """The one certificate in a file, PEM or DER.

    Errors:
        InvalidError: it is none, or none of an authority, or weak, or over.
    """
    certificate = _certificate(data)
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        is_authority = constraints.ca
    except (x509.ExtensionNotFound, *UNREADABLE):
        is_authority = False
    if not is_authority:
        raise _invalid(
            CERTIFICATE,
            sentence("This is not a CA certificate: it may not sign other certificates."),
        )
    if not _is_strong(certificate):
        raise _invalid(
            CERTIFICATE,
            sentence("Its key is too weak. An authority has RSA of 2048 bits or more, or ECDSA."),
        )
    if certificate.not_valid_after_utc <= now:
        raise _invalid(CERTIFICATE, sentence("This certificate has expired."))
    return AuthorityFile(
        blob=certificate.public_bytes(Encoding.DER),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        subject=cleaned(certificate.subject.rfc4514_string()),
        ends_at=certificate.not_valid_after_utc,
    )


def revocations(data: bytes, *, by: bytes) -> RevocationFile:
    """The list in a file, PEM or DER, if the authority of this certificate has signed it.

    Errors:
        InvalidError: it is none, of somebody else, weak, or only a part.
    """
    found = _list(data)
    issuer = x509.load_der_x509_certificate(by)
    try:
        is_its_own = found.issuer == issuer.subject and found.is_signature_valid(
            issuer.public_key()  # type: ignore[arg-type]  # Only strong keys are trusted.
        )
        hash_ = found.signature_hash_algorithm
    except (UnsupportedAlgorithm, *UNREADABLE):
        is_its_own, hash_ = False, None
    if not is_its_own:
        raise _invalid(LIST, sentence("This list is not signed by this authority."))
    if not isinstance(hash_, tuple(DIGESTS.values())):
        raise _invalid(LIST, sentence("The list is signed with an algorithm that is too weak."))
    if _is_part(found):
        raise _invalid(LIST, sentence("This is only part of a list. Upload the complete one."))
    return RevocationFile(
        blob=found.public_bytes(Encoding.DER),
        count=len(found),
        made_at=found.last_update_utc,
        until=found.next_update_utc,
    )


def detached(text: bytes) -> CmsSignature:
    """The signature in a text, by which somebody shows that they have a certificate's key.

    Errors:
        InvalidError: it is none, or several.
    """
    if len(text) > LARGEST_SIGNATURE:
        raise _invalid(SIGNATURE, sentence("This is too long for one signature."))
    if b"PRIVATE KEY" in text:
        raise _invalid(
            SIGNATURE, sentence("There is a private key in this text. Send only the signature.")
        )
    try:
        return cms.parse(LABEL.sub(rb"\1SIGNED MESSAGE\2", text))
    except cms.MalformedSignatureError as error:
        raise _invalid(
            SIGNATURE,
            sentence(
                "This is not a detached signature in PEM. “gpgsm --detach-sign --armor” writes one."
            ),
        ) from error


def person(blob: bytes) -> PersonFile:
    """A certificate in DER that is known to be readable."""
    certificate = x509.load_der_x509_certificate(blob)
    return PersonFile(
        blob=blob,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        subject=cleaned(certificate.subject.rfc4514_string()),
        addresses=addresses_of(certificate),
        ends_at=certificate.not_valid_after_utc,
    )


def _certificate(data: bytes) -> x509.Certificate:
    if len(data) > LARGEST_CERTIFICATE:
        raise _invalid(CERTIFICATE, sentence("This is too long for one certificate."))
    if b"PRIVATE KEY" in data:
        raise _invalid(
            CERTIFICATE,
            sentence("There is a private key in this file. Upload only the certificate."),
        )
    try:
        if PEM not in data:
            return x509.load_der_x509_certificate(data)
        found = x509.load_pem_x509_certificates(data)
    except UNREADABLE as error:
        raise _invalid(
            CERTIFICATE, sentence("This is not a certificate. PEM and DER are accepted.")
        ) from error
    if len(found) != 1:
        raise _invalid(CERTIFICATE, sentence("Upload one certificate at a time."))
    return found[0]


def _list(data: bytes) -> x509.CertificateRevocationList:
    if len(data) > LARGEST_LIST:
        raise _invalid(LIST, sentence("The list is too large: 8 MiB at most."))
    try:
        return x509.load_pem_x509_crl(data) if PEM in data else x509.load_der_x509_crl(data)
    except UNREADABLE as error:
        raise _invalid(
            LIST, sentence("This is not a certificate revocation list. PEM and DER are accepted.")
        ) from error


def _is_strong(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= SMALLEST_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES


def _is_part(found: x509.CertificateRevocationList) -> bool:
    """Whether there are others to look at for the same certificates."""
    for extension in found.extensions:
        value = extension.value
        if isinstance(value, x509.DeltaCRLIndicator):
            return True
        if isinstance(value, x509.IssuingDistributionPoint):
            return bool(
                value.indirect_crl
                or value.only_some_reasons
                or value.only_contains_ca_certs
                or value.only_contains_attribute_certs
            )
    return False


def _invalid(field: str, words: str) -> InvalidError:
    return InvalidError.of(field, words)
