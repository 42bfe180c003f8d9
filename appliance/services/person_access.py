"""Where each right of a person comes from: what they are, where, by whom or what it was given.

For the person themself and for administrators; for owners of an organisation, what concerns it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, grants
from appliance.db.access_requests import TemporaryRight
from appliance.db.credentials import AccessToken, BrowserSession, SshKey
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.repositories import Grant, Repository
from appliance.db.second_factors import AuthenticatorApp, SecurityKey
from appliance.db.signing_keys import OpenPgpKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.permissions import (
    REPOSITORY_ROLE_OF,
    InstanceRole,
    Permission,
)
from appliance.errors import HiddenError, sentence

MOST = 1000
"""Repositories named one by one."""
INSTANCE, ORGANISATION, TEAM, REPOSITORY, ALL_OF = (
    *("instance", "organisation", "team"),
    *("repository", "repositories"),
)


@dataclass(frozen=True)
class Right:
    """One right, and where it comes from."""

    on: str
    """`instance`, `organisation`, `team`, `repository`, or `repositories`: all that are there."""
    name: str
    role: str
    source: str
    """`direct`: a person gave it. `provider`: a group of an identity provider. `team`, `base`,
    `organisation` or `owner`, as on the access page of a repository; `request`: until a time."""
    through: str = ""
    """The team, or the identity provider."""
    since: datetime | None = None
    until: datetime | None = None
    """When it ends by itself."""


@dataclass(frozen=True)
class Held:
    """How many of each somebody holds that lets them in."""

    identities: int
    sessions: int
    tokens: int
    ssh_keys: int
    openpgp_keys: int
    factors: int


@dataclass(frozen=True)
class PersonAccess:
    """Everything that somebody is and may, with where it comes from."""

    user: User
    rights: list[Right]
    held: Held | None
    """None for who sees one organisation alone."""
    is_cut: bool
    """Whether there are more repositories than are named."""


def of_user(work: UnitOfWork, name: str | None, *, now: datetime) -> PersonAccess:
    """Of oneself (`None`), or of that user for administrators."""
    user = fetch.account(work, name)
    named, is_cut = _on_repositories(work, user, None)
    rights = [*_on_instance(work, user), *_in_organisations(work, user, None), *named]
    rights += _for_a_time(work, user, None)
    return PersonAccess(user, rights, _held(work, user, now), is_cut)


def of_member(work: UnitOfWork, organisation: str, name: str) -> PersonAccess:
    """Of a member, or of somebody who was given something there, for owners of an organisation.

    Errors:
        HiddenError: they have nothing to do with it.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MEMBERS)
    user = fetch.user(work, name, Permission.USERS_READ)
    named, is_cut = _on_repositories(work, user, found.id)
    rights = [*_in_organisations(work, user, found.id), *named]
    rights += _for_a_time(work, user, found.id)
    if not rights:
        raise HiddenError(
            sentence(
                "%(name)s has no right in %(organisation)s.",
                name=user.name,
                organisation=found.name,
            )
        )
    return PersonAccess(user, rights, None, is_cut)


def _on_instance(work: UnitOfWork, user: User) -> Iterator[Right]:
    if user.instance_role is InstanceRole.USER:
        return
    label = _label(work, user.role_provider_id)
    source = "provider" if user.role_provider_id else "direct"
    yield Right(INSTANCE, "", user.instance_role, source, label)
    everywhere = {InstanceRole.ADMINISTRATOR: "owner", InstanceRole.AUDITOR: "reader"}
    yield Right(ALL_OF, "", everywhere[user.instance_role], "instance", user.instance_role)


def _in_organisations(work: UnitOfWork, user: User, only: UUID | None) -> Iterator[Right]:
    query = (
        sa.select(Membership, Organisation, IdentityProvider.label)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(IdentityProvider, IdentityProvider.id == Membership.provider_id)
        .where(Membership.user_id == user.id, Organisation.deleted_at.is_(None))
        .order_by(Organisation.name)
    )
    if only is not None:
        query = query.where(Organisation.id == only)
    for row, organisation, label in work.session.execute(query).all():
        source = "provider" if row.provider_id else "direct"
        yield Right(
            *(ORGANISATION, organisation.name, row.role, source, label or ""), row.created_at
        )
        by_role = REPOSITORY_ROLE_OF[row.role]
        if by_role is not None:
            yield Right(ALL_OF, organisation.name, by_role, "organisation", row.role)
        if organisation.base_role is not None:
            yield Right(ALL_OF, organisation.name, organisation.base_role, "base")
        yield from _in_teams(work, user, organisation)


def _in_teams(work: UnitOfWork, user: User, organisation: Organisation) -> Iterator[Right]:
    query = (
        sa.select(Team.name, TeamMembership, IdentityProvider.label)
        .join(Team, Team.id == TeamMembership.team_id)
        .outerjoin(IdentityProvider, IdentityProvider.id == TeamMembership.provider_id)
        .where(TeamMembership.user_id == user.id, Team.organisation_id == organisation.id)
        .order_by(Team.name)
    )
    for name, row, label in work.session.execute(query):
        source = "provider" if row.provider_id else "direct"
        path = f"{organisation.name}/{name}"
        yield Right(TEAM, path, "member", source, label or "", row.created_at)


def _on_repositories(work: UnitOfWork, user: User, only: UUID | None) -> tuple[list[Right], bool]:
    """Those that they own or were given, by themself or by a team, and whether there are more."""
    teams = grants.teams_of(user.id, work.begun_at)
    granted: Any = (
        sa.select(Repository, Grant.role, Grant.created_at, Team.name, Organisation.name)
        .join(Grant, Grant.repository_id == Repository.id)
        .outerjoin(Team, Team.id == Grant.team_id)
        .outerjoin(Organisation, Organisation.id == Team.organisation_id)
        .where(
            Repository.deleted_at.is_(None),
            sa.or_(Grant.user_id == user.id, Grant.team_id.in_(sa.select(teams.c.id))),
        )
    )
    owned = sa.select(Repository).where(
        Repository.owner_id == user.id,
        Repository.deleted_at.is_(None),
        Repository.wiki_of_id.is_(None),
    )
    order = (Repository.owner_name, Repository.name)
    if only is not None:
        granted = granted.where(Repository.organisation_id == only)
        owned = owned.where(sa.false())
    rights = [
        Right(REPOSITORY, row.path, "owner", "owner", since=row.created_at)
        for row in work.session.scalars(owned.order_by(*order).limit(MOST + 1))
    ]
    for row, role, since, team, organisation in work.session.execute(
        granted.order_by(*order).limit(MOST + 1)
    ):
        source, through = ("team", f"{organisation}/{team}") if team else ("direct", "")
        rights.append(Right(REPOSITORY, row.path, role, source, through, since))
    return rights[:MOST], len(rights) > MOST


def _for_a_time(work: UnitOfWork, user: User, only: UUID | None) -> Iterator[Right]:
    """What they were given on request, and ends by itself."""
    query = (
        sa.select(TemporaryRight, Repository, Organisation.name, Team.name)
        .outerjoin(Repository, Repository.id == TemporaryRight.repository_id)
        .outerjoin(Organisation, Organisation.id == TemporaryRight.organisation_id)
        .outerjoin(Team, Team.id == TemporaryRight.team_id)
        .where(*grants.in_force(user.id, work.begun_at))
        .order_by(TemporaryRight.expires_at)
    )
    if only is not None:
        in_it = (TemporaryRight.organisation_id == only, Repository.organisation_id == only)
        query = query.where(sa.or_(*in_it))
    for row, repository, organisation, team in work.session.execute(query):
        on, name, role = ORGANISATION, str(organisation), "member"
        if row.repository_id is not None:
            on, name, role = REPOSITORY, repository.path, str(row.role)
        elif team:
            on, name = TEAM, f"{organisation}/{team}"
        yield Right(on, name, role, "request", since=row.created_at, until=row.expires_at)


def _label(work: UnitOfWork, provider_id: UUID | None) -> str:
    query = sa.select(IdentityProvider.label).where(IdentityProvider.id == provider_id)
    return work.session.scalar(query) or "" if provider_id else ""


def _held(work: UnitOfWork, user: User, now: datetime) -> Held:
    in_force = sa.and_(BrowserSession.revoked_at.is_(None), BrowserSession.ends_at > now)
    live = sa.or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > now)
    valid = sa.or_(SshKey.expires_at.is_(None), SshKey.expires_at > now)

    def count(table: Any, *conditions: Any) -> int:
        query = sa.select(sa.func.count()).select_from(table)
        return work.session.scalar(query.where(table.user_id == user.id, *conditions)) or 0

    return Held(
        identities=count(Identity),
        sessions=count(BrowserSession, in_force),
        tokens=count(AccessToken, AccessToken.revoked_at.is_(None), live),
        ssh_keys=count(SshKey, valid),
        openpgp_keys=count(OpenPgpKey),
        factors=count(AuthenticatorApp) + count(SecurityKey),
    )
