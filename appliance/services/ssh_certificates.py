"""Whom an SSH certificate lets in, asked anew at each session."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User, UserState
from appliance.domain import events
from appliance.domain.identity import Actor, Method, Origin
from appliance.domain.names import fold
from appliance.errors import UnauthenticatedError, sentence
from appliance.security import ssh_certificates
from appliance.security.ssh_certificates import (
    Certificate,
    InvalidCertificateError,
    Revocations,
    parse_revocations,
)
from appliance.services import factor_due, identify, reach

MOST_PRINCIPALS = 16
NOT_VALID = sentence("This certificate is invalid or has expired.")


@dataclass(frozen=True)
class Shown:
    """A certificate that somebody has shown, who vouches for it, and who it lets in."""

    certificate: Certificate
    authority: SshAuthority
    user: User
    principal: str


@open_to_everyone(because="the SSH server asks whose certificate it was shown")
def find(work: UnitOfWork, blob: bytes, *, address: str | None, now: datetime) -> Shown:
    """Whom a certificate lets in now. Without an address, that is asked by somebody else.

    Errors:
        UnauthenticatedError: it is damaged, has expired or was revoked, its authority is not
            trusted, or its principals do not name exactly one user who may enter.
    """
    try:
        certificate = ssh_certificates.parse(blob)
        if address is None:
            certificate = dataclasses.replace(certificate, source_addresses=())
        certificate.insist_it_holds(address or "", now)
    except InvalidCertificateError as error:
        raise UnauthenticatedError(NOT_VALID) from error
    return _shown(work, certificate)


@open_to_everyone(because="it says nothing but whether who was let in would still be")
def insist_it_stands(work: UnitOfWork, blob: bytes) -> None:
    """Go on, as its user, only if the authority and they still stand behind a certificate.

    Its own end is none of a session's: who was let in a minute before it may finish.

    Errors:
        UnauthenticatedError: one of them does not.
    """
    try:
        certificate = ssh_certificates.parse(blob)
    except InvalidCertificateError as error:
        raise UnauthenticatedError(NOT_VALID) from error
    user = _shown(work, certificate).user
    factor_due.insist(work, user.id, now=work.begun_at)
    work.actor = identify.of_user(user, work.actor.origin, Method.SSH_CERTIFICATE, None)


def _shown(work: UnitOfWork, certificate: Certificate) -> Shown:
    authority = work.session.scalar(
        sa.select(SshAuthority).where(SshAuthority.fingerprint == certificate.authority.fingerprint)
    )
    if authority is None or _revocations(authority.revocations).covers(certificate):
        raise UnauthenticatedError(NOT_VALID)
    user, principal = _user(work, authority, certificate)
    return Shown(certificate, authority, user, principal)


@open_to_everyone(because="it finds out who is asking")
def actor(work: UnitOfWork, blob: bytes, *, origin: Origin, now: datetime) -> Actor:
    """The actor of a certificate, whose use is recorded here.

    Errors:
        UnauthenticatedError: it lets nobody in.
    """
    shown = find(work, blob, address=origin.address, now=now)
    factor_due.insist(work, shown.user.id, now=now)
    found = identify.of_user(shown.user, origin, Method.SSH_CERTIFICATE, shown.authority.id)
    found = reach.placed(work, found)
    work.actor = found
    certificate = shown.certificate
    work.record(
        events.SshCertificateUsed(
            about=shown.authority.id,
            serial=str(certificate.serial),
            key_id=certificate.key_id,
            fingerprint=certificate.key.fingerprint,
            principal=shown.principal,
            valid_until=certificate.valid_until.isoformat(),
        )
    )
    return found


def _user(work: UnitOfWork, authority: SshAuthority, certificate: Certificate) -> tuple[User, str]:
    """The one user whom the principals name; a certificate without any is for everybody, so none.

    Errors:
        UnauthenticatedError: they name nobody who may enter, or several.
    """
    names = {
        fold(each.removesuffix(authority.suffix)): each
        for each in certificate.principals[:MOST_PRINCIPALS]
        if each.endswith(authority.suffix)
    }
    found = work.session.scalars(
        sa.select(User)
        .join(Owner, Owner.id == User.id)
        .where(
            Owner.name_key.in_(names),
            User.state == UserState.ACTIVE,
            User.is_machine.is_(False),
        )
    ).all()
    if len(found) != 1:
        raise UnauthenticatedError(NOT_VALID)
    return found[0], names[fold(found[0].name)]


@lru_cache(maxsize=16)
def _revocations(text: str) -> Revocations:
    """A list that was read when it was brought; the same text says the same."""
    return parse_revocations(text)
