"""Every credential, with whose it is, how old, when it was used last and what it reaches.

For administrators and auditors over the instance; for owners, security officers and auditors of an
organisation over what lets somebody in there.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_credentials
from appliance.db import credential_inventory
from appliance.db.credentials import LastUse, TokenRepository
from appliance.db.identity_providers import IdentityProvider
from appliance.db.organisations import Organisation
from appliance.db.paging import USUAL_LIMIT, Key, Page, in_order, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.credentials import CredentialKind
from appliance.domain.permissions import Permission

ORDERS = {"created": (), "used": (), "expires": (), "name": ()}
"""What a list is sorted by; the columns belong to each question."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class Holder(StrEnum):
    """Whose credentials are asked for."""

    PERSON = "person"
    MACHINE = "machine"


@dataclass(frozen=True)
class Filter:
    """What is asked for; nothing: all."""

    kind: CredentialKind | None = None
    holder: Holder | None = None
    unused_days: int | None = None
    """Nobody has used it for so many days."""


@dataclass(frozen=True)
class Item:
    """A credential."""

    id: UUID
    kind: CredentialKind
    name: str
    mark: str
    """How it begins, or its fingerprint."""
    owner: str
    """The user, the repository or the identity provider; empty: the instance."""
    organisation: str
    """That owns the machine, or the repository."""
    is_machine: bool
    scopes: tuple[str, ...]
    """Of a token; of a key what it is for."""
    reach: str
    """`all` that its user can reach, or `chosen` repositories."""
    repositories: tuple[str, ...]
    """Those that were chosen, as far as they are the organisation's that asks."""
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    used_from: str

    @property
    def key(self) -> str:
        """By which it is named in a list."""
        return f"{self.kind}.{self.id}"


def listed(
    work: UnitOfWork,
    organisation: str = "",
    *,
    wanted: Filter = Filter(),
    search: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Item]:
    """The credentials of the instance, or those that reach an organisation; newest first as a rule.

    `search` is a part of its name, of whose it is, or of how it begins.

    Errors:
        HiddenError, RefusedError: the actor may not see them.
    """
    of = fetch_credentials.owner(
        work, organisation, Permission.AUDIT_READ, of_instance=Permission.INSTANCE_SEE_ALL
    )
    organisation_id = of.id if of else None
    rows = (
        credential_inventory.everything()
        if organisation_id is None
        else credential_inventory.reaching(organisation_id)
    ).subquery("credentials")
    used = sa.func.coalesce(LastUse.used_at, rows.c.created_at, type_=rows.c.created_at.type)
    query = _narrowed(_query(rows), rows, used, wanted, search, work.begun_at)
    orders = {
        "created": (rows.c.created_at, rows.c.id),
        "used": (used, rows.c.id),
        "expires": (sa.func.coalesce(rows.c.expires_at, sa.literal(NEVER, rows.c.created_at.type),
                                     type_=rows.c.created_at.type), rows.c.id),
        "name": (rows.c.name, rows.c.id),
    }  # fmt: skip
    keys, is_descending = in_order(cast("dict[str, tuple[Key, ...]]", orders), order)
    found = page(
        work.session,
        query,
        *keys,
        make=_item,
        after=after,
        limit=limit,
        newest_first=is_descending,
    )
    chosen = _chosen(work, [each.id for each in found.items], organisation_id)
    items = [
        dataclasses.replace(each, repositories=chosen.get(each.id, each.repositories))
        for each in found.items
    ]
    return Page(items, found.next)


def _query(rows: sa.Subquery) -> sa.Select[Any]:
    return (
        sa.select(
            rows,
            User.name.label("user"),
            sa.func.coalesce(User.is_machine, sa.false()).label("is_machine"),
            Organisation.name.label("organisation"),
            Repository,
            IdentityProvider.name.label("provider"),
            LastUse.used_at,
            LastUse.address,
        )
        .select_from(rows)
        .outerjoin(User, User.id == rows.c.user_id)
        .outerjoin(Repository, Repository.id == rows.c.repository_id)
        .outerjoin(
            Organisation,
            Organisation.id
            == sa.func.coalesce(User.owner_organisation_id, Repository.organisation_id),
        )
        .outerjoin(IdentityProvider, IdentityProvider.id == rows.c.provider_id)
        .outerjoin(LastUse, LastUse.credential_id == rows.c.id)
    )


def _narrowed(
    query: sa.Select[Any],
    rows: sa.Subquery,
    used: sa.ColumnElement[datetime],
    wanted: Filter,
    search: str,
    now: datetime,
) -> sa.Select[Any]:
    if wanted.kind is not None:
        query = query.where(rows.c.kind == str(wanted.kind))
    if wanted.holder is Holder.PERSON:
        query = query.where(User.is_machine.is_(False))
    elif wanted.holder is Holder.MACHINE:
        deploys = rows.c.kind == str(CredentialKind.DEPLOY_KEY)
        query = query.where(sa.or_(User.is_machine.is_(True), deploys))
    if wanted.unused_days is not None:
        query = query.where(used < now - timedelta(days=wanted.unused_days))
    if search:
        texts = (rows.c.name, rows.c.mark, User.name, Repository.name, Repository.owner_name)
        query = query.where(sa.or_(*(text.icontains(search, autoescape=True) for text in texts)))
    return query


def _item(row: sa.Row[Any]) -> Item:
    path = row.Repository.path if row.Repository is not None else ""
    kind = CredentialKind(row.kind)
    is_token = kind is CredentialKind.TOKEN
    return Item(
        id=row.id,
        kind=kind,
        name=row.name,
        mark=row.mark,
        owner=row.user or path or row.provider or "",
        organisation=row.organisation or "",
        is_machine=bool(row.is_machine),
        scopes=tuple(json.loads(row.scopes)) if is_token else tuple(filter(None, [row.scopes])),
        reach=row.reach,
        repositories=(path,) if path else (),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        used_from=row.address or "",
    )


def _chosen(
    work: UnitOfWork, ids: list[UUID], organisation_id: UUID | None
) -> dict[UUID, tuple[str, ...]]:
    """The repositories that tokens were made for: an organisation sees its own."""
    query = (
        sa.select(TokenRepository.token_id, Repository)
        .join(Repository, Repository.id == TokenRepository.repository_id)
        .where(TokenRepository.token_id.in_(ids))
        .order_by(Repository.owner_name, Repository.name)
    )
    if organisation_id is not None:
        query = query.where(Repository.organisation_id == organisation_id)
    found: dict[UUID, tuple[str, ...]] = {}
    for token_id, repository in work.session.execute(query):
        found[token_id] = (*found.get(token_id, ()), repository.path)
    return found
