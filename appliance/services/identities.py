"""Who arrives by an identity provider: known again, linked by rule, created by policy, or refused.

A protocol has checked that the system said so, and calls `arrive` when somebody signs in, or
`follow` when the system only tells (synchronisation, SCIM, a refresh in the background). Both do
what was said: they let in or keep out, give and take what groups give, and keep the profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.claims import Claims, SessionFacts, checked
from appliance.domain.identity_providers import LinkedBy, policy
from appliance.errors import ConflictError, sentence
from appliance.services import entry, kept_profiles, linking, new_users, provided_rights

refusal = linking.refusal  # For the protocols.


@dataclass(frozen=True)
class Arrived:
    """Somebody whom a provider vouches for, and what came of it. `sign_in.by_provider` takes it."""

    provider_id: UUID
    identity_id: UUID
    user_id: UUID
    facts: SessionFacts
    may_enter: bool
    is_new: bool = False
    """Whether a user was created for them."""
    name: str = ""
    wished_name: str = ""
    """What their name would have been, had it been free and a name; empty where it is."""


@dataclass(frozen=True)
class Foreseen:
    """Who somebody would be here, and how: `known`, by `rule`, or `created`."""

    way: str
    user_name: str
    wished_name: str = ""
    """What a new user would have been called, had it been free."""


@open_to_everyone(because="the provider has vouched for who it is, as its protocol has checked")
def arrive(work: UnitOfWork, provider_id: UUID, claims: Claims, *, now: datetime) -> Arrived:
    """The user whom these claims are about: found, linked or created, and brought up to date.

    Whether they may enter is in the answer, not raised: what was learnt of them is kept.

    Errors:
        UnauthenticatedError: the provider is off, or nobody here is meant; the event says why.
        InvalidError: the claims are not as they should be.
    """
    provider = _enabled(work, provider_id)
    said = checked(claims)
    identity = meant(work, provider.id, said)
    made: new_users.Named | None = None
    if identity is None:
        identity, made = _first_seen(work, provider, said, now)
    user = work.session.get_one(User, identity.user_id)
    _bring_up_to_date(work, provider, identity, user, said, now)
    return Arrived(
        provider_id=provider.id,
        identity_id=identity.id,
        user_id=user.id,
        facts=said.facts,
        may_enter=said.is_active and user.is_active,
        is_new=made is not None,
        name=user.name,
        wished_name=made.wished_name if made else "",
    )


@open_to_everyone(because="whoever tries a provider was asked")
def foreseen(work: UnitOfWork, provider: IdentityProvider, claims: Claims) -> Foreseen:
    """What would come of these claims, if somebody arrived with them now. Changes nothing.

    Errors:
        UnauthenticatedError: nobody here is meant; it says why.
        InvalidError: the claims are not as they should be.
    """
    said = checked(claims)
    identity = meant(work, provider.id, said)
    if identity is not None:
        return Foreseen("known", work.session.get_one(User, identity.user_id).name)
    user = linking.by_rule(work, provider, said)
    if user is not None:
        return Foreseen(LinkedBy.RULE, user.name)
    wished = _wished(provider, said)
    name = new_users.free_name(work, wished)
    return Foreseen(LinkedBy.CREATED, name, new_users.missed(wished, name))


@open_to_everyone(because="the provider has vouched for who it is, as its protocol has checked")
def provision(work: UnitOfWork, provider_id: UUID, claims: Claims, *, now: datetime) -> Identity:
    """The identity of somebody of whom a provider tells for the first time: linked by its rule, or
    a user created for them, also where it does not let them in yet.

    Errors:
        UnauthenticatedError: the provider is off, or its policy does not allow it.
        InvalidError: the claims are not as they should be.
        ConflictError: it knows them already.
    """
    provider = _enabled(work, provider_id)
    said = checked(claims)
    identity, _ = _first_seen(work, provider, replace(said, is_active=True), now)
    user = work.session.get_one(User, identity.user_id)
    _bring_up_to_date(work, provider, identity, user, said, now)
    return identity


@open_to_everyone(because="the provider has vouched for who it is, as its protocol has checked")
def follow(work: UnitOfWork, identity_id: UUID, claims: Claims, *, now: datetime) -> bool:
    """Bring a known person up to date with what their provider says; says whether they may enter.

    The caller found the identity by the subject of these claims.
    """
    identity = work.session.get_one(Identity, identity_id)
    user = work.session.get_one(User, identity.user_id)
    follow_all(work, [(identity, claims)], now=now)
    return claims.is_active and user.is_active


@open_to_everyone(because="the provider has vouched for who they are, as its protocol has checked")
def follow_all(
    work: UnitOfWork, people: Sequence[tuple[Identity, Claims | None]], *, now: datetime
) -> dict[UUID, User]:
    """Bring known people up to date with what their provider says, or that it knows them no longer.

    How many they are makes few more questions. Gives the users, by id.
    """
    users = _users(work, [identity for identity, _ in people])
    addresses = email_addresses.primaries(work.session, users)
    for identity, claims in people:
        user = users[identity.user_id]
        if claims is None:
            entry.let_in_or_keep_out(work, identity, user, is_active=False, now=now)
            continue
        provider = work.session.get_one(IdentityProvider, identity.provider_id)
        address = addresses.get(user.id, "")
        _take_over(work, provider, identity, user, checked(claims), address=address, now=now)
    work.session.flush()  # What groups give is asked of the rows.
    provided_rights.settle(work, *users.values(), now=now)
    return users


@open_to_everyone(because="the provider says so, as its protocol has checked")
def gone(work: UnitOfWork, identity_id: UUID, *, now: datetime) -> bool:
    """Keep somebody out whom their provider no longer knows; says whether that changed anything."""
    before = len(work.recorded)
    follow_all(work, [(work.session.get_one(Identity, identity_id), None)], now=now)
    return len(work.recorded) > before


@open_to_everyone(because="the provider says so, as its protocol has checked")
def sign_out(
    work: UnitOfWork,
    provider_id: UUID,
    *,
    external_id: str = "",
    subject: str = "",
    now: datetime,
) -> int:
    """End the sessions that a provider opened and has ended: that of a name, or all of a subject;
    where both are said, both must fit. Gives how many it was.
    """
    if not external_id and not subject:
        return 0
    query = sa.select(BrowserSession).where(
        BrowserSession.provider_id == provider_id, BrowserSession.revoked_at.is_(None)
    )
    if external_id:
        query = query.where(BrowserSession.external_id == external_id)
    if subject:
        theirs = sa.select(Identity.id).where(
            Identity.provider_id == provider_id, Identity.subject == subject
        )
        query = query.where(BrowserSession.identity_id.in_(theirs))
    return _end(work, query, now)


@open_to_everyone(because="whoever unlinks was asked")
def end_sessions(work: UnitOfWork, identity: Identity, *, now: datetime) -> int:
    """End the sessions that an identity opened; gives how many."""
    query = sa.select(BrowserSession).where(
        BrowserSession.identity_id == identity.id, BrowserSession.revoked_at.is_(None)
    )
    return _end(work, query, now)


@open_to_everyone(because="it only says whom a provider means")
def meant(work: UnitOfWork, provider_id: UUID, said: Claims) -> Identity | None:
    """The identity of whom a provider speaks, if they have one here: by their subject, or by what
    an earlier release called it.
    """
    found = _known(work, provider_id, said.subject)
    if found is None and said.former_subject:
        found = _known(work, provider_id, said.former_subject)
        return found if found is not None and said.was(found.subject, found.said_name) else None
    return found


@open_to_everyone(because="it only says whom a provider means")
def known(work: UnitOfWork, provider_id: UUID, subject: str) -> Identity | None:
    """The identity of a provider's subject, if it has one here."""
    return _known(work, provider_id, subject)


@open_to_everyone(because="whoever links was asked, or the provider has vouched for them")
def add_identity(
    work: UnitOfWork,
    provider_id: UUID,
    user: User,
    subject: str,
    linked_by: LinkedBy,
    *,
    now: datetime,
) -> Identity:
    """Let a provider's subject lead to a user. Flushes, because what follows refers to it.

    Errors:
        ConflictError: it leads to somebody already.
    """
    entry.insist_on_person(user)
    present = _known(work, provider_id, subject)
    if present is not None:
        raise ConflictError(
            sentence("That identity is already linked to a user. Unlink it there first.")
        )
    identity = Identity(
        provider_id=provider_id,
        user_id=user.id,
        subject=subject,
        linked_by=linked_by,
        created_at=now,
        seen_at=now,
    )
    work.session.add(identity)
    work.session.flush()
    work.record(linked(user, identity))
    return identity


def linked(user: User, identity: Identity) -> events.IdentityLinked:
    """The event that says that an identity leads to a user."""
    return events.IdentityLinked(
        about=user.id,
        person=user.pseudonym,
        provider_id=str(identity.provider_id),
        by_rule=identity.linked_by is LinkedBy.RULE,
        subject=identity.subject,
    )


def restated(user: User, identity: Identity, subject: str) -> events.IdentityRestated:
    """The event that says that an identity is called something else here."""
    return events.IdentityRestated(
        about=user.id,
        person=user.pseudonym,
        provider_id=str(identity.provider_id),
        former_subject=identity.subject,
        subject=subject,
    )


def _end(work: UnitOfWork, query: sa.Select[BrowserSession], now: datetime) -> int:
    found = work.session.scalars(query).all()
    for session in found:
        session.revoked_at = now
        work.record(events.SessionRevoked(about=session.id, user_id=str(session.user_id)))
    return len(found)


def _enabled(work: UnitOfWork, provider_id: UUID) -> IdentityProvider:
    provider = work.session.get_one(IdentityProvider, provider_id)
    if not provider.is_enabled:
        said = sentence("Sign-in with %(label)s is disabled.", label=provider.label)
        raise refusal(provider, "provider_disabled", said)
    return provider


def _known(work: UnitOfWork, provider_id: UUID, subject: str) -> Identity | None:
    return work.session.scalar(
        sa.select(Identity).where(Identity.provider_id == provider_id, Identity.subject == subject)
    )


def _first_seen(
    work: UnitOfWork, provider: IdentityProvider, said: Claims, now: datetime
) -> tuple[Identity, new_users.Named | None]:
    """A new identity for who was never seen: of the user whom the rule means, or of a new one."""
    user = linking.by_rule(work, provider, said)
    made, linked_by = None, LinkedBy.RULE
    if user is None:
        made = _created(work, provider, said, now)
        user, linked_by = made.user, LinkedBy.CREATED
    return add_identity(work, provider.id, user, said.subject, linked_by, now=now), made


def _created(
    work: UnitOfWork, provider: IdentityProvider, said: Claims, now: datetime
) -> new_users.Named:
    wished = _wished(provider, said)
    return new_users.create(work, wished, provider_id=provider.id, now=now)


def _wished(provider: IdentityProvider, said: Claims) -> str:
    """The name that a new user would like, where one may be created."""
    rules = policy(provider.policy)
    if not rules.creates_users or not said.is_active:
        text = sentence(
            "%(label)s knows you, but you have no account here. Ask an administrator.",
            label=provider.label,
        )
        raise refusal(provider, "not_known", text, subject=said.subject)
    return said.wished_name


def _users(work: UnitOfWork, identities: Sequence[Identity]) -> dict[UUID, User]:
    ids = {identity.user_id for identity in identities}
    found = work.session.scalars(sa.select(User).where(User.id.in_(ids)).order_by(User.id))
    return {user.id: user for user in found}


def _bring_up_to_date(
    work: UnitOfWork,
    provider: IdentityProvider,
    identity: Identity,
    user: User,
    said: Claims,
    now: datetime,
) -> None:
    address = email_addresses.primary(work.session, user.id)
    _take_over(work, provider, identity, user, said, address=address, now=now)
    work.session.flush()  # What groups give is asked of the rows.
    provided_rights.settle(work, user, now=now)


def _take_over(
    work: UnitOfWork,
    provider: IdentityProvider,
    identity: Identity,
    user: User,
    said: Claims,
    *,
    address: str,
    now: datetime,
) -> None:
    """Everything that was said of somebody who is written to at `address`, but what groups give."""
    if said.was(identity.subject, identity.said_name):
        work.record(restated(user, identity, said.subject))
        identity.subject = said.subject
    identity.seen_at = now
    identity.said_name, identity.said_email = said.name, said.address
    if said.groups is not None:
        identity.groups = sorted(said.groups)
    entry.let_in_or_keep_out(work, identity, user, is_active=said.is_active, now=now)
    rules = policy(provider.policy)
    if rules.keeps_profile:
        kept_profiles.keep(work, user, said, rules, address)
