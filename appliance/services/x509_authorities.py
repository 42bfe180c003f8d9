"""Authorities whose certificates count for signatures: trust, list, bring revocations, remove."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.signing_keys import X509Authority
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, NotFoundError, sentence
from appliance.security import x509_files

SCOPE = "instance"
MOST = 100
NO_SUCH = sentence("There is no such authority.")
LONGEST_TITLE = 100
LONGEST_SUBJECT = 500


def listed(work: UnitOfWork) -> list[X509Authority]:
    """Every authority that is trusted, the oldest first."""
    gate.require(work, Permission.USERS_MANAGE)
    return list(work.session.scalars(sa.select(X509Authority).order_by(X509Authority.id)))


def trust(work: UnitOfWork, *, data: bytes, title: str = "", now: datetime) -> X509Authority:
    """Let signatures count whose certificates lead to this one.

    Errors:
        InvalidError: it is no certificate of an authority, or a weak one.
        ConflictError: it is trusted already, or there are too many.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    parsed = x509_files.authority(data, now=now)
    taken = sa.select(X509Authority.id).where(X509Authority.fingerprint == parsed.fingerprint)
    if work.session.scalar(taken) is not None:
        raise ConflictError(sentence("This authority is trusted already."))
    if (work.session.scalar(sa.select(sa.func.count(X509Authority.id))) or 0) >= MOST:
        raise ConflictError(sentence("At most %(most)s authorities can be trusted.", most=MOST))
    authority = X509Authority(
        id=new_id(),
        title=check_title("title", title or parsed.subject[:LONGEST_TITLE] or parsed.fingerprint),
        subject=parsed.subject[:LONGEST_SUBJECT],
        fingerprint=parsed.fingerprint,
        certificate=parsed.blob,
        ends_at=parsed.ends_at,
        created_at=now,
    )
    work.session.add(authority)
    work.record(
        events.X509AuthorityTrusted(
            about=authority.id,
            fingerprint=authority.fingerprint,
            subject=authority.subject,
            scope=SCOPE,
        )
    )
    return authority


def revoke(work: UnitOfWork, authority_id: UUID, *, data: bytes) -> X509Authority:
    """Bring an authority's list of revoked certificates; it takes the place of the one before.

    Errors:
        NotFoundError: there is no such authority.
        InvalidError: it is no such list, not signed by this authority, or only a part of one.
        ConflictError: a newer list is here already.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    authority = _one(work, authority_id)
    parsed = x509_files.revocations(data, by=authority.certificate)
    known_at = authority.revocations_made_at
    if known_at is not None and parsed.made_at < known_at:
        raise ConflictError(
            sentence("The list that is here is newer: it was made at %(at)s.", at=known_at)
        )
    authority.revocations = parsed.blob
    authority.revocations_digest = hashlib.sha256(parsed.blob).hexdigest()
    authority.revoked_count = parsed.count
    authority.revocations_made_at, authority.revocations_until = parsed.made_at, parsed.until
    work.record(
        events.X509AuthorityChanged(
            about=authority.id,
            fingerprint=authority.fingerprint,
            revoked=parsed.count,
            list_digest=authority.revocations_digest,
        )
    )
    return authority


def remove(work: UnitOfWork, authority_id: UUID) -> None:
    """Trust an authority no more: what its certificates have signed is unverified from now on.

    Errors:
        NotFoundError: there is no such authority.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    authority = _one(work, authority_id)
    work.session.delete(authority)
    work.record(
        events.X509AuthorityRemoved(
            about=authority.id,
            fingerprint=authority.fingerprint,
            subject=authority.subject,
            scope=SCOPE,
        )
    )


def _one(work: UnitOfWork, authority_id: UUID) -> X509Authority:
    authority = work.session.get(X509Authority, authority_id)
    if authority is None:
        raise NotFoundError(NO_SUCH)
    return authority
