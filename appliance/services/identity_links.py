"""A person's identities: which there are and what they give, linking and unlinking them by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_person, fetch_provider, gate
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.claims import Claims, checked
from appliance.domain.identity_providers import LinkedBy, ProviderKind
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, RefusedError, sentence
from appliance.services import group_rules, identities, provided_rights
from appliance.services.group_rules import ListedRule

GROUPS_ASKED = 500


@dataclass(frozen=True)
class ListedIdentity:
    """An identity of a user, the provider's name with it, and what its groups give."""

    id: UUID
    provider: str
    label: str
    kind: ProviderKind
    subject: str
    linked_by: LinkedBy
    is_active: bool
    said_name: str
    said_email: str
    groups: tuple[str, ...]
    gives: tuple[ListedRule, ...]
    created_at: datetime
    seen_at: datetime


def of_user(work: UnitOfWork, name: str | None) -> list[ListedIdentity]:
    """One's own identities (`None`), or those of a user for who manages users."""
    user = fetch.account(work, name)
    query = (
        sa.select(Identity, IdentityProvider)
        .join(IdentityProvider, IdentityProvider.id == Identity.provider_id)
        .where(Identity.user_id == user.id)
        .order_by(IdentityProvider.position, Identity.id)
    )
    return [_listed(work, row[0], row[1]) for row in work.session.execute(query).all()]


def link(
    work: UnitOfWork, name: str, provider_name: str, subject: str, *, now: datetime
) -> ListedIdentity:
    """Let a provider's subject lead to a user, as an administrator who knows that it is them.

    Errors:
        ConflictError: it leads to somebody already.
        InvalidError: it is no subject.
    """
    provider = fetch_provider.provider(work, provider_name, Permission.PROVIDERS_MANAGE)
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    plain = checked(Claims(subject=subject.strip())).subject
    made = identities.add_identity(work, provider.id, user, plain, LinkedBy.ADMINISTRATOR, now=now)
    return _listed(work, made, provider)


def link_own(
    work: UnitOfWork, provider_id: UUID, claims: Claims, *, now: datetime
) -> ListedIdentity:
    """Let the person at a provider lead to oneself: both were shown, here and there, just now.

    Errors:
        ElevationRequiredError: they must confirm here who they are first.
        ConflictError: it leads to somebody already, or the provider lets them in no more.
    """
    user = fetch_person.own(work)
    provider = work.session.get_one(IdentityProvider, provider_id)
    said = checked(claims)
    if not provider.is_enabled or not said.is_active:
        raise ConflictError(sentence("Sign-in with %(label)s is disabled.", label=provider.label))
    made = identities.add_identity(work, provider.id, user, said.subject, LinkedBy.PERSON, now=now)
    identities.follow(work, made.id, said, now=now)
    return _listed(work, made, provider)


def unlink(work: UnitOfWork, identity_id: UUID, *, now: datetime) -> str:
    """Let an identity no longer lead to its user: one's own, or anybody's for who manages users.
    What its groups gave goes, and so do sessions that it opened. Gives whose it was.

    Errors:
        ConflictError: it is one's own and the only way in.
        RefusedError: it is one's own, and an identity provider or an administrator made it.
    """
    identity = fetch_provider.identity(work, identity_id)
    user = work.session.get_one(User, identity.user_id)
    if user.id == work.actor.id:
        _insist_on_another(work, user, identity)
        _insist_on_own_link(work, identity)
    work.record(
        events.IdentityUnlinked(
            about=user.id,
            person=user.pseudonym,
            provider_id=str(identity.provider_id),
            subject=identity.subject,
        )
    )
    identities.end_sessions(work, identity, now=now)
    work.session.delete(identity)
    work.session.flush()  # What it gave is asked of what is left.
    provided_rights.settle(work, user, now=now)
    return user.name


def _insist_on_another(work: UnitOfWork, user: User, identity: Identity) -> None:
    if user.password_hash is not None:
        return
    others = sa.select(Identity.id).where(
        Identity.user_id == identity.user_id, Identity.id != identity.id
    )
    if not work.session.scalar(sa.select(others.exists())):
        raise ConflictError(
            sentence("This is your only way to sign in. Ask an administrator for another first.")
        )


def _insist_on_own_link(work: UnitOfWork, identity: Identity) -> None:
    # Who unlinked what the directory knows them by would stay when it keeps them out.
    if identity.linked_by is LinkedBy.PERSON or gate.is_allowed(work, Permission.USERS_MANAGE):
        return
    raise RefusedError(
        sentence("You did not link this yourself. Ask an administrator to unlink it.")
    )


def _listed(work: UnitOfWork, identity: Identity, provider: IdentityProvider) -> ListedIdentity:
    groups = tuple(identity.groups or ())
    gives = group_rules.that_give(work, provider.id, list(groups[:GROUPS_ASKED]))
    return ListedIdentity(
        id=identity.id,
        provider=provider.name,
        label=provider.label,
        kind=provider.kind,
        subject=identity.subject,
        linked_by=identity.linked_by,
        is_active=identity.is_active,
        said_name=identity.said_name,
        said_email=identity.said_email,
        groups=groups,
        gives=tuple(gives),
        created_at=identity.created_at,
        seen_at=identity.seen_at,
    )
