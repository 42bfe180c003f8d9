"""Whether X.509 signatures count: a chain to an authority that is trusted, and whose address it is.

For whom a certificate may speak:

- One that nobody has registered speaks for each address that it names, where that is vouched for as
  somebody's here.
- One that a user has registered speaks for that user alone: for those of their verified addresses
  that it names, and where it names none, for each of them.
- One that counts by an authority of an organisation speaks in that organisation's repositories, and
  for its members only.

What an authority's certificates have signed is checked once for a signature and a state of all
authorities, and remembered; whose an address is and whether a list of revocations is still current
is asked each time.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from cryptography import x509

from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.organisations import Membership
from appliance.db.signing_keys import OrganisationX509Authority, X509Authority, X509Certificate
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
REMEMBERED_BYTES = 64 * 1024 * 1024
_LISTS: Remembered[str, x509.CertificateRevocationList] = Remembered(REMEMBERED_BYTES)
"""Lists by their digest: reading a large one takes a while."""


@dataclass(frozen=True)
class Trusted:
    """Every authority as it is now, and what tells this state from any other."""

    authorities: tuple[Authority, ...]
    mark: bytes


@dataclass(frozen=True)
class Owner:
    """Whose an address or a certificate is."""

    name: str
    id: UUID


@dataclass(frozen=True)
class Holder:
    """Who has registered a certificate, and the addresses that are vouched for as theirs."""

    owner: Owner
    addresses: frozenset[str]


@dataclass(frozen=True)
class Known:
    """Whom the certificates of some signatures may speak for."""

    by_address: Mapping[str, Owner]
    by_certificate: Mapping[str, Holder]
    members: AbstractSet[UUID]
    """Those of them who belong to the organisation whose authorities were asked."""


@open_to_everyone(because="who may read what is signed may know who has signed it")
def check(
    work: UnitOfWork,
    read: Mapping[str, tuple[Claim, CmsSignature]],
    *,
    organisation_id: UUID | None = None,
) -> dict[str, Checked]:
    """What comes of checking some signatures: a few questions to the database, however many."""
    if not read:
        return {}
    trusted = _trusted(work, X509Authority)
    beside = NONE
    if organisation_id is not None:
        its = OrganisationX509Authority.organisation_id == organisation_id
        beside = _trusted(work, OrganisationX509Authority, its)
    judged = {
        name: _judged(claim, signature, trusted, beside)
        for name, (claim, signature) in read.items()
    }
    known = _known(work, judged.values(), organisation_id)
    return {
        name: _checked(judged[name], claim, signature.made_at, known, work.begun_at)
        for name, (claim, signature) in read.items()
    }


@open_to_everyone(because="`x509_certificates` has asked who it is")
def at_first_sight(
    work: UnitOfWork,
    signature: CmsSignature,
    payloads: Iterable[bytes],
    user_id: UUID,
    *,
    now: datetime,
) -> Judged:
    """What is to be said of a signature that a user brings now, of one of these contents, by the
    authorities of the appliance and of the organisations that they are a member of.
    """
    their = sa.select(Membership.organisation_id).where(Membership.user_id == user_id)
    in_theirs = OrganisationX509Authority.organisation_id.in_(their)
    trusted = _trusted(work, X509Authority).authorities
    beside = _trusted(work, OrganisationX509Authority, in_theirs).authorities
    judged = Judged(Finding.BAD_SIGNATURE)
    for payload in payloads:
        judged = x509_signatures.judge(signature, payload, trusted=trusted, beside=beside, at=now)
        if judged.finding is not Finding.BAD_SIGNATURE:
            break
    if judged.finding is Finding.VERIFIED and judged.lists_until and judged.lists_until < now:
        return dataclasses.replace(judged, finding=Finding.REVOCATION_UNKNOWN)
    return judged


NONE = Trusted((), b"")


def _trusted(
    work: UnitOfWork,
    table: type[X509Authority | OrganisationX509Authority],
    *conditions: sa.ColumnElement[bool],
) -> Trusted:
    rows = work.session.execute(
        sa.select(table.id, table.certificate, table.fingerprint, table.revocations_digest)
        .where(*conditions)
        .order_by(table.id)
    ).all()
    mark = hashlib.sha256()
    found = []
    for row in rows:
        mark.update(f"{row.fingerprint} {row.revocations_digest}\n".encode())
        found.append(
            Authority(
                x509.load_der_x509_certificate(row.certificate),
                _revocations(work, table, row.id, row.revocations_digest),
            )
        )
    return Trusted(tuple(found), mark.digest())


def _revocations(
    work: UnitOfWork,
    table: type[X509Authority | OrganisationX509Authority],
    authority_id: UUID,
    digest: str | None,
) -> x509.CertificateRevocationList | None:
    if digest is None:
        return None
    known = _LISTS.get(digest)
    if known is None:
        query = sa.select(table.revocations).where(table.id == authority_id)
        blob = work.session.scalars(query).one() or b""
        known = x509.load_der_x509_crl(blob)
        _LISTS.keep(digest, known, weight=len(blob))
    return known


def _judged(claim: Claim, signature: CmsSignature, trusted: Trusted, beside: Trusted) -> Judged:
    at = signature.made_at or claim.made_at
    digest = hashlib.sha256(trusted.mark + beside.mark)
    for part in (claim.signed.signature, claim.signed.payload, at.isoformat().encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    known = _JUDGED.get(digest.digest())
    if known is None:
        known = x509_signatures.judge(
            signature,
            claim.signed.payload,
            trusted=trusted.authorities,
            beside=beside.authorities,
            at=at,
        )
        _JUDGED.keep(digest.digest(), known)
    return known


def _known(work: UnitOfWork, judged: Collection[Judged], organisation_id: UUID | None) -> Known:
    owners = _owners(work, {each for found in judged for each in found.addresses})
    holders = _holders(work, {found.fingerprint for found in judged})
    members: AbstractSet[UUID] = frozenset()
    if any(found.is_beside for found in judged):
        asked = {each.id for each in owners.values()} | {each.owner.id for each in holders.values()}
        its = Membership.organisation_id == organisation_id
        query = sa.select(Membership.user_id).where(its, Membership.user_id.in_(asked))
        members = set(work.session.scalars(query))
    return Known(owners, holders, members)


def _owners(work: UnitOfWork, addresses: Collection[str]) -> dict[str, Owner]:
    """Whose the addresses are, of those that somebody has vouched for."""
    query = (
        sa.select(EmailAddress.address_key, User.name, User.id)
        .join(User, User.id == EmailAddress.user_id)
        .where(
            EmailAddress.address_key.in_({fold(each) for each in addresses}),
            email_addresses.COUNTS,
        )
    )
    return {key: Owner(name, user_id) for key, name, user_id in work.session.execute(query)}


def _holders(work: UnitOfWork, fingerprints: Collection[str]) -> dict[str, Holder]:
    """Who has registered certificates, by their fingerprints."""
    query = (
        sa.select(X509Certificate.fingerprint, User.name, User.id)
        .join(User, User.id == X509Certificate.user_id)
        .where(X509Certificate.fingerprint.in_(fingerprints))
    )
    rows = work.session.execute(query).all()
    ids = {row.id for row in rows}
    addresses = email_addresses.verified(work.session, ids) if ids else {}
    return {
        row.fingerprint: Holder(Owner(row.name, row.id), addresses.get(row.id, frozenset()))
        for row in rows
    }


def _checked(
    judged: Judged, claim: Claim, signed_at: datetime | None, known: Known, now: datetime
) -> Checked:
    found = _speaks_for(judged, claim.address, known)
    if judged.is_beside:
        found = {each for each in found if each.id in known.members}
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
        is_by_organisation=judged.is_beside,
    )


def _speaks_for(judged: Judged, address: str | None, known: Known) -> set[Owner]:
    """Whom a certificate speaks for, at this address where one is named."""
    named = {fold(each) for each in judged.addresses}
    holder = known.by_certificate.get(judged.fingerprint)
    if holder is not None:
        own = holder.addresses & named if named else holder.addresses
        is_theirs = bool(own) or not named if address is None else fold(address) in own
        return {holder.owner} if is_theirs else set()
    if address is None:
        return {owner for key, owner in known.by_address.items() if key in named}
    key = fold(address)
    return {known.by_address[key]} if key in named and key in known.by_address else set()


OWNED = (Finding.VERIFIED, Finding.REVOCATION_UNKNOWN, Finding.REVOKED_KEY)
