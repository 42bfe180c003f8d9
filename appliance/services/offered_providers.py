"""Sign-in systems as strangers see them: by which one can sign in, and whose address is whose."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity_providers import WAY_OF, Policy, ProviderKind, Way, domain_of, policy
from appliance.errors import NotFoundError, sentence


@dataclass(frozen=True)
class Offered:
    """A provider that is switched on: what it is called, and how one signs in by it."""

    id: UUID
    name: str
    label: str
    kind: ProviderKind
    way: Way
    version: int
    policy: Policy


@open_to_everyone(because="the sign-in page shows their names")
def listed(work: UnitOfWork) -> list[Offered]:
    """Those that are on and by which one can sign in, in the administrators' order."""
    return [_offered(each) for each in _enabled(work)]


@open_to_everyone(because="the sign-in page sends people to the right one")
def for_address(work: UnitOfWork, typed: str) -> Offered | None:
    """The one that people with an address of this domain sign in by, if there is one."""
    domain = domain_of(typed)
    if not domain:
        return None
    found = (each for each in _enabled(work) if domain in each.domains)
    return next(map(_offered, found), None)


@open_to_everyone(because="whoever signs in names one")
def named(work: UnitOfWork, name: str, kind: ProviderKind) -> Offered:
    """The provider of that name and kind, if it is on.

    Errors:
        NotFoundError: there is none.
    """
    found = next((each for each in _enabled(work) if each.name == name), None)
    if found is None or found.kind is not kind:
        raise NotFoundError(sentence("There is no such identity provider."))
    return _offered(found)


@open_to_everyone(because="a page asks it of the provider that opened its own session")
def of_id(work: UnitOfWork, provider_id: UUID) -> Offered | None:
    """The provider of that id, if it is on."""
    return next((_offered(each) for each in _enabled(work) if each.id == provider_id), None)


@open_to_everyone(because="jobs and listeners go through them")
def of_kind(work: UnitOfWork, kind: ProviderKind) -> list[Offered]:
    """All of a kind that are on."""
    return [_offered(each) for each in _enabled(work) if each.kind is kind]


def _enabled(work: UnitOfWork) -> list[IdentityProvider]:
    signs_in = [kind for kind, way in WAY_OF.items() if way is not Way.NONE]
    query = (
        sa.select(IdentityProvider)
        .where(IdentityProvider.is_enabled.is_(True), IdentityProvider.kind.in_(signs_in))
        .order_by(IdentityProvider.position, IdentityProvider.name)
    )
    return list(work.session.scalars(query))


def _offered(provider: IdentityProvider) -> Offered:
    return Offered(
        id=provider.id,
        name=provider.name,
        label=provider.label,
        kind=provider.kind,
        way=WAY_OF[provider.kind],
        version=provider.version,
        policy=policy(provider.policy),
    )
