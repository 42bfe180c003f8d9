"""Lists of what the actor may see, filtered in SQL."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import grants
from appliance.db.access_requests import TemporaryRight
from appliance.db.organisations import Membership, Organisation, Team
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.identity import ActorKind
from appliance.domain.permissions import (
    REPOSITORY_ROLE_OF,
    OrganisationRole,
    Permission,
    Role,
    Visibility,
)


def repositories(work: UnitOfWork) -> sa.Select[Repository]:
    """The repositories the actor may read, the bin and wikis not included."""
    actor = work.actor
    query = within_reach(work, Permission.REPOSITORY_READ).where(_not_withheld(work))
    if actor.kind is ActorKind.DEPLOY_KEY:
        return query
    if Permission.INSTANCE_SEE_ALL in grants.on_instance_unlimited(actor):
        return query
    if actor.id is None:
        is_open = work.rules.access.public_repositories
        return query.where(Repository.visibility == Visibility.PUBLIC if is_open else sa.false())
    mine = grants.teams_of(actor.id, work.begun_at)
    granted = sa.select(Grant.repository_id).where(
        sa.or_(Grant.user_id == actor.id, Grant.team_id.in_(sa.select(mine.c.id)))
    )
    for_a_time = sa.select(TemporaryRight.repository_id).where(
        TemporaryRight.repository_id.is_not(None), *grants.in_force(actor.id, work.begun_at)
    )
    by_role = sa.select(Membership.organisation_id).where(
        Membership.user_id == actor.id,
        Membership.role.in_([role for role, gives in REPOSITORY_ROLE_OF.items() if gives]),
    )
    by_membership = by_role.union_all(
        sa.select(Organisation.id).where(
            Organisation.base_role.is_not(None),
            Organisation.id.in_(grants.organisations_of(actor.id, work.begun_at)),
        )
    )
    return query.where(
        sa.or_(
            Repository.owner_id == actor.id,
            Repository.visibility != Visibility.PRIVATE,
            Repository.organisation_id.in_(by_membership),
            Repository.id.in_(granted),
            Repository.id.in_(for_a_time),
        )
    )


def within_reach(work: UnitOfWork, permission: Permission) -> sa.Select[Repository]:
    """Those of which the actor's credential and place let them ask, whatever they may there."""
    actor = work.actor
    query = sa.select(Repository).where(
        Repository.deleted_at.is_(None), Repository.wiki_of_id.is_(None), _within_reach(work)
    )
    if not actor.ceiling_allows(permission):
        return query.where(sa.false())
    if actor.only_repositories is not None:
        query = query.where(Repository.id.in_(actor.only_repositories))
    return query


def deleted_repositories(work: UnitOfWork) -> sa.Select[Repository]:
    """What lies in the bin and the actor could bring back."""
    actor = work.actor
    query = sa.select(Repository).where(
        Repository.deleted_at.is_not(None),
        Repository.wiki_of_id.is_(None),
        _within_reach(work),
        _not_withheld(work, is_open=False),
    )
    if actor.id is None or not actor.ceiling_allows(Permission.REPOSITORY_DELETE):
        return query.where(sa.false())
    if actor.only_repositories is not None:
        query = query.where(Repository.id.in_(actor.only_repositories))
    if actor.is_administrator:
        return query
    owned = sa.select(Membership.organisation_id).where(
        Membership.user_id == actor.id, Membership.role == OrganisationRole.OWNER
    )
    mine = grants.teams_of(actor.id, work.begun_at)
    granted = sa.select(Grant.repository_id).where(
        Grant.role == Role.OWNER,
        sa.or_(Grant.user_id == actor.id, Grant.team_id.in_(sa.select(mine.c.id))),
    )
    return query.where(
        sa.or_(
            Repository.owner_id == actor.id,
            Repository.organisation_id.in_(owned),
            Repository.id.in_(granted),
        )
    )


def organisations(work: UnitOfWork) -> sa.Select[Organisation]:
    """The organisations the actor belongs to, or in which they may read a repository."""
    query = sa.select(Organisation).where(Organisation.deleted_at.is_(None))
    actor = work.actor
    withheld = actor.withheld_organisations
    if Permission.INSTANCE_SEE_ALL in grants.on_instance(actor) and not withheld:
        return query
    readable = repositories(work).subquery()
    conditions = [Organisation.id.in_(sa.select(readable.c.organisation_id))]
    if actor.id is not None and actor.ceiling_allows(Permission.ORGANISATION_READ):
        conditions.append(Organisation.id.in_(own_organisations(work)))
    if Permission.INSTANCE_SEE_ALL in grants.on_instance(actor):
        conditions.append(Organisation.id.not_in(withheld))
    return query.where(sa.or_(*conditions))


def own_organisations(work: UnitOfWork) -> sa.Select[UUID | None]:
    """The ids of the organisations that the actor belongs to, for good or for a time."""
    actor = work.actor
    if actor.id is None or not actor.ceiling_allows(Permission.ORGANISATION_READ):
        return sa.select(Organisation.id).where(sa.false())
    mine = grants.organisations_of(actor.id, work.begun_at).subquery("own_organisations")
    not_withheld = mine.c.organisation_id.not_in(actor.withheld_organisations)
    return sa.select(mine.c.organisation_id).where(not_withheld)


def teams(work: UnitOfWork, organisation: Organisation) -> sa.Select[Team]:
    """The teams of an organisation, for who may read it as a member."""
    query = sa.select(Team).where(Team.organisation_id == organisation.id)
    allowed = grants.on_organisation(work, organisation)
    return query if Permission.ORGANISATION_READ in allowed else query.where(sa.false())


def users(work: UnitOfWork) -> sa.Select[User]:
    """The users, for everybody who has signed in; suspended ones for administrators."""
    allowed = grants.on_instance(work.actor)
    query = sa.select(User).where(User.state != UserState.DELETED)
    if Permission.USERS_READ not in allowed:
        return query.where(User.id == work.actor.id if work.actor.id else sa.false())
    if Permission.USERS_MANAGE not in allowed:
        query = query.where(User.state == UserState.ACTIVE)
    return query


def jobs(work: UnitOfWork) -> sa.Select[JobRecord]:
    """The jobs the actor asked for, or all of them for who may see all."""
    query = sa.select(JobRecord)
    if Permission.INSTANCE_JOBS in grants.on_instance(work.actor):
        return query
    return query.where(
        JobRecord.promised_by == work.actor.id if work.actor.id is not None else sa.false()
    )


def _within_reach(work: UnitOfWork) -> sa.ColumnElement[bool]:
    """Whether a repository may be reached from where the actor is."""
    closed = work.actor.closed_organisations
    if not closed:
        return sa.true()
    return sa.or_(Repository.organisation_id.is_(None), Repository.organisation_id.not_in(closed))


def _not_withheld(work: UnitOfWork, *, is_open: bool = True) -> sa.ColumnElement[bool]:
    """Whether a repository's organisation lets the token in; what is open to all stays open."""
    withheld = work.actor.withheld_organisations
    if not withheld:
        return sa.true()
    others = sa.or_(
        Repository.organisation_id.is_(None), Repository.organisation_id.not_in(withheld)
    )
    return sa.or_(others, Repository.visibility != Visibility.PRIVATE) if is_open else others
