"""Authorities whose certificates count for signatures: trust, list, bring revocations, remove.

Those of the appliance count everywhere; those of an organisation, which its owners keep, in its
repositories alone and for its members only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_credentials
from appliance.db.organisations import Organisation
from appliance.db.signing_keys import OrganisationX509Authority, X509Authority
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, NotFoundError, TooLargeError, sentence
from appliance.security import x509_files

INSTANCE, ORGANISATION = "instance", "organisation"
MOST = 100
MOST_OF_LISTS = 16 * 1024 * 1024
"""Bytes of all lists of one organisation: each look at a signature in it has to hold them all."""
NO_SUCH = sentence("There is no such authority.")
LONGEST_TITLE = 100
LONGEST_SUBJECT = 500
NEEDED = Permission.ORGANISATION_MANAGE
OF_INSTANCE = Permission.USERS_MANAGE
AnyAuthority = X509Authority | OrganisationX509Authority


def listed(work: UnitOfWork, organisation: str = "") -> Sequence[AnyAuthority]:
    """Every authority that is trusted by the appliance, or by an organisation, the oldest first."""
    owner = fetch_credentials.owner(work, organisation, NEEDED, of_instance=OF_INSTANCE)
    return work.session.scalars(_of(owner)).all()


def trust(
    work: UnitOfWork, *, data: bytes, title: str = "", organisation: str = "", now: datetime
) -> AnyAuthority:
    """Let signatures count whose certificates lead to this one: everywhere, or in an organisation.

    Errors:
        InvalidError: it is no certificate of an authority, or a weak one.
        ConflictError: it is trusted already, or there are too many.
    """
    owner = fetch_credentials.owner(
        work, organisation, NEEDED, of_instance=OF_INSTANCE, sensitive=True
    )
    parsed = x509_files.authority(data, now=now)
    _insist_on_room(work, owner, parsed.fingerprint)
    authority = _new(owner)
    authority.id = new_id()
    authority.title = check_title(
        "title", title or parsed.subject[:LONGEST_TITLE] or parsed.fingerprint
    )
    authority.subject = parsed.subject[:LONGEST_SUBJECT]
    authority.fingerprint, authority.certificate = parsed.fingerprint, parsed.blob
    authority.ends_at, authority.created_at = parsed.ends_at, now
    work.session.add(authority)
    work.record(
        events.X509AuthorityTrusted(
            about=authority.id,
            organisation_id=owner.id if owner else None,
            fingerprint=authority.fingerprint,
            subject=authority.subject,
            scope=_scope(owner),
        )
    )
    return authority


def revoke(
    work: UnitOfWork, authority_id: UUID, *, data: bytes, organisation: str = ""
) -> AnyAuthority:
    """Bring an authority's list of revoked certificates; it takes the place of the one before.

    Errors:
        NotFoundError: there is no such authority.
        InvalidError: it is no such list, not signed by this authority, or only a part of one.
        ConflictError: a newer list is here already.
        TooLargeError: the lists of the organisation would be too large together.
    """
    owner = fetch_credentials.owner(
        work, organisation, NEEDED, of_instance=OF_INSTANCE, sensitive=True
    )
    authority = _one(work, owner, authority_id)
    parsed = x509_files.revocations(data, by=authority.certificate)
    known_at = authority.revocations_made_at
    if known_at is not None and parsed.made_at < known_at:
        raise ConflictError(
            sentence("The list that is here is newer: it was made at %(at)s.", at=known_at)
        )
    _insist_on_room_for(work, owner, authority, parsed.blob)
    authority.revocations = parsed.blob
    authority.revocations_digest = hashlib.sha256(parsed.blob).hexdigest()
    authority.revoked_count = parsed.count
    authority.revocations_made_at, authority.revocations_until = parsed.made_at, parsed.until
    work.record(
        events.X509AuthorityChanged(
            about=authority.id,
            organisation_id=owner.id if owner else None,
            fingerprint=authority.fingerprint,
            revoked=parsed.count,
            list_digest=authority.revocations_digest,
        )
    )
    return authority


def remove(work: UnitOfWork, authority_id: UUID, *, organisation: str = "") -> None:
    """Trust an authority no more: what its certificates have signed is unverified from now on.

    Errors:
        NotFoundError: there is no such authority.
    """
    owner = fetch_credentials.owner(
        work, organisation, NEEDED, of_instance=OF_INSTANCE, sensitive=True
    )
    authority = _one(work, owner, authority_id)
    work.session.delete(authority)
    work.record(
        events.X509AuthorityRemoved(
            about=authority.id,
            organisation_id=owner.id if owner else None,
            fingerprint=authority.fingerprint,
            subject=authority.subject,
            scope=_scope(owner),
        )
    )


def _of(owner: Organisation | None) -> sa.Select[Any]:
    """Every authority that an organisation trusts, or the appliance."""
    if owner is None:
        return sa.select(X509Authority).order_by(X509Authority.id)
    return (
        sa.select(OrganisationX509Authority)
        .where(OrganisationX509Authority.organisation_id == owner.id)
        .order_by(OrganisationX509Authority.id)
    )


def _new(owner: Organisation | None) -> AnyAuthority:
    return X509Authority() if owner is None else OrganisationX509Authority(organisation_id=owner.id)


def _scope(owner: Organisation | None) -> str:
    return INSTANCE if owner is None else ORGANISATION


def _insist_on_room(work: UnitOfWork, owner: Organisation | None, fingerprint: str) -> None:
    present = work.session.scalars(_of(owner)).all()
    if any(each.fingerprint == fingerprint for each in present):
        raise ConflictError(sentence("This authority is already trusted."))
    if len(present) >= MOST:
        raise ConflictError(sentence("At most %(most)s authorities can be trusted.", most=MOST))


def _insist_on_room_for(
    work: UnitOfWork, owner: Organisation | None, authority: AnyAuthority, blob: bytes
) -> None:
    if owner is None:
        return
    table = OrganisationX509Authority
    others = sa.select(sa.func.sum(sa.func.length(table.revocations))).where(
        table.organisation_id == owner.id, table.id != authority.id
    )
    if (work.session.scalar(others) or 0) + len(blob) > MOST_OF_LISTS:
        raise TooLargeError(
            sentence(
                "The lists of an organisation have at most %(most)s MiB together.",
                most=MOST_OF_LISTS // (1024 * 1024),
            )
        )


def _one(work: UnitOfWork, owner: Organisation | None, authority_id: UUID) -> AnyAuthority:
    table = X509Authority if owner is None else OrganisationX509Authority
    authority: AnyAuthority | None = work.session.scalar(_of(owner).where(table.id == authority_id))
    if authority is None:
        raise NotFoundError(NO_SUCH)
    return authority
