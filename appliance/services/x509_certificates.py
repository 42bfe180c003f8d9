"""X.509 certificates that users sign with: show that one is yours, list, remove.

A certificate that names an address of its holder's needs none of this. One that names no address is
nobody's until its holder registers it. Everybody sees certificates in what they have signed, so
that it was issued by a trusted authority proves nothing of who brings it: whoever registers one
signs a text that names them, and so shows that they have its key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_credentials
from appliance.db import email_addresses
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.signing_keys import X509Certificate
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.names import fold
from appliance.domain.signatures import Finding
from appliance.errors import ConflictError, InvalidError, UnauthenticatedError, sentence
from appliance.security import x509_files
from appliance.services import x509_checks

if TYPE_CHECKING:
    from appliance.db.users import User
    from appliance.security.cms import CmsSignature
    from appliance.wiring import CertificateTools

CHALLENGE, SIGNATURE = "challenge", "signature"
LIFE = timedelta(hours=1)
"""As long as somebody may look for their card."""
MOST = 20
LONGEST_SUBJECT = 500
ORDERS = {
    "created": (X509Certificate.id,),
    "name": (X509Certificate.subject, X509Certificate.id),
}
REFUSALS = {
    Finding.BAD_SIGNATURE: sentence("This is not a signature of the text that you were to sign."),
    Finding.UNTRUSTED_AUTHORITY: sentence(
        "No trusted authority here or in your organisations has issued this certificate. If "
        "there are intermediate certificates, send them along."
    ),
    Finding.EXPIRED_KEY: sentence("This certificate, or one above it, is not valid now."),
    Finding.REVOKED_KEY: sentence("This certificate, or one above it, has been revoked."),
    Finding.REVOCATION_UNKNOWN: sentence(
        "The list of revoked certificates of its authority is out of date. Whoever trusts the "
        "authority here must bring the new one first."
    ),
    Finding.WRONG_USAGE: sentence("This certificate is for something else than signing."),
    Finding.UNKNOWN_KEY: sentence("The signature does not bring the certificate along."),
}
OTHERWISE = sentence("The signature is damaged, or its algorithm is too weak.")


def challenge(work: UnitOfWork, *, tools: CertificateTools, now: datetime) -> str:
    """The text that the actor signs to show that a certificate is theirs."""
    holder = fetch.account(work, None)
    proof = tools.challenges.issue({"user": holder.id.hex}, expires_at=now + LIFE)
    return _text(holder, tools.host, proof)


def add(
    work: UnitOfWork,
    *,
    challenge: str,
    signature: str,
    tools: CertificateTools,
    now: datetime,
) -> X509Certificate:
    """Register the certificate that has signed this challenge as the actor's.

    Errors:
        InvalidError: it was not signed, or not by a certificate that counts here, or by one that
            names addresses of others only.
        ConflictError: it is registered already, or there are too many.
    """
    holder = fetch.account(work, None, sensitive=True)
    _insist_on_challenge(holder, challenge, tools, now)
    parsed = x509_files.detached(signature.encode("utf-8", "replace"))
    certificate = _signer(work, holder, challenge, parsed, now)
    _insist_on_room(work, holder, certificate)
    _insist_on_address(work, holder, certificate)
    row = X509Certificate(
        id=new_id(),
        user_id=holder.id,
        fingerprint=certificate.fingerprint,
        subject=certificate.subject[:LONGEST_SUBJECT],
        addresses=sorted(certificate.addresses),
        certificate=certificate.blob,
        ends_at=certificate.ends_at,
        created_at=now,
    )
    work.session.add(row)
    work.record(
        events.X509CertificateAdded(
            about=row.id,
            user_id=str(holder.id),
            fingerprint=row.fingerprint,
            ends_at=row.ends_at.isoformat(),
        )
    )
    return row


def list_certificates(
    work: UnitOfWork,
    *,
    user: str | None = None,
    search: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[X509Certificate]:
    """One's own, or those of a user; `search` is a part of a subject or a fingerprint."""
    holder = fetch.account(work, user)
    keys, is_descending = in_order(ORDERS, order)
    query = sa.select(X509Certificate).where(X509Certificate.user_id == holder.id)
    if search:
        columns = (X509Certificate.subject, X509Certificate.fingerprint)
        query = query.where(sa.or_(*(each.icontains(search, autoescape=True) for each in columns)))
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: row[0],
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def remove(work: UnitOfWork, certificate_id: UUID) -> None:
    """Take a certificate away, one's own or as an administrator anybody's."""
    row = fetch_credentials.x509_certificate(work, certificate_id)
    work.session.delete(row)
    work.record(
        events.X509CertificateRemoved(
            about=row.id, user_id=str(row.user_id), fingerprint=row.fingerprint
        )
    )


def _text(holder: User, host: str, proof: str) -> str:
    return f"{holder.name} registers an X.509 certificate at {host}.\n{proof}\n"


def _insist_on_challenge(holder: User, text: str, tools: CertificateTools, now: datetime) -> None:
    """Go on only with the very text that was made for this user here, and not long ago."""
    proof = text.rsplit(maxsplit=1)[-1] if text.split() else ""
    try:
        stated = tools.challenges.check(proof, now=now)
    except UnauthenticatedError:
        stated = {}
    is_theirs = stated.get("user") == holder.id.hex
    if not is_theirs or text.split() != _text(holder, tools.host, proof).split():
        raise InvalidError.of(
            CHALLENGE,
            sentence("This text has expired, or was not made for you. Sign a new one."),
        )


def _signer(
    work: UnitOfWork, holder: User, text: str, signature: CmsSignature, now: datetime
) -> x509_files.PersonFile:
    """The certificate that has signed the text, if it would count today."""
    judged = x509_checks.at_first_sight(work, signature, _spellings(text), holder.id, now=now)
    if judged.finding in REFUSALS:
        raise InvalidError.of(SIGNATURE, REFUSALS[judged.finding])
    if judged.finding is not Finding.VERIFIED:
        raise InvalidError.of(SIGNATURE, OTHERWISE)
    return x509_files.person(
        next(
            each
            for each in signature.certificates
            if hashlib.sha256(each).hexdigest() == judged.fingerprint
        )
    )


def _spellings(text: str) -> Iterator[bytes]:
    """The text as programs and editors leave it: with either end of lines, the last one or not."""
    lines = [line for line in text.splitlines() if line]
    for end in ("\n", "\r\n"):
        joined = end.join(lines)
        yield f"{joined}{end}".encode()
        yield joined.encode()


def _insist_on_room(work: UnitOfWork, holder: User, certificate: x509_files.PersonFile) -> None:
    taken = sa.select(X509Certificate.user_id).where(
        X509Certificate.fingerprint == certificate.fingerprint
    )
    user_id = work.session.scalar(taken)
    if user_id == holder.id:
        raise ConflictError(sentence("You have already registered this certificate."))
    if user_id is not None:
        raise ConflictError(sentence("Somebody else has registered this certificate."))
    own = sa.select(sa.func.count(X509Certificate.id)).where(X509Certificate.user_id == holder.id)
    if (work.session.scalar(own) or 0) >= MOST:
        raise ConflictError(sentence("At most %(most)s certificates can be registered.", most=MOST))


def _insist_on_address(work: UnitOfWork, holder: User, certificate: x509_files.PersonFile) -> None:
    """Go on only if it names no address, or one that is vouched for as the holder's."""
    named = {fold(each) for each in certificate.addresses}
    own = email_addresses.verified(work.session, [holder.id]).get(holder.id, frozenset())
    if named and not named & own:
        raise InvalidError.of(
            SIGNATURE,
            sentence(
                "This certificate has %(addresses)s, which is not a verified address of yours.",
                addresses=", ".join(sorted(certificate.addresses)),
            ),
        )
