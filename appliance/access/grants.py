"""Which roles an actor holds on a repository or in an organisation, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity import Actor, ActorKind
from appliance.domain.permissions import (
    APPLIANCE_PERMISSIONS,
    INSTANCE_PERMISSIONS_OF,
    INSTANCE_REPOSITORY_ROLE_OF,
    ORGANISATION_PERMISSIONS_OF,
    PERMISSIONS_OF,
    REPOSITORY_ROLE_OF,
    InstanceRole,
    OrganisationRole,
    Permission,
    Role,
    Visibility,
    highest,
)

NOTHING: frozenset[Permission] = frozenset()


@dataclass(frozen=True)
class Reason:
    """One way in which somebody came to a role, in words for the access page."""

    role: Role
    source: str
    """`owner`, `organisation`, `base`, `direct`, `team`, `instance` or `visibility`."""
    name: str = ""
    """The team or organisation it comes from."""


def teams_of(user_id: UUID | sa.BindParameter[UUID]) -> sa.CTE:
    """The ids of a user's teams and of every team around those."""
    mine = (
        sa.select(Team.id, Team.parent_id)
        .join(TeamMembership, TeamMembership.team_id == Team.id)
        .where(TeamMembership.user_id == user_id)
        .cte("my_teams", recursive=True)
    )
    return mine.union(sa.select(Team.id, Team.parent_id).join(mine, Team.id == mine.c.parent_id))


# Built once: these two are asked for every request, and building them costs more than asking.
ASKED_USER = sa.bindparam("user_id", type_=sa.Uuid())
GRANTED = (
    sa.select(Grant.role, Grant.team_id, Team.name)
    .outerjoin(Team, Team.id == Grant.team_id)
    .where(
        Grant.repository_id == sa.bindparam("repository_id", type_=sa.Uuid()),
        sa.or_(
            Grant.user_id == ASKED_USER,
            Grant.team_id.in_(sa.select(teams_of(ASKED_USER).c.id)),
        ),
    )
)
MEMBERSHIP = (
    sa.select(Membership.role, Organisation.base_role, Organisation.name)
    .join(Organisation, Organisation.id == Membership.organisation_id)
    .where(
        Membership.organisation_id == sa.bindparam("organisation_id", type_=sa.Uuid()),
        Membership.user_id == ASKED_USER,
    )
)


def reasons(
    work: UnitOfWork, repository: Repository, *, user_id: UUID, instance_role: InstanceRole
) -> list[Reason]:
    """Every way in which a user has a role on a repository."""
    found = _granted(work, repository, user_id)
    if repository.owner_id == user_id:
        found.append(Reason(Role.OWNER, "owner"))
    found += _by_membership(work, repository, user_id)
    by_instance = INSTANCE_REPOSITORY_ROLE_OF[instance_role]
    if by_instance is not None:
        found.append(Reason(by_instance, "instance", instance_role))
    if repository.visibility is not Visibility.PRIVATE:
        found.append(Reason(Role.READER, "visibility", repository.visibility))
    return found


def role_on(work: UnitOfWork, repository: Repository) -> Role | None:
    """The highest role the actor has on a repository; None if it is not theirs to see."""
    actor = work.actor
    if actor.kind is ActorKind.APPLIANCE:
        return Role.OWNER
    if actor.kind is ActorKind.DEPLOY_KEY:
        return Role.WRITER if actor.ceiling_allows(Permission.REPOSITORY_WRITE) else Role.READER
    if actor.id is None or actor.instance_role is None:
        is_open = repository.visibility is Visibility.PUBLIC
        return Role.READER if is_open and work.rules.access.public_repositories else None
    found = reasons(work, repository, user_id=actor.id, instance_role=actor.instance_role)
    return highest([reason.role for reason in found])


def on_repository(work: UnitOfWork, repository: Repository) -> frozenset[Permission]:
    """What the actor may do with a repository, after what their credential allows."""
    actor = work.actor
    if actor.only_repositories is not None and repository.id not in actor.only_repositories:
        return NOTHING
    if actor.kind is ActorKind.APPLIANCE:
        return APPLIANCE_PERMISSIONS
    role = role_on(work, repository)
    return NOTHING if role is None else _under_ceiling(actor, PERMISSIONS_OF[role])


def organisation_role(work: UnitOfWork, organisation_id: UUID) -> OrganisationRole | None:
    """What the actor is to an organisation."""
    if work.actor.id is None:
        return None
    return work.session.scalar(
        sa.select(Membership.role).where(
            Membership.organisation_id == organisation_id, Membership.user_id == work.actor.id
        )
    )


def on_organisation(work: UnitOfWork, organisation: Organisation) -> frozenset[Permission]:
    """What the actor may do with an organisation."""
    allowed = on_instance_unlimited(work.actor)
    role = organisation_role(work, organisation.id)
    if role is not None:
        allowed = allowed | ORGANISATION_PERMISSIONS_OF[role]
        if role is OrganisationRole.MEMBER and not organisation.members_create_repositories:
            allowed = allowed - {Permission.ORGANISATION_CREATE_REPOSITORY}
    return _under_ceiling(work.actor, allowed)


def on_instance(actor: Actor) -> frozenset[Permission]:
    """What the actor may do where there is no repository or organisation."""
    return _under_ceiling(actor, on_instance_unlimited(actor))


def on_instance_unlimited(actor: Actor) -> frozenset[Permission]:
    """The same, before the credential narrows it."""
    if actor.kind is ActorKind.APPLIANCE:
        return APPLIANCE_PERMISSIONS
    if actor.instance_role is None:
        return NOTHING
    return INSTANCE_PERMISSIONS_OF[actor.instance_role]


def _under_ceiling(actor: Actor, allowed: frozenset[Permission]) -> frozenset[Permission]:
    return allowed if actor.ceiling is None else allowed & actor.ceiling


def _granted(work: UnitOfWork, repository: Repository, user_id: UUID) -> list[Reason]:
    rows = work.session.execute(GRANTED, {"repository_id": repository.id, "user_id": user_id})
    return [
        Reason(role, "direct") if team_id is None else Reason(role, "team", team)
        for role, team_id, team in rows
    ]


def _by_membership(work: UnitOfWork, repository: Repository, user_id: UUID) -> list[Reason]:
    if repository.organisation_id is None:
        return []
    keys = {"organisation_id": repository.organisation_id, "user_id": user_id}
    row = work.session.execute(MEMBERSHIP, keys).first()
    if row is None:
        return []
    role, base, name = row
    found = []
    by_role = REPOSITORY_ROLE_OF[role]
    if by_role is not None:
        found.append(Reason(by_role, "organisation", name))
    if base is not None:
        found.append(Reason(base, "base", name))
    return found
