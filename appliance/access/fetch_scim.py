"""What a SCIM client may touch: its own provider, and the users and groups that it told of.

What is another provider's does not exist for it.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.identity_providers import IdentityProvider
from appliance.db.scim import ScimGroup, ScimToken, ScimUser
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity import ActorKind
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, RefusedError, UnauthenticatedError, sentence

NOT_VALID = sentence("This token is invalid or has expired.")


def provider(work: UnitOfWork) -> IdentityProvider:
    """The provider whose client is asking.

    Errors:
        UnauthenticatedError: it is no client of SCIM, or its token ended meanwhile.
        RefusedError: the provider is switched off.
    """
    if work.actor.kind is not ActorKind.SCIM_CLIENT:
        raise UnauthenticatedError(NOT_VALID)
    row = work.session.execute(
        sa.select(ScimToken, IdentityProvider)
        .join(IdentityProvider, IdentityProvider.id == ScimToken.provider_id)
        .where(ScimToken.id == work.actor.origin.credential_id, ScimToken.revoked_at.is_(None))
    ).first()
    if row is None:
        raise UnauthenticatedError(NOT_VALID)
    found: IdentityProvider = row[1]
    if not found.is_enabled:
        raise RefusedError(sentence("%(label)s is disabled.", label=found.label))
    return found


def user(
    work: UnitOfWork, of: IdentityProvider, identifier: str, *, is_locked: bool = False
) -> ScimUser:
    """A user whom this provider told of and has not deleted; locked, if it is to be changed.

    Errors:
        NotFoundError: there is none.
    """
    query = sa.select(ScimUser).where(
        ScimUser.id == _id(identifier),
        ScimUser.provider_id == of.id,
        ScimUser.deleted_at.is_(None),
    )
    found = work.session.scalar(query.with_for_update() if is_locked else query)
    if found is None:
        raise NotFoundError(sentence("There is no such user."))
    return found


def group(
    work: UnitOfWork, of: IdentityProvider, identifier: str, *, is_locked: bool = False
) -> ScimGroup:
    """A group that this provider told of; locked, if it is to be changed.

    Errors:
        NotFoundError: there is none.
    """
    query = sa.select(ScimGroup).where(
        ScimGroup.id == _id(identifier), ScimGroup.provider_id == of.id
    )
    found = work.session.scalar(query.with_for_update() if is_locked else query)
    if found is None:
        raise NotFoundError(sentence("There is no such group."))
    return found


def token(work: UnitOfWork, of: IdentityProvider, token_id: UUID) -> ScimToken:
    """A token of a provider, for who manages providers.

    Errors:
        RefusedError: the actor may not.
        NotFoundError: there is none.
    """
    gate.require(work, Permission.PROVIDERS_MANAGE)
    found = work.session.get(ScimToken, token_id)
    if found is None or found.provider_id != of.id:
        raise NotFoundError(sentence("%(name)s has no such token.", name=of.name))
    return found


def _id(text: str) -> UUID | None:
    """The id that a client names; nothing where it cannot be one of ours."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
