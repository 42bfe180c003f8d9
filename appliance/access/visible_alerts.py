"""The repositories whose alerts the actor may see, filtered in SQL."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.access import fetch, grants, visible
from appliance.db.access_requests import TemporaryRight
from appliance.db.organisations import Membership, Organisation
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import (
    INSTANCE_REPOSITORY_ROLE_OF,
    OFFICE_OF,
    PERMISSIONS_OF,
    REPOSITORY_ROLE_OF,
    OrganisationRole,
    Permission,
    roles_with,
)
from appliance.errors import UnauthenticatedError, sentence

READ = Permission.ALERT_READ


def repositories(work: UnitOfWork) -> sa.Select[Repository]:
    """Those that `fetch_alerts.home` gives, the bin and wikis not included."""
    actor = work.actor
    query = visible.within_reach(work, READ).where(
        sa.or_(
            Repository.organisation_id.is_(None),
            Repository.organisation_id.not_in(actor.withheld_organisations),
        )
    )
    if actor.id is None or actor.instance_role is None:
        return query.where(sa.false())
    by_instance = INSTANCE_REPOSITORY_ROLE_OF[actor.instance_role]
    if by_instance is not None and READ in PERMISSIONS_OF[by_instance]:
        return query
    roles = roles_with(READ)
    mine = grants.teams_of(actor.id, work.begun_at)
    granted = sa.select(Grant.repository_id).where(
        Grant.role.in_(roles),
        sa.or_(Grant.user_id == actor.id, Grant.team_id.in_(sa.select(mine.c.id))),
    )
    for_a_time = sa.select(TemporaryRight.repository_id).where(
        TemporaryRight.repository_id.is_not(None),
        TemporaryRight.role.in_(roles),
        *grants.in_force(actor.id, work.begun_at),
    )
    in_office = sa.select(Membership.organisation_id).where(
        Membership.user_id == actor.id, Membership.role.in_(_offices())
    )
    by_base = sa.select(Organisation.id).where(
        Organisation.base_role.in_(roles),
        Organisation.id.in_(grants.organisations_of(actor.id, work.begun_at)),
    )
    return query.where(
        sa.or_(
            Repository.owner_id == actor.id,
            Repository.organisation_id.in_(in_office.union_all(by_base)),
            Repository.id.in_(granted),
            Repository.id.in_(for_a_time),
        )
    )


def within(work: UnitOfWork, organisation: str | None) -> sa.Select[Repository]:
    """Those of an organisation; of the whole appliance for None.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError, MovedError: there is no such organisation, or none for this actor.
    """
    if organisation is not None:
        found = fetch.organisation(work, organisation, Permission.ORGANISATION_READ)
        return repositories(work).where(Repository.organisation_id == found.id)
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    return repositories(work)


def _offices() -> list[OrganisationRole]:
    """The roles in an organisation with which one sees the alerts of its repositories."""
    return [
        office
        for office in OrganisationRole
        if READ in OFFICE_OF[office] or REPOSITORY_ROLE_OF[office] in roles_with(READ)
    ]
