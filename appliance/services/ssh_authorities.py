"""Authorities whose SSH certificates let users in: trust one, list them, revoke, trust no more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import gate
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.security import ssh_certificates, ssh_keys
from appliance.services.second_person import guarded

SCOPE = "instance"
LONGEST_SUFFIX = 255
NO_SUCH = sentence("There is no such authority.")


def listed(work: UnitOfWork) -> list[SshAuthority]:
    """Every authority that is trusted, the oldest first."""
    gate.require(work, Permission.USERS_MANAGE)
    return list(work.session.scalars(sa.select(SshAuthority).order_by(SshAuthority.id)))


@guarded(Act.SSH_AUTHORITY_TRUST, states.ssh_authorities)
def trust(
    work: UnitOfWork, *, text: str, title: str = "", suffix: str = "", now: datetime
) -> SshAuthority:
    """Let in whoever shows a certificate that this key has signed.

    A principal of it is a user's name with `suffix` behind it.

    Errors:
        InvalidError: it is no public key, or a weak one.
        ConflictError: it is trusted already.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    parsed = ssh_keys.parse(text)
    if len(suffix) > LONGEST_SUFFIX or not suffix.isascii() or not suffix.isprintable():
        raise InvalidError.of("suffix", "A suffix is plain text, as @example.org.")
    taken = sa.select(SshAuthority.id).where(SshAuthority.fingerprint == parsed.fingerprint)
    if work.session.scalar(taken) is not None:
        raise ConflictError("This authority is already trusted.")
    authority = SshAuthority(
        id=new_id(),
        title=check_title("title", title or parsed.comment or parsed.fingerprint),
        key_type=parsed.type,
        public_key=parsed.blob,
        fingerprint=parsed.fingerprint,
        suffix=suffix,
        revocations="",
        created_at=now,
    )
    work.session.add(authority)
    work.record(
        events.SshAuthorityTrusted(
            about=authority.id, fingerprint=authority.fingerprint, scope=SCOPE, suffix=suffix
        )
    )
    return authority


@guarded(Act.SSH_AUTHORITY_REVOKE, states.ssh_authorities)
def revoke(work: UnitOfWork, authority_id: UUID, *, text: str, now: datetime) -> SshAuthority:
    """Replace the list of what an authority no longer stands for.

    Errors:
        NotFoundError: there is no such authority.
        InvalidError: a line of the list cannot be read.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    authority = _one(work, authority_id)
    parsed = ssh_certificates.parse_revocations(text)
    authority.revocations, authority.revocations_at = text, now
    work.record(
        events.SshAuthorityChanged(
            about=authority.id,
            fingerprint=authority.fingerprint,
            revoked_serials=sum(last - first + 1 for first, last in parsed.serials),
            revoked_key_ids=len(parsed.key_ids),
            revoked_keys=len(parsed.fingerprints),
        )
    )
    return authority


@guarded(Act.SSH_AUTHORITY_REMOVE, states.ssh_authorities)
def remove(work: UnitOfWork, authority_id: UUID) -> None:
    """Trust an authority no more: its certificates let nobody in from now on.

    Errors:
        NotFoundError: there is no such authority.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    authority = _one(work, authority_id)
    work.session.delete(authority)
    work.record(
        events.SshAuthorityRemoved(
            about=authority.id, fingerprint=authority.fingerprint, scope=SCOPE
        )
    )


def _one(work: UnitOfWork, authority_id: UUID) -> SshAuthority:
    authority = work.session.get(SshAuthority, authority_id)
    if authority is None:
        raise NotFoundError(NO_SUCH)
    return authority
