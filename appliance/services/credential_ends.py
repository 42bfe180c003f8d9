"""Ending credentials from an inventory: by administrators, and by owners of an organisation.

An organisation ends what is its own (service accounts' tokens and keys, deploy keys) and keeps the
token of a person out. A person's SSH key is theirs: their membership or role is what can be taken.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import credential_inventory
from appliance.db.credentials import AccessToken, SshKey
from appliance.db.identity_providers import IdentityProvider
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.scim import ScimToken
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.credentials import CredentialKind
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, HiddenError, sentence
from appliance.services import (
    credentials,
    openpgp_keys,
    scim_tokens,
    ssh_authorities,
    ssh_keys,
    token_approvals,
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
    """End what an organisation may end of what reaches it, or keep a person's token out.

    Errors:
        HiddenError: there is none.
        ConflictError: it is a key of a person.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MEMBERS)
    if kind is CredentialKind.DEPLOY_KEY:
        _remove_deploy_key(work, credential_id, found)
        return
    _insist_on_reach(work, found, kind, credential_id)
    row: AccessToken | SshKey | None = (
        work.session.get(AccessToken, credential_id)
        if kind is CredentialKind.TOKEN
        else work.session.get(SshKey, credential_id)
    )
    user = work.session.get(User, row.user_id) if row is not None else None
    if row is None or user is None:
        raise nothing()
    if user.owner_organisation_id == found.id:
        if isinstance(row, AccessToken):
            credentials.revoke_token(work, row.id, now=now)
        else:
            ssh_keys.remove(work, row.id)
    elif isinstance(row, AccessToken):
        token_approvals.keep_out(work, row, found.id, now=now)
    else:
        raise ConflictError(
            sentence(
                "This key belongs to %(name)s. Take their role or membership away instead.",
                name=user.name,
            )
        )


@open_to_everyone(because="it gives the words for what is not there, and asks nothing")
def nothing() -> HiddenError:
    """The words for a credential that is not there."""
    return HiddenError(sentence("There is no such token or key."))


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
    work.session.delete(key)
    work.record(
        events.DeployKeyRemoved(
            about=key.id,
            organisation_id=repository.organisation_id,
            repository_id=str(repository.id),
            fingerprint=key.fingerprint,
        )
    )
