"""Ending credentials from an inventory: by administrators, and by owners of an organisation.

An organisation ends what is its own (service accounts' tokens and keys, deploy keys) and keeps
tokens and keys of persons out: elsewhere they go on working.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import credential_inventory
from appliance.db.credential_rules import KeyKeptOut
from appliance.db.credentials import AccessToken, SshKey
from appliance.db.identity_providers import IdentityProvider
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.scim import ScimToken
from appliance.db.signing_keys import X509Certificate
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.credentials import CredentialKind
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, sentence
from appliance.services import (
    credentials,
    openpgp_keys,
    scim_tokens,
    ssh_authorities,
    ssh_keys,
    token_approvals,
    x509_certificates,
)


def end(work: UnitOfWork, kind: CredentialKind, credential_id: UUID, *, now: datetime) -> None:
    """End any credential of the instance, as an administrator.

    Errors:
        HiddenError: there is none.
        ConflictError: it ended already.
    """
    gate.require(work, Permission.USERS_MANAGE)
    if kind is CredentialKind.TOKEN:
        credentials.revoke_token(work, credential_id, now=now)
    elif kind is CredentialKind.SSH_KEY:
        ssh_keys.remove(work, credential_id)
    elif kind is CredentialKind.DEPLOY_KEY:
        _remove_deploy_key(work, credential_id, None)
    elif kind is CredentialKind.SCIM_TOKEN:
        token = work.session.get(ScimToken, credential_id)
        if token is None:
            raise nothing()
        provider = work.session.get_one(IdentityProvider, token.provider_id)
        scim_tokens.revoke(work, provider.name, token.id, now=now)
    elif kind is CredentialKind.SSH_AUTHORITY:
        ssh_authorities.remove(work, credential_id)
    elif work.session.get(X509Certificate, credential_id) is not None:
        x509_certificates.remove(work, credential_id)
    else:
        openpgp_keys.remove(work, credential_id)


def end_in(
    work: UnitOfWork,
    organisation: str,
    kind: CredentialKind,
    credential_id: UUID,
    *,
    now: datetime,
) -> None:
    """End what an organisation may end of what reaches it, or keep a person's token or key out.

    Errors:
        HiddenError: there is none.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MEMBERS)
    if kind is CredentialKind.DEPLOY_KEY:
        _remove_deploy_key(work, credential_id, found)
        return
    _insist_on_reach(work, found, kind, credential_id)
    if not carry_out(work, kind, credential_id, found.id, now=now):
        raise nothing()


@open_to_everyone(because="owners of an organisation were asked, or who decides in a review")
def carry_out(
    work: UnitOfWork,
    kind: CredentialKind,
    credential_id: UUID,
    organisation_id: UUID | None,
    *,
    now: datetime,
) -> bool:
    """End a token or a key, or let an organisation keep a person's out; whether there was one.

    Without an organisation it ends, whosever it is.
    """
    if kind is CredentialKind.TOKEN:
        token = work.session.get(AccessToken, credential_id)
        if token is None or token.revoked_at is not None:
            return False
        if organisation_id and not _is_its_own(work, token.user_id, organisation_id):
            token_approvals.keep_out(work, token, organisation_id, now=now)
        else:
            credentials.stop_token(work, token, now=now)
        return True
    key = work.session.get(SshKey, credential_id)
    if key is None:
        return False
    if organisation_id and key.repository_id:
        repository = work.session.get_one(Repository, key.repository_id)
        if repository.organisation_id != organisation_id:
            return False
    if organisation_id and key.user_id and not _is_its_own(work, key.user_id, organisation_id):
        _keep_out(work, key, organisation_id, now)
    else:
        ssh_keys.drop(work, key)
    return True


@open_to_everyone(because="it gives the words for what is not there, and asks nothing")
def nothing() -> HiddenError:
    """The words for a credential that is not there."""
    return HiddenError(sentence("There is no such token or key."))


def _is_its_own(work: UnitOfWork, user_id: UUID | None, organisation_id: UUID) -> bool:
    """Whether a user is a machine of that organisation."""
    user = work.session.get(User, user_id)
    return user is not None and user.owner_organisation_id == organisation_id


def _keep_out(work: UnitOfWork, key: SshKey, organisation_id: UUID, now: datetime) -> None:
    there = sa.exists().where(
        KeyKeptOut.fingerprint == key.fingerprint, KeyKeptOut.organisation_id == organisation_id
    )
    if work.session.scalar(sa.select(there)):
        return
    work.session.add(
        KeyKeptOut(
            id=new_id(), fingerprint=key.fingerprint, organisation_id=organisation_id, since=now
        )
    )
    work.record(
        events.SshKeyKeptOut(
            about=key.id,
            organisation_id=organisation_id,
            user_id=str(key.user_id),
            fingerprint=key.fingerprint,
        )
    )


def _insist_on_reach(
    work: UnitOfWork, organisation: Organisation, kind: CredentialKind, credential_id: UUID
) -> None:
    """Go on only if a credential is in the inventory of that organisation."""
    rows = credential_inventory.reaching(organisation.id).subquery()
    there = sa.select(rows.c.id).where(rows.c.id == credential_id, rows.c.kind == str(kind))
    if not work.session.scalar(sa.select(there.exists())):
        raise nothing()


def _remove_deploy_key(work: UnitOfWork, key_id: UUID, organisation: Organisation | None) -> None:
    key = work.session.get(SshKey, key_id)
    repository = work.session.get(Repository, key.repository_id) if key else None
    if key is None or repository is None:
        raise nothing()
    if organisation is not None and repository.organisation_id != organisation.id:
        raise nothing()
    gate.require_elevation(work, Permission.REPOSITORY_KEYS)
    ssh_keys.drop(work, key)
