"""Judges a CMS signature: the content, the key, the chain to a trusted authority, revocation.

Signatures and chains are checked by `cryptography`. What it does not know of mail certificates is
asked here: what the certificate is for, and which addresses it names.
Sources: RFC 5652, section 5.6; RFC 8550, section 4, for certificates of people; RFC 5280, sections
5.3.1 and 6, for revocation and chains; RFC 8419 for Ed25519.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from appliance.domain.signatures import Finding
from appliance.security.cms import Algorithm, CmsSignature
from appliance.security.cms_padding import pss_hash

Hashes = dict[str, type[hashes.HashAlgorithm] | None]

SMALLEST_RSA_BITS = 2048
"""What cards of companies hold. NIST SP 800-131A: acceptable."""
DEEPEST_CHAIN = 4
DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}
# Which hash an algorithm says by its name; none: the one that the content was hashed with.
RSA_HASHES: Hashes = {
    "1.2.840.113549.1.1.1": None,
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
}
RSA_PSS = "1.2.840.113549.1.1.10"
EC_HASHES: Hashes = {
    "1.2.840.10045.2.1": None,
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
}
ED25519 = "1.3.101.112"
UNREADABLE = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""How a certificate fails that says nonsense of itself."""
CURVES = ("secp256r1", "secp384r1", "secp521r1")
PURPOSES = (
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ExtendedKeyUsageOID.CODE_SIGNING,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
)
UNDERSTOOD = (
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.CERTIFICATE_POLICIES,
)
MERELY_ENDED = (
    x509.ReasonFlags.superseded,
    x509.ReasonFlags.cessation_of_operation,
    x509.ReasonFlags.affiliation_changed,
)
"""Reasons after which what was signed before stays good: nobody else has had the key."""
CA_POLICY = (
    verification.ExtensionPolicy.webpki_defaults_ca()
    .may_be_present(x509.SubjectKeyIdentifier, verification.Criticality.AGNOSTIC, None)
    .may_be_present(x509.AuthorityKeyIdentifier, verification.Criticality.AGNOSTIC, None)
)
PERSON_POLICY = verification.ExtensionPolicy.permit_all()


@dataclass(frozen=True)
class Authority:
    """A certificate that is trusted, and its list of those that no longer count."""

    certificate: x509.Certificate
    revocations: x509.CertificateRevocationList | None


@dataclass(frozen=True)
class Judged:
    """What is to be said of a signature, and of the certificate that it names."""

    finding: Finding
    fingerprint: str = ""
    """SHA-256 of the certificate, in hex."""
    addresses: frozenset[str] = frozenset()
    """The e-mail addresses that it names, as they stand in it."""
    lists_until: datetime | None = None
    """When the first of the lists of revocations that were asked goes out of date."""
    is_beside: bool = False
    """It counts by an authority beside the trusted ones, and by none of these."""


class _RefusedError(Exception):
    """The signature does not count. Its argument is the finding."""


def judge(
    signature: CmsSignature,
    payload: bytes,
    *,
    trusted: Sequence[Authority],
    beside: Sequence[Authority] = (),
    at: datetime,
) -> Judged:
    """What is to be said of a signature that was made at this time.

    Authorities `beside` the trusted ones are asked where those know nothing of the certificate;
    what either have revoked counts by none.
    """
    fingerprint, addresses, is_beside = "", frozenset[str](), False
    try:
        brought = [x509.load_der_x509_certificate(each) for each in signature.certificates]
        certificate = _signer(signature, brought)
        fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
        addresses = addresses_of(certificate)
        _insist_on_content(signature, certificate, payload)
        _insist_on_purpose(certificate)
        chain, is_beside = _either_chain(certificate, brought, trusted, beside, at)
        lists_until = _insist_on_standing(chain, [*trusted, *beside], at)
    except _RefusedError as refusal:
        return Judged(refusal.args[0], fingerprint, addresses, is_beside=is_beside)
    except UNREADABLE:
        return Judged(Finding.MALFORMED, fingerprint)
    except UnsupportedAlgorithm:
        return Judged(Finding.UNSUPPORTED, fingerprint)
    return Judged(Finding.VERIFIED, fingerprint, addresses, lists_until, is_beside)


def addresses_of(certificate: x509.Certificate) -> frozenset[str]:
    """The e-mail addresses that a certificate names: in its alternative names, or else its subject.

    Source: RFC 8550, section 3.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = names.get_values_for_type(x509.RFC822Name)
    except x509.ExtensionNotFound:
        found = []
    subject = certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
    return frozenset(found or [str(each.value) for each in subject])


def _signer(signature: CmsSignature, brought: Sequence[x509.Certificate]) -> x509.Certificate:
    named = [each for each in brought if _is_named(signature, each)]
    if len(named) != 1:
        raise _RefusedError(Finding.MALFORMED if named else Finding.UNKNOWN_KEY)
    return named[0]


def _is_named(signature: CmsSignature, certificate: x509.Certificate) -> bool:
    if signature.issuer is not None:
        issuer = certificate.issuer.public_bytes()
        return (issuer, certificate.serial_number) == (signature.issuer, signature.serial)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return False
    return found.value.digest == signature.key_id


def _insist_on_content(
    signature: CmsSignature, certificate: x509.Certificate, payload: bytes
) -> None:
    digest = DIGESTS.get(signature.digest)
    if digest is None:
        raise _RefusedError(Finding.UNSUPPORTED)
    signed = payload
    if signature.attributes is not None:
        content = hashes.Hash(digest())
        content.update(payload)
        if content.finalize() != signature.content_hash:
            raise _RefusedError(Finding.BAD_SIGNATURE)
        signed = signature.attributes
    try:
        _insist_on_key(certificate, signature, digest, signed)
    except InvalidSignature as error:
        raise _RefusedError(Finding.BAD_SIGNATURE) from error


def _insist_on_key(
    certificate: x509.Certificate,
    signature: CmsSignature,
    digest: type[hashes.HashAlgorithm],
    signed: bytes,
) -> None:
    key, algorithm = certificate.public_key(), signature.algorithm
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA_BITS:
        key.verify(signature.blob, signed, *_rsa(algorithm, digest))
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        hash_ = _named_hash(EC_HASHES, algorithm, digest)
        key.verify(signature.blob, signed, ec.ECDSA(hash_()))
    elif isinstance(key, ed25519.Ed25519PublicKey) and algorithm.name == ED25519:
        key.verify(signature.blob, signed)
    else:
        raise _RefusedError(Finding.UNSUPPORTED)


def _rsa(
    algorithm: Algorithm, digest: type[hashes.HashAlgorithm]
) -> tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]:
    if algorithm.name != RSA_PSS:
        return padding.PKCS1v15(), _named_hash(RSA_HASHES, algorithm, digest)()
    hash_ = DIGESTS.get(pss_hash(algorithm.parameters))
    if hash_ is None:
        raise _RefusedError(Finding.UNSUPPORTED)
    return padding.PSS(padding.MGF1(hash_()), padding.PSS.AUTO), hash_()


def _named_hash(
    hashes_of: Hashes,
    algorithm: Algorithm,
    digest: type[hashes.HashAlgorithm],
) -> type[hashes.HashAlgorithm]:
    if algorithm.name not in hashes_of:
        raise _RefusedError(Finding.UNSUPPORTED)
    return hashes_of[algorithm.name] or digest


def _insist_on_purpose(certificate: x509.Certificate) -> None:
    """Go on only with a certificate by which somebody may sign."""
    may_sign, purposes = True, None
    for extension in certificate.extensions:
        value = extension.value
        if extension.critical and extension.oid not in UNDERSTOOD:
            raise _RefusedError(Finding.UNSUPPORTED)
        if isinstance(value, x509.KeyUsage):
            may_sign = value.digital_signature or value.content_commitment
        elif isinstance(value, x509.ExtendedKeyUsage):
            purposes = set(value)
        elif isinstance(value, x509.BasicConstraints) and value.ca:
            may_sign = False
    if not may_sign or (purposes is not None and purposes.isdisjoint(PURPOSES)):
        raise _RefusedError(Finding.WRONG_USAGE)


def _either_chain(
    certificate: x509.Certificate,
    brought: Sequence[x509.Certificate],
    trusted: Sequence[Authority],
    beside: Sequence[Authority],
    at: datetime,
) -> tuple[list[x509.Certificate], bool]:
    """A chain to a trusted authority, or else to one beside them; and whether it is the latter."""
    try:
        return _chain(certificate, brought, trusted, at), False
    except _RefusedError:
        if not beside:
            raise
    return _chain(certificate, brought, [*trusted, *beside], at), True


def _chain(
    certificate: x509.Certificate,
    brought: Sequence[x509.Certificate],
    trusted: Sequence[Authority],
    at: datetime,
) -> list[x509.Certificate]:
    """The certificate, and up to a trusted one those that stand for it."""
    anchors = [each.certificate for each in trusted]
    if not anchors:
        raise _RefusedError(Finding.UNTRUSTED_AUTHORITY)
    # One of each name and key, so that looking for a chain cannot branch.
    others = {_identity(each): each for each in brought if each != certificate}
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(anchors))
        .time(at.astimezone(UTC).replace(tzinfo=None))
        .max_chain_depth(DEEPEST_CHAIN)
        .extension_policies(ca_policy=CA_POLICY, ee_policy=PERSON_POLICY)
        .build_client_verifier()
    )
    try:
        return list(verifier.verify(certificate, list(others.values())).chain)
    except verification.VerificationError as error:
        finding = _why_not(certificate, [*others.values(), *anchors], at)
        raise _RefusedError(finding) from error


def _why_not(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], at: datetime
) -> Finding:
    """Ended, weak or unknown: what can be seen of those that name each other."""
    above = [each for each in others if _has_issued(each, certificate)]
    if not (_holds(certificate, at) and all(_holds(each, at) for each in above)):
        return Finding.EXPIRED_KEY if above else Finding.UNTRUSTED_AUTHORITY
    if above and any(_is_weak(each) for each in (certificate, *above)):
        return Finding.UNSUPPORTED
    return Finding.UNTRUSTED_AUTHORITY


def _insist_on_standing(
    chain: Sequence[x509.Certificate], trusted: Sequence[Authority], at: datetime
) -> datetime | None:
    """Go on only if nobody above has revoked a link; gives until when their lists say so."""
    until: list[datetime] = []
    for link, above in (*itertools.pairwise(chain), *_above_the_last(chain[-1], trusted)):
        for authority in trusted:
            if authority.revocations is None or _identity(authority.certificate) != _identity(
                above
            ):
                continue
            revoked = authority.revocations.get_revoked_certificate_by_serial_number(
                link.serial_number
            )
            if revoked is not None and _counts(revoked, at):
                raise _RefusedError(Finding.REVOKED_KEY)
            if (ends_at := authority.revocations.next_update_utc) is not None:
                until.append(ends_at)
    return min(until, default=None)


def _above_the_last(
    last: x509.Certificate, trusted: Sequence[Authority]
) -> list[tuple[x509.Certificate, x509.Certificate]]:
    """The authority with which a chain ends, and trusted ones above, which may have revoked it."""
    return [
        (last, each.certificate)
        for each in trusted
        if each.certificate.subject == last.issuer
        and each.certificate != last
        and _has_issued(each.certificate, last)
    ]


def _counts(revoked: x509.RevokedCertificate, at: datetime) -> bool:
    try:
        reason = revoked.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = x509.ReasonFlags.unspecified
    return reason not in MERELY_ENDED or at >= revoked.revocation_date_utc


def _identity(certificate: x509.Certificate) -> tuple[bytes, bytes]:
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.subject.public_bytes(), key


def _has_issued(above: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _holds(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _is_weak(certificate: x509.Certificate) -> bool:
    key, hash_ = certificate.public_key(), certificate.signature_hash_algorithm
    is_short = isinstance(key, rsa.RSAPublicKey) and key.key_size < SMALLEST_RSA_BITS
    return is_short or not isinstance(hash_, tuple(DIGESTS.values()))
