"""Who is meant by somebody whom a provider vouches for and nobody has linked yet."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.scim import ScimUser
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import EmailAddress, Owner, User, UserState
from appliance.domain import events
from appliance.domain.claims import Claims
from appliance.domain.identity_providers import (
    BY_SCIM,
    LinkBy,
    Policy,
    ProviderKind,
    domain_of,
    policy,
)
from appliance.domain.names import fold
from appliance.domain.permissions import InstanceRole
from appliance.errors import UnauthenticatedError, sentence


def refusal(
    provider: IdentityProvider, reason: str, words: str, *, subject: str = ""
) -> UnauthenticatedError:
    """The error that refuses a message of a provider: the log learns why, the person what to do."""
    event = events.AssertionRefused(
        about=provider.id, protocol=provider.kind, reason=reason, subject=subject or None
    )
    return UnauthenticatedError(words, event=event)


@open_to_everyone(because="the provider has vouched for who it is, as its protocol has checked")
def by_rule(work: UnitOfWork, provider: IdentityProvider, said: Claims) -> User | None:
    """The user who is meant by the provider's rule, if there is one."""
    rules = policy(provider.policy)
    user = _meant(work, rules, said)
    if user is None:
        return None
    # A rule must never be the way to what a password or the console guards, nor to a machine.
    is_guarded = user.password_hash is not None or user.is_machine
    if is_guarded or user.instance_role is InstanceRole.ADMINISTRATOR:
        said_to_them = sentence(
            "You have an account here with its own sign-in. Use it, and link %(label)s under "
            "Settings, or ask an administrator.",
            label=provider.label,
        )
        raise refusal(provider, "account_protected", said_to_them, subject=said.subject)
    taken = sa.select(Identity.id).where(
        Identity.provider_id == provider.id, Identity.user_id == user.id
    )
    if work.session.scalar(sa.select(taken.exists())):
        said_to_them = sentence(
            "That account belongs to another user of %(label)s.", label=provider.label
        )
        raise refusal(provider, "account_taken", said_to_them, subject=said.subject)
    return user


def keys(rules: Policy, said: Claims) -> frozenset[str]:
    """By what a rule would find somebody."""
    if rules.link_by is LinkBy.NAME:
        return frozenset({fold(said.name)} if "@" not in said.name else ())
    if rules.link_by is LinkBy.VERIFIED_EMAIL:
        mine = [each for each in said.verified_addresses if domain_of(each) in rules.link_domains]
        return frozenset(map(fold, mine))
    if rules.link_by is LinkBy.SCIM_USER_NAME:
        return frozenset({fold(said.name)})
    return frozenset({said.subject} if rules.link_by is LinkBy.SCIM_EXTERNAL_ID else ())


@open_to_everyone(because="the provider has vouched for who they are, as its protocol has checked")
def leading(work: UnitOfWork, rules: Policy, wanted: Collection[str]) -> set[str]:
    """Those of some keys that may lead to somebody; `by_rule` says whether they do."""
    if rules.link_by is LinkBy.NOTHING or not wanted:
        return set()
    column = {
        LinkBy.NAME: Owner.name_key,
        LinkBy.VERIFIED_EMAIL: EmailAddress.address_key,
        LinkBy.SCIM_USER_NAME: ScimUser.name_key,
        LinkBy.SCIM_EXTERNAL_ID: ScimUser.external_id,
    }[rules.link_by]
    found = work.session.scalars(sa.select(column).where(column.in_(wanted)))
    return {key for key in found if key is not None}


def _meant(work: UnitOfWork, rules: Policy, said: Claims) -> User | None:
    if rules.link_by is LinkBy.NAME:
        found = fetch.claimed_user(work, said.name) if "@" not in said.name else None
        return found if found is not None and found.is_active else None
    if rules.link_by is LinkBy.NOTHING:
        return None
    if rules.link_by in BY_SCIM:
        return _provisioned(work, rules, said)
    # An address that a user wrote down themself would let them catch somebody else's identity.
    return work.session.scalar(
        sa.select(User)
        .join(EmailAddress, EmailAddress.user_id == User.id)
        .where(
            EmailAddress.address_key.in_(keys(rules, said)),
            EmailAddress.is_verified.is_(True),
            User.state == UserState.ACTIVE,
        )
        .order_by(User.created_at)
        .limit(1)
    )


def _provisioned(work: UnitOfWork, rules: Policy, said: Claims) -> User | None:
    """The user of whom that SCIM provider told, if it is switched on, and there is just one."""
    is_by_name = rules.link_by is LinkBy.SCIM_USER_NAME
    wanted = (
        ScimUser.name_key == fold(said.name)
        if is_by_name
        else (ScimUser.external_id == said.subject)
    )
    query = (
        sa.select(User)
        .join(Identity, Identity.user_id == User.id)
        .join(ScimUser, ScimUser.identity_id == Identity.id)
        .join(IdentityProvider, IdentityProvider.id == ScimUser.provider_id)
        .where(
            wanted,
            ScimUser.deleted_at.is_(None),
            IdentityProvider.name == rules.link_provider,
            IdentityProvider.kind == ProviderKind.SCIM,
            IdentityProvider.is_enabled.is_(True),
        )
        .limit(2)
    )
    found = work.session.scalars(query).all()
    return found[0] if len(found) == 1 else None  # Of two who may be meant, neither is.
