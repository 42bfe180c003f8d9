"""Many who arrive together, of whom nothing is special: created with as many statements as one.

Who could be a user that exists, or wishes for a name that is taken, is left to `identities.arrive`.
What is written and recorded of somebody is the same here and there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses, owner_names
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import EmailAddress, OwnerKind, User, UserState
from appliance.domain.claims import Claims, checked
from appliance.domain.identity_providers import LinkedBy, Policy, domain_of, policy
from appliance.domain.ids import new_pseudonym
from appliance.domain.names import LONGEST_DISPLAY_NAME, RESERVED_OWNERS, fold
from appliance.domain.permissions import InstanceRole
from appliance.errors import ConflictError, InvalidError
from appliance.services import identities, kept_profiles, linking, new_users, provided_rights
from appliance.services.identities import Arrived
from appliance.services.new_users import Named, plain_name


@dataclass(frozen=True)
class _Plain:
    """Somebody of whom nothing is special, and what they get."""

    said: Claims
    name: str
    address: str
    """Where they will be written to; empty where somebody else has that address."""


@dataclass(frozen=True)
class _Made:
    """Somebody who was created, and what was written of them."""

    said: Claims
    named: Named
    identity: Identity
    profile: dict[str, str]
    """What the provider said that a profile has a place for."""


@open_to_everyone(because="the provider has vouched for who they are, as its protocol has checked")
def create(
    work: UnitOfWork, provider_id: UUID, people: Sequence[Claims], *, now: datetime
) -> dict[str, Arrived]:
    """Users for those of some people of whom nothing is special, by subject. The others are as they
    were before, and `identities.arrive` is to be asked for each of them.
    """
    provider = work.session.get_one(IdentityProvider, provider_id)
    rules = policy(provider.policy)
    if not provider.is_enabled or not rules.creates_users:
        return {}
    plain = list(_plain(work, provider, rules, people))
    if not plain:
        return {}
    try:
        with work.attempt():
            made = _written(work, provider, rules, plain, now)
    except ConflictError:
        return {}  # Somebody took a name or an address at this very moment: one at a time, then.
    for each in made:
        _record(work, each)
    provided_rights.settle(work, *(each.named.user for each in made), now=now)
    return {each.said.subject: _arrived(each) for each in made}


def _plain(
    work: UnitOfWork, provider: IdentityProvider, rules: Policy, people: Sequence[Claims]
) -> Iterator[_Plain]:
    wanted: dict[str, Claims] = {}
    for said in _usable(people):
        wanted.setdefault(said.subject, said)
    names = {subject: plain_name(said.wished_name) for subject, said in wanted.items()}
    keys = {subject: linking.keys(rules, said) for subject, said in wanted.items()}
    known = _known(work, provider.id, list(wanted))
    leading = linking.leading(work, rules, frozenset().union(*keys.values()))
    taken = owner_names.taken(work.session, names.values()) | RESERVED_OWNERS
    addresses = {
        subject: next(iter(said.verified_addresses), "") if rules.keeps_profile else ""
        for subject, said in wanted.items()
    }
    used = email_addresses.taken(work.session, addresses.values())
    for subject, said in wanted.items():
        name = names[subject]
        if subject in known or fold(name) in taken or keys[subject] & leading:
            continue
        taken.add(fold(name))
        # From now on they are somebody who exists, for those behind them.
        leading |= keys[subject] | {fold(name)}
        address = addresses[subject] if fold(addresses[subject]) not in used else ""
        used.add(fold(address))
        yield _Plain(said, name, address)


def _usable(people: Sequence[Claims]) -> Iterator[Claims]:
    for claims in people:
        try:
            said = checked(claims)
        except InvalidError:
            continue
        if said.is_active:
            yield said


def _known(work: UnitOfWork, provider_id: UUID, subjects: Sequence[str]) -> set[str]:
    query = sa.select(Identity.subject).where(
        Identity.provider_id == provider_id, Identity.subject.in_(subjects)
    )
    return set(work.session.scalars(query))


def _written(
    work: UnitOfWork,
    provider: IdentityProvider,
    rules: Policy,
    plain: Sequence[_Plain],
    now: datetime,
) -> list[_Made]:
    owners = owner_names.take_all(work.session, OwnerKind.USER, [each.name for each in plain])
    made = [
        _one(provider, rules, each, owner.id, now)
        for each, owner in zip(plain, owners, strict=True)
    ]
    work.session.add_all(each.named.user for each in made)
    work.session.flush()  # What follows refers to their rows.
    work.session.add_all(each.identity for each in made)
    work.session.add_all(_address(rules, each) for each in made if "email" in each.profile)
    return made


def _one(
    provider: IdentityProvider, rules: Policy, each: _Plain, user_id: UUID, now: datetime
) -> _Made:
    said = each.said
    display_name = said.display_name[:LONGEST_DISPLAY_NAME] if rules.keeps_profile else ""
    user = User(
        id=user_id,
        name=each.name,
        display_name=display_name,
        pseudonym=new_pseudonym(),
        instance_role=InstanceRole.USER,
        state=UserState.ACTIVE,
        created_at=now,
    )
    identity = Identity(
        provider_id=provider.id,
        user_id=user_id,
        subject=said.subject,
        linked_by=LinkedBy.CREATED,
        said_name=said.name,
        said_email=said.address,
        groups=None if said.groups is None else sorted(said.groups),
        created_at=now,
        seen_at=now,
    )
    profile = {"display_name": display_name, "email": each.address}
    named = Named(user, new_users.missed(said.wished_name, each.name))
    return _Made(said, named, identity, {name: text for name, text in profile.items() if text})


def _address(rules: Policy, made: _Made) -> EmailAddress:
    address = made.profile["email"]
    return EmailAddress(
        user_id=made.named.user.id,
        address=address,
        address_key=fold(address),
        is_verified=domain_of(address) in rules.link_domains,
    )


def _record(work: UnitOfWork, made: _Made) -> None:
    user = made.named.user
    work.record(new_users.created(made.named, made.identity.provider_id))
    work.record(identities.linked(user, made.identity))
    if made.profile:
        work.record(kept_profiles.profile_changed(user, made.profile))


def _arrived(made: _Made) -> Arrived:
    user = made.named.user
    return Arrived(
        provider_id=made.identity.provider_id,
        identity_id=made.identity.id,
        user_id=user.id,
        facts=made.said.facts,
        may_enter=user.is_active,
        is_new=True,
        name=user.name,
        wished_name=made.named.wished_name,
    )
