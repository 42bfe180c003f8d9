"""Tokens with which a SCIM client provisions for one provider: made, listed, revoked.

Several stand side by side, so that one can be exchanged for another without a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_provider, fetch_scim
from appliance.db.credentials import LastUse
from appliance.db.identity_providers import IdentityProvider
from appliance.db.scim import ScimGroup, ScimToken, ScimUser
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import address_lists, events
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission
from appliance.domain.scim import MOST_TOKENS
from appliance.errors import ConflictError, sentence
from appliance.security import tokens
from appliance.services import token_life

if TYPE_CHECKING:
    from appliance.wiring import SignInTools

NEEDED = Permission.PROVIDERS_MANAGE
LAST_SHOWN = 10


@dataclass(frozen=True)
class NewScimToken:
    """A token just made. The secret is shown once and kept nowhere."""

    token: ScimToken
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ListedScimToken:
    """A token, and when it was used last."""

    token: ScimToken
    used_at: datetime | None
    used_from: str


@dataclass(frozen=True)
class Told:
    """Something that the client told of, and when it last said something else of it."""

    kind: str
    name: str
    is_deleted: bool
    changed_at: datetime


@dataclass(frozen=True)
class Overview:
    """What a client has told of so far."""

    users: int
    groups: int
    last: tuple[Told, ...]


def make(
    work: UnitOfWork,
    provider_name: str,
    *,
    name: str,
    expires_at: datetime | None,
    networks: Sequence[str] = (),
    tools: SignInTools,
    now: datetime,
) -> NewScimToken:
    """Make a token for the client of a provider.

    Errors:
        ConflictError: the provider is no SCIM client, or it has too many tokens.
        InvalidError: it would end in the past, or later than the instance allows; or one of the
            networks is none.
    """
    provider = fetch_provider.provider(work, provider_name, NEEDED)
    _insist_on_scim(provider)
    if len(_listed(work, provider.id)) >= MOST_TOKENS:
        said = sentence("There are already %(most)s tokens. Revoke one first.", most=MOST_TOKENS)
        raise ConflictError(said)
    token_life.insist(work, expires_at, now)
    secret = tokens.mint()
    token = ScimToken(
        id=new_id(),
        provider_id=provider.id,
        name=check_title("name", name),
        secret_hash=tokens.fingerprint(secret, key=tools.fingerprint_key),
        shown_prefix=tokens.shown_part(secret),
        networks=address_lists.networks(networks),
        created_at=now,
        expires_at=expires_at,
    )
    work.session.add(token)
    work.record(
        events.ScimTokenCreated(
            about=provider.id,
            token_id=str(token.id),
            expires_at=expires_at.isoformat() if expires_at else None,
            networks=token.networks or None,
            name=token.name,
        )
    )
    return NewScimToken(token, secret)


def list_tokens(work: UnitOfWork, provider_name: str) -> list[ListedScimToken]:
    """The tokens of a provider that were not revoked, oldest first."""
    return _listed(work, fetch_provider.provider(work, provider_name, NEEDED).id)


def revoke(work: UnitOfWork, provider_name: str, token_id: UUID, *, now: datetime) -> None:
    """Stop a token.

    Errors:
        ConflictError: it was revoked already.
    """
    provider = fetch_provider.provider(work, provider_name, NEEDED)
    token = fetch_scim.token(work, provider, token_id)
    if token.revoked_at is not None:
        raise ConflictError("This token was revoked already.")
    token.revoked_at = now
    work.record(events.ScimTokenRevoked(about=provider.id, token_id=str(token.id)))


def overview(work: UnitOfWork, provider_name: str) -> Overview:
    """What the client of a provider has told of, and what it changed last."""
    provider = fetch_provider.provider(work, provider_name, NEEDED)
    people = sa.select(ScimUser).where(ScimUser.provider_id == provider.id)
    groups = sa.select(ScimGroup).where(ScimGroup.provider_id == provider.id)
    last = [
        *(
            Told("user", _name(each), each.deleted_at is not None, each.changed_at)
            for each in work.session.scalars(
                people.order_by(ScimUser.changed_at.desc(), ScimUser.id).limit(LAST_SHOWN)
            )
        ),
        *(
            Told("group", each.name, is_deleted=False, changed_at=each.changed_at)
            for each in work.session.scalars(
                groups.order_by(ScimGroup.changed_at.desc(), ScimGroup.id).limit(LAST_SHOWN)
            )
        ),
    ]
    count = sa.func.count()
    present = people.where(ScimUser.deleted_at.is_(None)).with_only_columns(count)
    return Overview(
        users=work.session.scalar(present) or 0,
        groups=work.session.scalar(groups.with_only_columns(count)) or 0,
        last=tuple(sorted(last, key=lambda each: each.changed_at, reverse=True)[:LAST_SHOWN]),
    )


def _listed(work: UnitOfWork, provider_id: UUID) -> list[ListedScimToken]:
    query = (
        sa.select(ScimToken, LastUse.used_at, LastUse.address)
        .outerjoin(LastUse, LastUse.credential_id == ScimToken.id)
        .where(ScimToken.provider_id == provider_id, ScimToken.revoked_at.is_(None))
        .order_by(ScimToken.id)
    )
    rows = work.session.execute(query).all()
    return [ListedScimToken(row[0], row[1], row[2] or "") for row in rows]


def _name(user: ScimUser) -> str:
    return str(user.content.get("userName", user.external_id or user.id))


def _insist_on_scim(provider: IdentityProvider) -> None:
    if provider.kind is not ProviderKind.SCIM:
        raise ConflictError(
            sentence("%(label)s is not a SCIM client and has no tokens.", label=provider.label)
        )
