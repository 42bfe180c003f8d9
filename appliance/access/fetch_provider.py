"""An identity provider of the customer, or an identity that it vouches for, if the actor may."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.identity_providers import GroupRule, Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, NotFoundError, sentence


def provider(work: UnitOfWork, name: str, permission: Permission) -> IdentityProvider:
    """The provider of that name.

    Errors:
        UnauthenticatedError, RefusedError: the actor may not.
        NotFoundError: there is none.
    """
    gate.require(work, permission)
    found = work.session.scalar(sa.select(IdentityProvider).where(IdentityProvider.name == name))
    if found is None:
        raise NotFoundError(sentence("There is no identity provider %(name)s.", name=name))
    return found


def rule(
    work: UnitOfWork, provider_name: str, rule_id: UUID, permission: Permission
) -> tuple[IdentityProvider, GroupRule]:
    """A group rule of a provider.

    Errors:
        UnauthenticatedError, RefusedError: the actor may not.
        NotFoundError: there is none.
    """
    of = provider(work, provider_name, permission)
    found = work.session.get(GroupRule, rule_id)
    if found is None or found.provider_id != of.id:
        raise NotFoundError(sentence("%(name)s has no such rule.", name=of.name))
    return of, found


def identity(work: UnitOfWork, identity_id: UUID) -> Identity:
    """An identity: one's own, or anybody's for who manages users. A person in a browser must have
    confirmed who they are.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    gate.require(work, Permission.OWN_ACCOUNT, sensitive=True)
    found = work.session.get(Identity, identity_id)
    if found is None:
        raise HiddenError(sentence("There is no such identity."))
    if found.user_id != work.actor.id and not gate.is_allowed(work, Permission.USERS_MANAGE):
        raise HiddenError(sentence("There is no such identity."))
    return found
