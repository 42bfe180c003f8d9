"""Who belongs to an organisation, and as what. At least one owner always remains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, grants
from appliance.access.gate import open_to_everyone
from appliance.db.access_requests import TemporaryRight
from appliance.db.identity_providers import IdentityProvider
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.domain import events
from appliance.domain.identity_providers import ORGANISATION_ORDER
from appliance.domain.names import fold
from appliance.domain.permissions import OrganisationRole, Permission
from appliance.domain.provided_roles import Held, Provided, settled
from appliance.errors import Askable, ConflictError, HiddenError, RefusedError, sentence
from appliance.services import temporary_rights

ORDERS = {
    "name": (Owner.name_key,),
    "role": (Membership.role, Owner.name_key),
    "since": (Membership.created_at, Owner.name_key),
}


@dataclass(frozen=True)
class Member:
    """A user and what they are to an organisation."""

    user: User
    role: OrganisationRole
    since: datetime


def listed(
    work: UnitOfWork,
    name: str,
    *,
    search: str = "",
    order: str = "name",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Member]:
    """The members of an organisation by name or in another order, for those who belong to it.

    `search` is a part of a name.

    Errors:
        RefusedError: the actor may see the organisation, but not who belongs to it.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_READ)
    if Permission.ORGANISATION_READ not in grants.on_organisation(work, organisation):
        raise RefusedError(
            sentence("Only members of %(name)s can see its members.", name=organisation.name),
            askable=Askable("organisation", organisation.name),
        )
    query = (
        sa.select(User, Membership.role, Membership.created_at)
        .join(Membership, Membership.user_id == User.id)
        .join(Owner, Owner.id == User.id)
        .where(Membership.organisation_id == organisation.id)
    )
    if search:
        query = query.where(Owner.name_key.contains(fold(search), autoescape=True))
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: Member(row[0], row[1], row[2]),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def set_role(
    work: UnitOfWork, name: str, user_name: str, role: OrganisationRole, *, now: datetime
) -> Member:
    """Make a user a member of an organisation, or give a member another role in it.

    Errors:
        ConflictError: nobody would be owner, the user is suspended, or a sign-in system gives them
            a role that allows more.
        ElevationRequiredError: making somebody owner in a browser wants a fresh confirmation.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MEMBERS)
    gate.require_elevation(
        work, Permission.ORGANISATION_MEMBERS, sensitive=role is OrganisationRole.OWNER
    )
    user = fetch.user(work, user_name, Permission.USERS_READ)
    membership = _membership(work, organisation, user.id)
    if membership is None:
        return _add(work, organisation, user, role, now)
    before = membership.role
    if before is not role:
        _insist_on_another_owner(work, organisation, membership)
        _give(work, membership, role)
        work.record(
            events.MemberRoleChanged(
                about=organisation.id,
                organisation_id=organisation.id,
                user_id=str(user.id),
                before=before,
                after=role,
            )
        )
    return Member(user, role, membership.created_at)


def remove(work: UnitOfWork, name: str, user_name: str) -> None:
    """Remove a member, who loses their teams and roles there too; anybody may leave.

    Errors:
        ConflictError: nobody would be owner, or an identity provider put them there.
        NotFoundError: they are no member.
    """
    user = fetch.user(work, user_name, Permission.USERS_READ)
    leaves = user.id == work.actor.id
    asked = Permission.ORGANISATION_READ if leaves else Permission.ORGANISATION_MEMBERS
    organisation = fetch.organisation(work, name, asked)
    membership = _membership(work, organisation, user.id)
    if membership is not None:
        end(work, organisation, membership)
    ended = _end_for_a_time(work, organisation.id, user.id)
    if membership is None and not ended:
        raise HiddenError(
            sentence(
                "%(name)s is not a member of %(organisation_name)s.",
                name=user.name,
                organisation_name=organisation.name,
            )
        )


@open_to_everyone(because="whoever ends a membership was asked whether they may")
def end(work: UnitOfWork, organisation: Organisation, membership: Membership) -> None:
    """End a membership that a person gave, with the teams and direct roles that go with it.

    Errors:
        ConflictError: nobody would be owner, or an identity provider put them there.
    """
    _insist_on_being_given_by_a_person(work, membership)
    _insist_on_another_owner(work, organisation, membership)
    work.session.delete(membership)
    withdraw_all(work, organisation.id, membership.user_id)
    work.record(
        events.MemberRemoved(
            about=organisation.id,
            organisation_id=organisation.id,
            user_id=str(membership.user_id),
        )
    )


@open_to_everyone(because="whoever answers a request was asked whether they may")
def belong(work: UnitOfWork, organisation: Organisation, user: User, *, now: datetime) -> None:
    """Let a user be a member because a person says so, whatever they are there already."""
    membership = _membership(work, organisation, user.id)
    if membership is None:
        _add(work, organisation, user, OrganisationRole.MEMBER, now)
    elif membership.provider_id is not None and membership.given_role is None:
        membership.given_role = OrganisationRole.MEMBER


def _end_for_a_time(work: UnitOfWork, organisation_id: UUID, user_id: UUID) -> int:
    """End what they were given there until a time; says how much that was."""
    repositories = sa.select(Repository.id).where(Repository.organisation_id == organisation_id)
    there = sa.or_(
        TemporaryRight.organisation_id == organisation_id,
        TemporaryRight.repository_id.in_(repositories),
    )
    return temporary_rights.end_all(work, user_id, there, "removed", now=work.begun_at)


def _add(
    work: UnitOfWork,
    organisation: Organisation,
    user: User,
    role: OrganisationRole,
    now: datetime,
) -> Member:
    if not user.is_active:
        raise ConflictError(sentence("%(name)s is suspended.", name=user.name))
    work.session.add(
        Membership(organisation_id=organisation.id, user_id=user.id, role=role, created_at=now)
    )
    work.record(
        events.MemberAdded(
            about=organisation.id,
            organisation_id=organisation.id,
            user_id=str(user.id),
            role=role,
        )
    )
    return Member(user, role, now)


def _give(work: UnitOfWork, membership: Membership, role: OrganisationRole) -> None:
    """Let what a person gives count; what an identity provider gives stays, if it allows more."""
    given = Held(role)
    if membership.provider_id is not None:
        provided = Provided(membership.role, membership.provider_id)
        given = settled(given, provided, ORGANISATION_ORDER) or given
    if given.provider_id is not None:
        raise ConflictError(_by_provider(work, given.provider_id))
    membership.role, membership.provider_id, membership.given_role = role, None, None


def _insist_on_being_given_by_a_person(work: UnitOfWork, membership: Membership) -> None:
    if membership.provider_id is not None:
        raise ConflictError(_by_provider(work, membership.provider_id))


def _by_provider(work: UnitOfWork, provider_id: UUID) -> str:
    provider = work.session.get(IdentityProvider, provider_id)
    return sentence(
        "A group of %(provider)s gives this. Change it there, or change the rules for its groups.",
        provider=provider.label if provider else provider_id,
    )


def _membership(work: UnitOfWork, organisation: Organisation, user_id: UUID) -> Membership | None:
    return work.session.scalar(
        sa.select(Membership).where(
            Membership.organisation_id == organisation.id, Membership.user_id == user_id
        )
    )


def _insist_on_another_owner(
    work: UnitOfWork, organisation: Organisation, membership: Membership
) -> None:
    if membership.role is not OrganisationRole.OWNER:
        return
    # Locked, so that two owners cannot remove each other at the same moment.
    owners = work.session.scalars(
        sa.select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(
            User.is_machine.is_(False),
            Membership.organisation_id == organisation.id,
            Membership.role == OrganisationRole.OWNER,
        )
        .with_for_update(of=Membership)
    ).all()
    if not any(owner != membership.id for owner in owners):
        raise ConflictError(
            sentence("%(name)s needs an owner. Name another one first.", name=organisation.name)
        )


@open_to_everyone(because="whoever ends a membership was asked, or a provider has ended it")
def withdraw_all(work: UnitOfWork, organisation_id: UUID, user_id: UUID) -> None:
    """Take a user's teams and direct roles in an organisation."""
    teams = sa.select(Team.id).where(Team.organisation_id == organisation_id)
    repositories = sa.select(Repository.id).where(Repository.organisation_id == organisation_id)
    work.session.execute(
        sa.delete(TeamMembership).where(
            TeamMembership.user_id == user_id, TeamMembership.team_id.in_(teams)
        )
    )
    given = sa.select(Grant).where(Grant.user_id == user_id, Grant.repository_id.in_(repositories))
    for grant in work.session.scalars(given).all():
        work.session.delete(grant)
        work.record(
            events.RoleWithdrawn(
                about=grant.repository_id,
                organisation_id=organisation_id,
                grantee_type="user",
                grantee_id=str(user_id),
            )
        )
