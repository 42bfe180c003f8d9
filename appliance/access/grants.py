"""Which roles an actor holds on a repository or in an organisation, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.db import lookups
from appliance.db.access_requests import TemporaryRight
from appliance.db.base import MomentType
from appliance.db.once import once
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.identity import Actor, ActorKind
from appliance.domain.names import fold
from appliance.domain.permissions import (
    APPLIANCE_PERMISSIONS,
    INSTANCE_PERMISSIONS_OF,
    INSTANCE_REPOSITORY_ROLE_OF,
    OFFICE_OF,
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
    """`owner`, `organisation`, `base`, `direct`, `team`, `request`, `instance` or `visibility`."""
    name: str = ""
    """The team or organisation it comes from."""
    until: datetime | None = None
    """When it ends by itself."""


UserId = UUID | sa.BindParameter[UUID]
Moment = datetime | sa.BindParameter[datetime]


def teams_of(user_id: UserId, now: Moment) -> sa.CTE:
    """The ids of a user's teams and of every team around those."""
    directly = sa.union_all(
        sa.select(TeamMembership.team_id).where(TeamMembership.user_id == user_id),
        sa.select(TemporaryRight.team_id).where(
            TemporaryRight.team_id.is_not(None), *in_force(user_id, now)
        ),
    ).subquery("directly")
    mine = (
        sa.select(Team.id, Team.parent_id)
        .join(directly, directly.c.team_id == Team.id)
        .cte("my_teams", recursive=True)
    )
    return mine.union(sa.select(Team.id, Team.parent_id).join(mine, Team.id == mine.c.parent_id))


def lasting_teams_of(user_id: UUID) -> sa.CTE:
    """The same, without those that they are in for a time only."""
    mine = (
        sa.select(Team.id, Team.parent_id)
        .join(TeamMembership, TeamMembership.team_id == Team.id)
        .where(TeamMembership.user_id == user_id)
        .cte("my_lasting_teams", recursive=True)
    )
    return mine.union(sa.select(Team.id, Team.parent_id).join(mine, Team.id == mine.c.parent_id))


def in_force(user_id: UserId, now: Moment) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a temporary right is somebody's now, whatever was swept."""
    return (TemporaryRight.user_id == user_id, TemporaryRight.expires_at > now)


def organisations_of(user_id: UserId, now: Moment) -> sa.CompoundSelect[Any]:
    """The ids of the organisations that a user belongs to, for good or for a time."""
    return sa.union_all(
        sa.select(Membership.organisation_id).where(Membership.user_id == user_id),
        sa.select(TemporaryRight.organisation_id).where(
            TemporaryRight.organisation_id.is_not(None), *in_force(user_id, now)
        ),
    )


# Built once, and one question, not two or three: it is asked for every request.
ASKED_USER = sa.bindparam("user_id", type_=sa.Uuid())
ASKED_AT = sa.bindparam("now", type_=MomentType())


def _roles(
    repository_id: sa.ColumnElement[UUID], organisation_id: sa.ColumnElement[UUID | None]
) -> sa.CompoundSelect[Any]:
    granted = (
        sa.select(
            sa.literal_column("0", sa.Integer).label("is_membership"),
            sa.type_coerce(Grant.role, sa.String).label("role"),
            sa.cast(sa.null(), sa.String(32)).label("base"),
            Team.name.label("name"),
            sa.cast(sa.null(), MomentType()).label("until"),
        )
        .outerjoin(Team, Team.id == Grant.team_id)
        .where(
            Grant.repository_id == repository_id,
            sa.or_(
                Grant.user_id == ASKED_USER,
                Grant.team_id.in_(sa.select(teams_of(ASKED_USER, ASKED_AT).c.id)),
            ),
        )
    )
    membership = (
        sa.select(
            sa.literal_column("1", sa.Integer),
            sa.type_coerce(Membership.role, sa.String),
            sa.type_coerce(Organisation.base_role, sa.String),
            Organisation.name,
            sa.null(),
        )
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.organisation_id == organisation_id, Membership.user_id == ASKED_USER)
    )
    temporary = (
        sa.select(
            sa.case((TemporaryRight.repository_id.is_(None), 1), else_=0),
            sa.func.coalesce(
                sa.type_coerce(TemporaryRight.role, sa.String), OrganisationRole.MEMBER.value
            ),
            sa.type_coerce(Organisation.base_role, sa.String),
            Organisation.name,
            TemporaryRight.expires_at,
        )
        .outerjoin(Organisation, Organisation.id == TemporaryRight.organisation_id)
        .where(
            *in_force(ASKED_USER, ASKED_AT),
            sa.or_(
                TemporaryRight.repository_id == repository_id,
                TemporaryRight.organisation_id == organisation_id,
            ),
        )
    )
    return sa.union_all(granted, membership, temporary)


def _repository_and_roles() -> sa.Select[Any]:
    here = lookups.REPOSITORY.with_only_columns(Repository.id, Repository.organisation_id)
    found = here.cte("found")
    roles = _roles(
        sa.select(found.c.id).scalar_subquery(),
        sa.select(found.c.organisation_id).scalar_subquery(),
    ).subquery("roles")
    return (
        sa.select(Repository, roles)
        .join(found, found.c.id == Repository.id)
        .outerjoin(roles, sa.true())
    )


ROLES = _roles(
    sa.bindparam("repository_id", type_=sa.Uuid()), sa.bindparam("organisation_id", type_=sa.Uuid())
)
REPOSITORY_AND_ROLES = _repository_and_roles()


def with_roles(
    work: UnitOfWork, owner_name: str, name: str, *, user_id: UUID
) -> tuple[Repository | None, list[sa.Row[Any]]]:
    """The repository of that path, unless it is in the bin, and what ROLES says of a user there."""
    keys: dict[str, Any] = {"owner_key": fold(owner_name), "name_key": fold(name)}
    keys |= {"user_id": user_id, "now": work.begun_at}
    asked = REPOSITORY_AND_ROLES, *keys.values()
    rows = once(work.session, asked, lambda: work.session.execute(REPOSITORY_AND_ROLES, keys).all())
    found = rows[0].Repository if rows else None
    return found, [row for row in rows if row.is_membership is not None]


def reasons(
    work: UnitOfWork,
    repository: Repository,
    *,
    user_id: UUID,
    instance_role: InstanceRole,
    rows: Iterable[sa.Row[Any]] | None = None,
) -> list[Reason]:
    """Every way in which a user has a role on a repository; `rows`, if ROLES was asked already."""
    keys = {
        "repository_id": repository.id,
        "organisation_id": repository.organisation_id,
        "user_id": user_id,
        "now": work.begun_at,
    }
    asked = work.rows(ROLES, keys) if rows is None else rows
    found = [reason for row in asked for reason in _by_row(row)]
    if repository.owner_id == user_id:
        found.append(Reason(Role.OWNER, "owner"))
    by_instance = INSTANCE_REPOSITORY_ROLE_OF[instance_role]
    if by_instance is not None:
        found.append(Reason(by_instance, "instance", instance_role))
    if repository.visibility is not Visibility.PRIVATE:
        found.append(Reason(Role.READER, "visibility", repository.visibility))
    return found


def home(work: UnitOfWork, repository: Repository) -> Repository:
    """Whose roles count: a wiki has none of its own, but those of what it belongs to."""
    if repository.wiki_of_id is None:
        return repository
    return work.session.get_one(Repository, repository.wiki_of_id)


def role_on(
    work: UnitOfWork, repository: Repository, rows: Iterable[sa.Row[Any]] | None = None
) -> Role | None:
    """The highest role the actor has on a repository; None if it is not theirs to see."""
    actor, repository = work.actor, home(work, repository)
    if actor.kind is ActorKind.APPLIANCE:
        return Role.OWNER
    if actor.kind is ActorKind.DEPLOY_KEY:
        return Role.WRITER if actor.ceiling_allows(Permission.REPOSITORY_WRITE) else Role.READER
    if repository.organisation_id in actor.withheld_organisations:
        return None if repository.visibility is Visibility.PRIVATE else Role.READER
    if actor.id is None or actor.instance_role is None:
        is_open = repository.visibility is Visibility.PUBLIC
        return Role.READER if is_open and work.rules.access.public_repositories else None
    found = reasons(
        work, repository, user_id=actor.id, instance_role=actor.instance_role, rows=rows
    )
    return highest([reason.role for reason in found])


def lasting_role_on(work: UnitOfWork, repository: Repository) -> Role | None:
    """The highest role the actor has on a repository without end, which they could hand on."""
    actor = work.actor
    if actor.id is None or actor.instance_role is None:
        return None
    found = reasons(work, repository, user_id=actor.id, instance_role=actor.instance_role)
    return highest([reason.role for reason in found if reason.until is None])


def on_repository(
    work: UnitOfWork, repository: Repository, rows: Iterable[sa.Row[Any]] | None = None
) -> frozenset[Permission]:
    """What the actor may do with a repository, after what their credential allows.

    `rows` is what ROLES says of the actor, where it was asked already.
    """
    actor, place = work.actor, home(work, repository)
    if actor.only_repositories is not None and place.id not in actor.only_repositories:
        return NOTHING
    if actor.kind is ActorKind.APPLIANCE:
        return APPLIANCE_PERMISSIONS
    if place is not repository and not place.has_wiki:
        return NOTHING
    rows = _asked(work, place, actor.id) if rows is None else list(rows)
    role = role_on(work, place, rows)
    if role is None:
        return NOTHING
    return _under_ceiling(actor, PERMISSIONS_OF[role] | _office(work, place, rows))


def organisation_role(work: UnitOfWork, organisation_id: UUID) -> OrganisationRole | None:
    """What the actor is to an organisation."""
    if work.actor.id is None or organisation_id in work.actor.withheld_organisations:
        return None
    lasting = sa.select(sa.type_coerce(Membership.role, sa.String)).where(
        Membership.organisation_id == organisation_id, Membership.user_id == work.actor.id
    )
    for_a_time = sa.select(sa.literal(OrganisationRole.MEMBER.value)).where(
        TemporaryRight.organisation_id == organisation_id,
        *in_force(work.actor.id, work.begun_at),
    )
    found = set(work.session.scalars(sa.union_all(lasting, for_a_time)))
    if not found:
        return None
    return OrganisationRole(next(iter(found - {OrganisationRole.MEMBER}), OrganisationRole.MEMBER))


def on_organisation(work: UnitOfWork, organisation: Organisation) -> frozenset[Permission]:
    """What the actor may do with an organisation."""
    if organisation.id in work.actor.withheld_organisations:
        return NOTHING
    allowed = on_instance_unlimited(work.actor)
    role = organisation_role(work, organisation.id)
    if role is not None:
        allowed = allowed | ORGANISATION_PERMISSIONS_OF[role]
        if role is OrganisationRole.MEMBER and not organisation.members_create_repositories:
            allowed = allowed - {Permission.ORGANISATION_CREATE_REPOSITORY}
    return _under_ceiling(work.actor, allowed)


def runs_machine(work: UnitOfWork, user: User) -> bool:
    """Whether a user is a machine of an organisation whose people the actor manages."""
    if user.owner_organisation_id is None or work.actor.id is None:
        return False
    organisation = work.session.get(Organisation, user.owner_organisation_id)
    if organisation is None:
        return False
    return Permission.ORGANISATION_MEMBERS in on_organisation(work, organisation)


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


def of_user(work: UnitOfWork, repository: Repository, user: User) -> frozenset[Permission]:
    """What a user may do with a repository, whatever they use to ask."""
    rows = _asked(work, repository, user.id)
    found = reasons(work, repository, user_id=user.id, instance_role=user.instance_role, rows=rows)
    role = highest([reason.role for reason in found])
    if role is None or not user.is_active:
        return NOTHING
    return PERMISSIONS_OF[role].union(*_offices(rows))


def _asked(work: UnitOfWork, repository: Repository, user_id: UUID | None) -> list[sa.Row[Any]]:
    """What ROLES says of a user; of strangers and machines it has nothing to say."""
    if user_id is None:
        return []
    keys = {
        "repository_id": repository.id,
        "organisation_id": repository.organisation_id,
        "user_id": user_id,
        "now": work.begun_at,
    }
    return list(work.rows(ROLES, keys))


def _office(
    work: UnitOfWork, repository: Repository, rows: Iterable[sa.Row[Any]]
) -> frozenset[Permission]:
    """What comes with the actor's role in the repository's organisation, beside its roles."""
    if repository.organisation_id in work.actor.withheld_organisations:
        return NOTHING
    return NOTHING.union(*_offices(rows))


def _offices(rows: Iterable[sa.Row[Any]]) -> list[frozenset[Permission]]:
    return [OFFICE_OF[OrganisationRole(row.role)] for row in rows if row.is_membership]


def _under_ceiling(actor: Actor, allowed: frozenset[Permission]) -> frozenset[Permission]:
    return allowed if actor.ceiling is None else allowed & actor.ceiling


def _by_row(row: sa.Row[Any]) -> Iterator[Reason]:
    name = row.name or ""
    if not row.is_membership:
        source = "request" if row.until else "team" if name else "direct"
        yield Reason(Role(row.role), source, name, row.until)
        return
    by_role = REPOSITORY_ROLE_OF[OrganisationRole(row.role)]
    if by_role is not None:
        yield Reason(by_role, "organisation", name)
    if row.base is not None:
        yield Reason(Role(row.base), "base", name, row.until)
