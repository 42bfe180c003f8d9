"""Whether X.509 signatures count: a chain to an authority that is trusted, and whose address it is.

What an authority's certificates have signed is checked once for a signature and a state of all
authorities, and remembered; whose an address is and whether a list of revocations is still current
is asked each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from cryptography import x509

from appliance.access.gate import open_to_everyone
from appliance.db.signing_keys import X509Authority
from appliance.db.users import EmailAddress, User
from appliance.domain.names import fold
from appliance.domain.signatures import Finding, SignatureForm
from appliance.security import x509_signatures
from appliance.security.x509_signatures import Authority, Judged
from appliance.services.answers import Remembered
from appliance.services.signed_claims import Checked, Claim

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.security.cms import CmsSignature

FORM = SignatureForm.X509
_JUDGED: Remembered[bytes, Judged] = Remembered()
_LISTS: Remembered[str, x509.CertificateRevocationList] = Remembered()
"""Lists by their digest: reading a large one takes a while."""


@dataclass(frozen=True)
class Trusted:
    """Every authority as it is now, and what tells this state from any other."""

    authorities: tuple[Authority, ...]
    mark: bytes


@dataclass(frozen=True)
class Owner:
    """Whose an address is."""

    name: str
    id: UUID


@open_to_everyone(because="who may read what is signed may know who has signed it")
def check(work: UnitOfWork, read: Mapping[str, tuple[Claim, CmsSignature]]) -> dict[str, Checked]:
    """What comes of checking some signatures: three questions to the database, however many."""
    if not read:
        return {}
    trusted = _trusted(work)
    judged = {name: _judged(claim, signature, trusted) for name, (claim, signature) in read.items()}
    owners = _owners(work, {each for found in judged.values() for each in found.addresses})
    return {
        name: _checked(judged[name], claim, signature.made_at, owners, work.begun_at)
        for name, (claim, signature) in read.items()
    }


def _trusted(work: UnitOfWork) -> Trusted:
    rows = work.session.execute(
        sa.select(
            X509Authority.id,
            X509Authority.certificate,
            X509Authority.fingerprint,
            X509Authority.revocations_digest,
        ).order_by(X509Authority.id)
    ).all()
    mark = hashlib.sha256()
    found = []
    for row in rows:
        mark.update(f"{row.fingerprint} {row.revocations_digest}\n".encode())
        found.append(
            Authority(
                x509.load_der_x509_certificate(row.certificate),
                _revocations(work, row.id, row.revocations_digest),
            )
        )
    return Trusted(tuple(found), mark.digest())


def _revocations(
    work: UnitOfWork, authority_id: UUID, digest: str | None
) -> x509.CertificateRevocationList | None:
    if digest is None:
        return None
    known = _LISTS.get(digest)
    if known is None:
        query = sa.select(X509Authority.revocations).where(X509Authority.id == authority_id)
        known = x509.load_der_x509_crl(work.session.scalars(query).one() or b"")
        _LISTS.keep(digest, known)
    return known


def _judged(claim: Claim, signature: CmsSignature, trusted: Trusted) -> Judged:
    at = signature.made_at or claim.made_at
    digest = hashlib.sha256(trusted.mark)
    for part in (claim.signed.signature, claim.signed.payload, at.isoformat().encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    known = _JUDGED.get(digest.digest())
    if known is None:
        payload = claim.signed.payload
        known = x509_signatures.judge(signature, payload, trusted=trusted.authorities, at=at)
        _JUDGED.keep(digest.digest(), known)
    return known


def _owners(work: UnitOfWork, addresses: Collection[str]) -> dict[str, Owner]:
    """Whose the addresses are, of those that somebody has vouched for."""
    query = (
        sa.select(EmailAddress.address_key, User.name, User.id)
        .join(User, User.id == EmailAddress.user_id)
        .where(
            EmailAddress.address_key.in_({fold(each) for each in addresses}),
            EmailAddress.is_verified.is_(True),
        )
    )
    return {key: Owner(name, user_id) for key, name, user_id in work.session.execute(query)}


def _checked(
    judged: Judged,
    claim: Claim,
    signed_at: datetime | None,
    owners: Mapping[str, Owner],
    now: datetime,
) -> Checked:
    named = {fold(each) for each in judged.addresses}
    found = {owner for key, owner in owners.items() if key in named}
    if claim.address is not None:
        key = fold(claim.address)
        found = {owners[key]} if key in named and key in owners else set()
    finding = judged.finding
    if finding is Finding.VERIFIED and judged.lists_until and judged.lists_until < now:
        finding = Finding.REVOCATION_UNKNOWN
    elif finding is Finding.VERIFIED and len(found) != 1:
        finding = Finding.OTHER_ADDRESS
    # Whose a certificate is that nobody here stands for, only its maker says.
    owner = found.pop() if len(found) == 1 and finding in OWNED else None
    return Checked(
        finding,
        FORM,
        judged.fingerprint,
        owner.name if owner else "",
        owner.id if owner else None,
        signed_at,
    )


OWNED = (Finding.VERIFIED, Finding.REVOCATION_UNKNOWN, Finding.REVOKED_KEY)
