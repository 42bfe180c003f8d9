"""Who decides in a review: found when it begins, place by place."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.access.unseen import NOBODY
from appliance.db.access_reviews import AccessReview, ReviewReviewer
from appliance.db.organisations import Membership, Organisation
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.access_reviews import Reviewers
from appliance.domain.ids import new_id
from appliance.domain.permissions import InstanceRole, OrganisationRole, Permission, Role
from appliance.errors import InvalidError, sentence

AT_ONCE = 500


@open_to_everyone(because="whoever begins a review was asked whether they may")
def named(work: UnitOfWork, names: tuple[str, ...]) -> list[UUID]:
    """The ids of the users who are named.

    Errors:
        InvalidError: one may not enter.
        NotFoundError: there is none of that name.
    """
    found = [fetch.user(work, name, Permission.USERS_READ) for name in dict.fromkeys(names)]
    for user in found:
        if not user.is_active:
            raise InvalidError.of("named", sentence("%(name)s is suspended.", name=user.name))
    return [user.id for user in found]


@open_to_everyone(because="whoever begins a review was asked whether they may")
def assign(work: UnitOfWork, review: AccessReview, places: set[UUID]) -> None:
    """Write down who decides about the rights in each place."""
    rows = [
        {"id": new_id(), "review_id": review.id, "place_id": place, "user_id": user_id}
        for place, users in _of_places(work, review, places).items()
        for user_id in sorted(users, key=str)
    ]
    for start in range(0, len(rows), AT_ONCE):
        work.session.execute(sa.insert(ReviewReviewer), rows[start : start + AT_ONCE])


def _of_places(work: UnitOfWork, review: AccessReview, places: set[UUID]) -> dict[UUID, set[UUID]]:
    if review.reviewers is Reviewers.NAMED:
        return {place: {UUID(each) for each in review.named} for place in places}
    organisations = _owners(work)
    found: dict[UUID, set[UUID]] = {}
    owners = _repository_owners(work) if review.reviewers is Reviewers.REPOSITORY_OWNERS else {}
    above = {
        row.id: (row.organisation_id, row.owner_id)
        for row in work.session.execute(
            sa.select(Repository.id, Repository.organisation_id, Repository.owner_id)
        )
        if row.id in places
    }
    for place in places:
        organisation_id, owner_id = above.get(place, (place, place))
        usual = organisations.get(organisation_id, set()) if organisation_id else {owner_id}
        found[place] = owners.get(place) or usual
    if NOBODY in places:
        found[NOBODY] = _administrators(work)
    return found


def _owners(work: UnitOfWork) -> dict[UUID, set[UUID]]:
    rows = work.session.execute(
        sa.select(Membership.organisation_id, Membership.user_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.role == OrganisationRole.OWNER)
    )
    return _sets((row[0], row[1]) for row in rows)


def _repository_owners(work: UnitOfWork) -> dict[UUID, set[UUID]]:
    rows = work.session.execute(
        sa.select(Grant.repository_id, Grant.user_id).where(
            Grant.role == Role.OWNER, Grant.user_id.is_not(None)
        )
    )
    return _sets((row[0], row[1]) for row in rows)


def _administrators(work: UnitOfWork) -> set[UUID]:
    query = sa.select(User.id).where(
        User.instance_role == InstanceRole.ADMINISTRATOR, User.state == UserState.ACTIVE
    )
    return set(work.session.scalars(query))


def _sets(pairs: Iterable[tuple[UUID, UUID | None]]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    for place, user_id in pairs:
        if user_id is not None:
            found.setdefault(place, set()).add(user_id)
    return found
