"""Requests for access: one's own, and those that the actor may answer."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access import gate, grants
from appliance.db.access_requests import AccessRequest, AccessRuleRow
from appliance.db.organisations import Membership
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.access_requests import USUAL_RULE, Approvers
from appliance.domain.permissions import OrganisationRole, Permission, Role

Condition = sa.ColumnElement[bool]


def own(work: UnitOfWork) -> sa.Select[AccessRequest]:
    """What the actor has asked for."""
    gate.require(work, Permission.OWN_ACCOUNT)
    return sa.select(AccessRequest).where(
        AccessRequest.user_id == work.actor.id if work.actor.id else sa.false()
    )


def to_answer(work: UnitOfWork, *, by_role: bool = False) -> sa.Select[AccessRequest]:
    """What the actor may answer, answered or not; their own requests are never theirs to answer.

    A right that ends by itself gives nobody a say. With `by_role`, who administers the instance
    has a say only where a role in the organisation or on the repository gives one.
    """
    actor = work.actor
    query = sa.select(AccessRequest).outerjoin(
        Repository, Repository.id == AccessRequest.repository_id
    )
    if actor.id is None:
        return query.where(sa.false())
    query = query.where(
        AccessRequest.user_id != actor.id,
        sa.or_(
            sa.and_(AccessRequest.repository_id.is_not(None), Repository.deleted_at.is_(None)),
            AccessRequest.organisation_id.is_not(None),
        ),
        *_within_credential(work),
    )
    if actor.is_administrator and not by_role:
        return query
    owned = _owned_organisations(actor.id)
    return query.where(
        sa.or_(
            AccessRequest.organisation_id.in_(owned),
            Repository.organisation_id.in_(owned),
            Repository.owner_id == actor.id,
            _by_role_there(actor.id),
        )
    )


def _owned_organisations(user_id: UUID) -> sa.Select[UUID]:
    return sa.select(Membership.organisation_id).where(
        Membership.user_id == user_id, Membership.role == OrganisationRole.OWNER
    )


def _by_role_there(user_id: UUID) -> Condition:
    """Whether a role given on the repository itself is enough, as its organisation says."""
    rule = orm.aliased(AccessRuleRow)
    says = sa.func.coalesce(
        sa.select(sa.type_coerce(rule.approvers, sa.String))
        .where(rule.organisation_id == Repository.organisation_id)
        .scalar_subquery(),
        USUAL_RULE.approvers.value,
    )
    enough = sa.or_(
        sa.and_(says == Approvers.OWNERS.value, Grant.role == Role.OWNER),
        sa.and_(says == Approvers.MAINTAINERS.value, Grant.role.in_([Role.MAINTAINER, Role.OWNER])),
    )
    mine = sa.or_(
        Grant.user_id == user_id,
        Grant.team_id.in_(sa.select(grants.lasting_teams_of(user_id).c.id)),
    )
    return sa.exists().where(Grant.repository_id == Repository.id, mine, enough)


def _within_credential(work: UnitOfWork) -> list[Condition]:
    """What the credential in use, and the place it is used from, leave of it."""
    actor = work.actor
    found: list[Condition] = []
    if not actor.ceiling_allows(Permission.REPOSITORY_GRANT):
        found.append(AccessRequest.repository_id.is_(None))
    if not actor.ceiling_allows(Permission.ORGANISATION_MEMBERS):
        found.append(AccessRequest.organisation_id.is_(None))
    if actor.only_repositories is not None:
        found.append(AccessRequest.repository_id.in_(actor.only_repositories))
    closed = actor.closed_organisations | actor.withheld_organisations
    if closed:
        there = sa.func.coalesce(AccessRequest.organisation_id, Repository.organisation_id)
        found.append(sa.or_(there.is_(None), there.not_in(closed)))
    return found
