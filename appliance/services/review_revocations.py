"""Taking a reviewed right away, by what takes such a right away elsewhere, and its events."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.access_requests import TemporaryRight
from appliance.db.access_reviews import AccessReview, ReviewedRight
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain.access_reviews import CREDENTIALS, Outcome, Right, Source
from appliance.domain.credentials import CredentialKind
from appliance.domain.permissions import InstanceRole
from appliance.errors import ConflictError, sentence
from appliance.services import (
    credential_ends,
    entry,
    organisation_members,
    repository_access,
    second_person,
    teams,
    temporary_rights,
)


@open_to_everyone(because="whoever decides about a right was asked whether they may")
def carry_out(work: UnitOfWork, item: ReviewedRight, *, now: datetime) -> Outcome:
    """Take a right or a credential away at once; what a directory gives, is to be removed there.

    Errors:
        ConflictError: nobody would be owner, or administrator.
    """
    if item.source is Source.REQUEST:
        return _for_a_time(work, item, now)
    if item.kind in CREDENTIALS:
        return _credential(work, item, now)
    return REVOKE[item.kind](work, item)


@open_to_everyone(because="it looks at what is there, for the record")
def is_there(work: UnitOfWork, item: ReviewedRight) -> bool:
    """Whether a directory still gives a right."""
    if item.kind is Right.INSTANCE:
        user = work.session.get(User, item.right_id)
        return user is not None and user.role_provider_id is not None
    table = Membership if item.kind is Right.MEMBERSHIP else TeamMembership
    query = sa.select(table.provider_id).where(table.id == item.right_id)
    return work.session.scalar(query) is not None


def _for_a_time(work: UnitOfWork, item: ReviewedRight, now: datetime) -> Outcome:
    right = work.session.get(TemporaryRight, item.right_id)
    if right is None or right.expires_at <= now:
        return Outcome.GONE
    temporary_rights.finish(work, right, "reviewed", now=now)
    return Outcome.REVOKED


def _credential(work: UnitOfWork, item: ReviewedRight, now: datetime) -> Outcome:
    """In a review of an organisation: end what is its own, and keep out what is a person's."""
    review = work.session.get_one(AccessReview, item.review_id)
    if review.place_name and review.organisation_id is None:
        return Outcome.GONE
    if item.kind is Right.SERVICE_ACCOUNT:
        return _machine(work, item, review, now)
    kind, organisation_id = CredentialKind(item.kind), review.organisation_id
    ended = credential_ends.carry_out(work, kind, item.right_id, organisation_id, now=now)
    return Outcome.REVOKED if ended else Outcome.GONE


def _machine(work: UnitOfWork, item: ReviewedRight, review: AccessReview, now: datetime) -> Outcome:
    user = work.session.get(User, item.right_id)
    if user is None or not user.is_active:
        return Outcome.GONE
    if review.organisation_id and user.owner_organisation_id != review.organisation_id:
        return Outcome.GONE
    of_instance = review.organisation_id is None
    entry.keep_out(work, user, reason=item.reason, by_administrator=of_instance, now=now)
    return Outcome.REVOKED


def _instance(work: UnitOfWork, item: ReviewedRight) -> Outcome:
    user = work.session.get(User, item.right_id)
    if user is None or user.instance_role is InstanceRole.USER or user.state is UserState.DELETED:
        return Outcome.GONE
    if user.role_provider_id is not None:
        user.given_instance_role = None
        return Outcome.TO_BE_REMOVED
    if entry.is_last_administrator(work, user):
        raise ConflictError(
            sentence(
                "%(name)s is the only administrator. Make somebody else one first.", name=user.name
            )
        )
    if second_person.since(work) is not None:
        raise ConflictError(
            sentence(
                "That needs two people here. Propose it on the page of %(name)s.", name=user.name
            )
        )
    before, user.instance_role = user.instance_role, InstanceRole.USER
    work.record(events.UserRoleChanged(about=user.id, before=before, after=InstanceRole.USER))
    return Outcome.REVOKED


def _membership(work: UnitOfWork, item: ReviewedRight) -> Outcome:
    membership = work.session.get(Membership, item.right_id)
    if membership is None:
        return Outcome.GONE
    if membership.provider_id is not None:
        membership.given_role = None
        return Outcome.TO_BE_REMOVED
    organisation = work.session.get_one(Organisation, membership.organisation_id)
    organisation_members.end(work, organisation, membership)
    return Outcome.REVOKED


def _team(work: UnitOfWork, item: ReviewedRight) -> Outcome:
    membership = work.session.get(TeamMembership, item.right_id)
    if membership is None:
        return Outcome.GONE
    if membership.provider_id is not None:
        return Outcome.TO_BE_REMOVED
    teams.take_out(work, work.session.get_one(Team, membership.team_id), membership)
    return Outcome.REVOKED


def _grant(work: UnitOfWork, item: ReviewedRight) -> Outcome:
    grant = work.session.get(Grant, item.right_id)
    if grant is None:
        return Outcome.GONE
    repository = work.session.get_one(Repository, grant.repository_id)
    repository_access.withdraw_grant(work, repository, grant)
    return Outcome.REVOKED


REVOKE = {
    Right.INSTANCE: _instance,
    Right.MEMBERSHIP: _membership,
    Right.TEAM: _team,
    Right.REPOSITORY: _grant,
}
